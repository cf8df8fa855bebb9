// Saved streams: going on in another process equals never having stopped; anything else is refused with one line.
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

TEST_CASE("Saving, loading and going on equals never having stopped") {
  std::mt19937 random(21);
  for (const Carry carry : {Carry::delta, Carry::vector, Carry::none}) {
    for (const bool with_marks : {false, true}) {
      const auto model = tiny_text_model(carry);
      TextStream stream = stream_of(model);
      stream.begin_document("c.ts");
      std::string text = random_text(random, 900);
      stream.feed(text);
      std::stringstream file;
      stream.save(file, with_marks);

      TextStream other = stream_of(model, {.chunk_length = 32});
      other.feed("something else");
      other.load(file);
      other.set_settings(stream.settings());
      REQUIRE(other.marks().all().size() == (with_marks ? stream.marks().all().size() : 1));
      const std::string rest = random_text(random, 300);
      stream.feed(rest);
      other.feed(rest);
      REQUIRE(stream.state() == other.state());
      REQUIRE(stream.pending() == other.pending());
      REQUIRE(stream.bytes() == other.bytes());

      text += rest;
      const std::int64_t from = other.rewind_to(400);
      other.feed(std::string_view(text).substr(static_cast<std::size_t>(from)));
      REQUIRE(stream.state() == other.state());
    }
  }
}

TEST_CASE("A saved stream of another model is refused and the stream stays as it was") {
  TextStream saved = stream_of(tiny_text_model(Carry::delta, 1));
  saved.feed("some text\n");
  std::stringstream file;
  saved.save(file);
  TextStream stream = stream_of(tiny_text_model(Carry::delta, 2));
  stream.feed("other text");
  const ChainState before = stream.state();
  CHECK_THROWS_WITH(stream.load(file), Catch::Contains("another model"));
  CHECK(stream.state() == before);
  CHECK(stream.pending() == " text");
}

TEST_CASE("Damaged saved streams are refused, wherever the damage is") {
  const auto model = tiny_text_model(Carry::vector);
  TextStream saved = stream_of(model);
  saved.feed("some text that is saved\n    and pendi");
  std::stringstream file;
  saved.save(file);
  const std::string good = file.str();
  TextStream stream = stream_of(model);
  stream.feed("untouched ");
  const ChainState before = stream.state();
  const auto refused = [&](const std::string& contents) {
    std::istringstream in(contents);
    try {
      stream.load(in);
    } catch (const std::runtime_error& error) {
      return std::string(error.what()).find('\n') == std::string::npos && stream.state() == before;
    }
    return false;
  };
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 5) CHECK(refused(good.substr(0, size)));
  CHECK(refused("not a stream at all, but long enough to hold its header"));
  for (std::size_t at = 0; at < good.size(); at += at < 200 ? 1 : 509) {
    if (at >= 20 && at < 24) continue;  // reserved
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    INFO("byte " << at);
    CHECK(refused(bad));
  }
}

TEST_CASE("A full disk is reported") {
  TextStream stream = tiny_stream();
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CHECK_THROWS_WITH(stream.save(out), Catch::Contains("disk"));
}
