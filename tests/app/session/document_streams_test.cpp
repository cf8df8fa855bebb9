#include "app/session/document_streams.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "tests/model/text/fixtures.h"

using namespace catena;
using namespace catena::app;
using model::test::random_text;
using model::test::tiny_text_model;

namespace {

const model::StreamSettings settings{.chunk_length = 16};
const std::string name = "/home/a/project/src/list.cpp";
constexpr auto forever = Clock::time_point::max();

struct Fixture {
  std::shared_ptr<const model::TextModel> model = tiny_text_model(model::Carry::delta);
  std::shared_ptr<model::Executor> executor = make_executor(model->weights(), {});

  void attach(DocumentStreams& document) const { document.attach(model, executor, settings, {}); }

  /// The state of a stream that reads this text, and nothing else, from its beginning.
  model::TextStream fresh(std::string_view text) const {
    model::TextStream stream(model, executor, {settings, model::Marks::default_limit});
    stream.begin_document(document_head(name));
    stream.feed(text);
    return stream;
  }
};

std::string before(const DocumentStreams& document, std::size_t position) {
  return document.text().substr(0, position);
}

}  // namespace

TEST_CASE("wherever one edits and goes, the stream at the cursor is that of a fresh reading", "[document]") {
  const Fixture fixture;
  std::mt19937 random(GENERATE(1, 2, 3, 4, 5, 6));
  std::string text = random_text(random, 3000);
  DocumentStreams document(name, text);
  fixture.attach(document);
  for (int i = 0; i < 60; ++i) {
    // A few edits and moves, then some reading that need not come to the end, then perhaps a question.
    for (unsigned edits = random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % (text.size() + 1);
      const std::size_t removed = random() % std::min<std::size_t>(text.size() - at + 1, 40);
      const std::string inserted = random_text(random, random() % 60);
      text.replace(at, removed, inserted);
      document.edit(at, removed, inserted);
    }
    if (random() % 2 == 0) document.set_cursor(random() % (text.size() + 1));
    if (random() % 3 == 0) document.read_slice(Clock::now());
    if (random() % 4 == 0) REQUIRE(document.stream_at(document.cursor(), 200, {}) != nullptr);
    if (random() % 3 != 0) continue;
    while (document.behind()) document.read_slice(Clock::now());
    REQUIRE(document.at_cursor()->stands_at(document.cursor()));
    const model::TextStream fresh = fixture.fresh(before(document, document.cursor()));
    REQUIRE(document.at_cursor()->stream().pending() == fresh.pending());
    REQUIRE(document.at_cursor()->stream().state() == fresh.state());
    // The one that has read farthest comes to be exact as well, from wherever it stands.
    if (random() % 2 == 0) continue;
    document.set_cursor(text.size());
    document.read_slice(forever);
    REQUIRE(document.exact()->stands_at(text.size()));
    REQUIRE(document.exact()->stream().state() == fixture.fresh(text).state());
  }
}

TEST_CASE("the cursor follows edits before it, and typing at it", "[document]") {
  DocumentStreams document(name, "0123456789");
  document.set_cursor(5);
  document.edit(5, 0, "ab");
  CHECK(document.cursor() == 7);
  document.edit(0, 2, "");
  CHECK(document.cursor() == 5);
  document.edit(7, 3, "zzz");
  CHECK(document.cursor() == 5);
  document.edit(4, 4, "y");
  CHECK(document.cursor() == 5);
  document.edit(0, 100, "");
  CHECK(document.cursor() == 0);
}

TEST_CASE("going back without an edit keeps what was read behind the cursor", "[document]") {
  const Fixture fixture;
  std::mt19937 random(5);
  DocumentStreams document(name, random_text(random, 2000));
  fixture.attach(document);
  document.set_cursor(2000);
  document.read_slice(forever);
  document.set_cursor(300);
  document.read_slice(forever);
  CHECK(document.at_cursor()->position() == 300);
  CHECK(document.exact()->position() == 2000);
  document.set_cursor(2000);
  CHECK_FALSE(document.behind());
}

TEST_CASE("an answer far from what was read comes from a window over the last text", "[document]") {
  const Fixture fixture;
  std::mt19937 random(6);
  const std::string text = random_text(random, 60000);
  DocumentStreams document(name, text);
  fixture.attach(document);
  model::TextStream* stream = document.stream_at(50000, 1024, {});
  REQUIRE(stream != nullptr);
  CHECK(stream->bytes() <= 1024 + 1024 / 4);
  CHECK(stream->bytes() >= 1024 - 4);
  const auto begin = 50000 - static_cast<std::size_t>(stream->bytes());
  CHECK(stream->state() == fixture.fresh(text.substr(begin, 50000 - begin)).state());

  SECTION("it follows the typing") {
    document.edit(50000, 0, "typed");
    REQUIRE(document.stream_at(50005, 1024, {}) == stream);
    CHECK(stream->state() == fixture.fresh(text.substr(begin, 50000 - begin) + "typed").state());
  }
  SECTION("it makes way as soon as the whole text has been read") {
    document.set_cursor(50000);
    document.read_slice(forever);
    stream = document.stream_at(50000, 1024, {});
    REQUIRE(stream != nullptr);
    CHECK(stream->bytes() == 50000);
  }
}

TEST_CASE("reading stops when it is told to", "[document]") {
  const Fixture fixture;
  std::mt19937 random(7);
  DocumentStreams document(name, random_text(random, 4000));
  fixture.attach(document);
  std::stop_source stop;
  stop.request_stop();
  CHECK(document.stream_at(4000, 8192, stop.get_token()) == nullptr);
  CHECK(document.exact()->position() == 0);
}

TEST_CASE("what was read is resumed for the same text and model, and only then", "[document]") {
  const Fixture fixture;
  std::mt19937 random(8);
  const std::string text = random_text(random, 3000);
  DocumentStreams document(name, text);
  fixture.attach(document);
  document.set_cursor(2500);
  document.read_slice(forever);
  SavedStream saved = document.saved(GENERATE(false, true));
  CHECK(saved.position == 2500);

  SECTION("the same text, even with more behind it") {
    DocumentStreams again(name, text + "more");
    fixture.attach(again);
    REQUIRE(again.resume(saved));
    CHECK(again.exact()->position() == 2500);
    CHECK(again.exact()->stream().state() == document.exact()->stream().state());
    again.set_cursor(text.size() + 4);
    again.read_slice(forever);
    CHECK(again.at_cursor()->stream().state() == fixture.fresh(text + "more").state());
  }
  SECTION("another text") {
    DocumentStreams other(name, "x" + text);
    fixture.attach(other);
    CHECK_FALSE(other.resume(saved));
    CHECK(other.exact()->position() == 0);
  }
  SECTION("a shorter text") {
    DocumentStreams other(name, text.substr(0, 2000));
    fixture.attach(other);
    CHECK_FALSE(other.resume(saved));
  }
  SECTION("another model") {
    Fixture foreign;
    foreign.model = tiny_text_model(model::Carry::delta, 99);
    foreign.executor = make_executor(foreign.model->weights(), {});
    DocumentStreams other(name, text);
    foreign.attach(other);
    CHECK_FALSE(other.resume(saved));
  }
  SECTION("a damaged state") {
    saved.stream[saved.stream.size() / 2] ^= 1;
    DocumentStreams other(name, text);
    fixture.attach(other);
    CHECK_FALSE(other.resume(saved));
    CHECK(other.exact()->position() == 0);
  }
}

TEST_CASE("another precision goes on with what was read", "[document]") {
  const Fixture fixture;
  std::mt19937 random(9);
  DocumentStreams document(name, random_text(random, 1500));
  fixture.attach(document);
  document.set_cursor(1500);
  document.read_slice(forever);
  const std::int64_t tokens = document.exact()->stream().tokens();
  document.move_to(make_executor(fixture.model->weights(), {.precision = model::Precision::bfloat16, .threads = 1}));
  CHECK(document.exact()->stream().tokens() == tokens);
  document.edit(1500, 0, " and more");
  document.read_slice(forever);
  CHECK(document.exact()->position() == 1509);
}

TEST_CASE("the model is told the last folders and the file, as in the training text", "[document]") {
  CHECK(document_head("/home/a/project/src/list.cpp") == "project/src/list.cpp");
  CHECK(document_head("/list.cpp") == "list.cpp");
  CHECK(document_head("untitled 1") == "untitled 1");
}
