// The promises of a stream: any split, constant size, completions that leave no trace, rewinding, saving.
#include <catch2/catch.hpp>

#include "model/runtime/memory.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

const Carry carries[] = {Carry::delta, Carry::vector, Carry::none};

/// Everything that makes two streams the same.
void require_same(const TextStream& a, const TextStream& b) {
  REQUIRE(a.state() == b.state());
  REQUIRE(a.pending() == b.pending());
  REQUIRE(a.bytes() == b.bytes());
}

}  // namespace

TEST_CASE("Any split of the text gives the same state and logits, bit by bit") {
  std::mt19937 random(11);
  for (const Carry carry : carries) {
    for (const ChunkPolicy policy : {ChunkPolicy::fixed, ChunkPolicy::line}) {
      const auto model = tiny_text_model(carry);
      const StreamSettings settings{.chunk_length = 16, .policy = policy};
      const std::string text = random_text(random, 1500);
      TextStream whole = stream_of(model, settings);
      whole.begin_document("a.cpp");
      whole.feed(text);
      for (int round = 0; round < 4; ++round) {
        TextStream split = stream_of(model, settings);
        split.begin_document("a.cpp");
        feed_randomly(random, text, round == 0 ? 1 : 200, [&](std::string_view piece) { split.feed(piece); });
        require_same(whole, split);
        REQUIRE(logits_of(whole) == logits_of(split));
      }
      REQUIRE(whole.bytes() == static_cast<std::int64_t>(text.size()));
      REQUIRE(whole.chunks() > 10);
    }
  }
}

TEST_CASE("The state's size is constant, and once warm reading allocates no numbers") {
  TextStream stream = tiny_stream();
  const std::size_t bytes = stream.state_bytes();
  std::mt19937 random(12);
  for (int i = 0; i < 40; ++i) stream.feed(random_text(random, 400));
  const auto before = memory_counters().allocations;
  const std::size_t marks_bytes = stream.marks_bytes();
  for (int i = 0; i < 40; ++i) stream.feed(random_text(random, 400));
  CHECK(memory_counters().allocations == before);
  CHECK(stream.state_bytes() == bytes);
  CHECK(stream.marks_bytes() == marks_bytes);
}

TEST_CASE("The line policy ends a chunk behind a newline once a quarter is full") {
  TextStream stream = tiny_stream(Carry::delta, {.chunk_length = 16, .policy = ChunkPolicy::line});
  stream.feed("a\n");
  CHECK(stream.chunks() == 0);
  stream.feed("1234\n");
  CHECK(stream.chunks() == 1);
  CHECK(stream.state().counters().position == 0);
  stream.feed("12\n");
  CHECK(stream.chunks() == 1);
}

TEST_CASE("A pause ends the chunk under the pause policy only") {
  TextStream fixed = tiny_stream();
  fixed.feed("one two ");
  fixed.pause();
  CHECK(fixed.chunks() == 0);
  TextStream paused = tiny_stream(Carry::delta, {.chunk_length = 16, .policy = ChunkPolicy::pause});
  paused.feed("one two ");
  paused.pause();
  paused.pause();
  CHECK(paused.chunks() == 1);
}

TEST_CASE("Going back to a mark and feeding again gives the same state") {
  std::mt19937 random(13);
  for (const Carry carry : carries) {
    TextStream stream = tiny_stream(carry);
    stream.feed(random_text(random, 700));
    for (int round = 0; round < 10; ++round) {
      const std::string text = random_text(random, 300);
      const Checkpoint before = stream.mark();
      stream.feed(text);
      const Checkpoint after = stream.mark();
      stream.rewind(before);
      REQUIRE(stream.mark().state == before.state);
      if (round % 2 == 0) stream.feed(random_text(random, 200));  // another way, given up again
      stream.rewind(before);
      feed_randomly(random, text, 50, [&](std::string_view piece) { stream.feed(piece); });
      REQUIRE(stream.state() == after.state);
      REQUIRE(stream.pending() == after.pending);
    }
  }
}

TEST_CASE("An edit anywhere leaves the stream as if it had been written so at once") {
  std::mt19937 random(14);
  const auto model = tiny_text_model(Carry::delta);
  for (const ChunkPolicy policy : {ChunkPolicy::fixed, ChunkPolicy::line}) {
    const StreamSettings settings{.chunk_length = 16, .policy = policy};
    TextStream stream = stream_of(model, settings);
    stream.begin_document("b.py");
    std::string text = random_text(random, 1200);
    stream.feed(text);
    for (int round = 0; round < 60; ++round) {
      const std::size_t span = round % 3 == 0 ? text.size() : std::min<std::size_t>(text.size(), 30);
      const std::size_t at = text.size() - random() % (span + 1);
      text.replace(at, random() % 20, random_text(random, random() % 12));
      const std::int64_t from = stream.rewind_to(static_cast<std::int64_t>(at));
      REQUIRE(from <= static_cast<std::int64_t>(at));
      REQUIRE(from == stream.bytes());
      stream.feed(std::string_view(text).substr(static_cast<std::size_t>(from)));
      TextStream fresh = stream_of(model, settings);
      fresh.begin_document("b.py");
      fresh.feed(text);
      require_same(stream, fresh);
    }
  }
}

TEST_CASE("Taking back letters of the word being typed re-reads nothing") {
  TextStream stream = tiny_stream();
  stream.feed("int total = it");
  const ChainState state = stream.state();
  CHECK(stream.rewind_to(13) == 13);
  CHECK(stream.pending() == " i");
  CHECK(stream.state() == state);
  CHECK(stream.rewind_to(100) == 13);
}

TEST_CASE("Marks of a branch that was given up do not mislead a later edit") {
  std::mt19937 random(15);
  TextStream stream = tiny_stream();
  const std::string common = random_text(random, 200, false) + "\n";
  const std::string first = random_text(random, 600, false);
  stream.feed(common);
  const Checkpoint fork = stream.mark();
  stream.feed(first);
  const Checkpoint end_of_first = stream.mark();
  stream.rewind(fork);
  stream.feed(random_text(random, 600, false));
  stream.rewind(end_of_first);
  const auto edit = static_cast<std::int64_t>(common.size() + 500);
  const std::int64_t from = stream.rewind_to(edit);
  stream.feed((common + first).substr(static_cast<std::size_t>(from)));
  CHECK(stream.state() == end_of_first.state);
}

TEST_CASE("A stream goes on with another executor as if nothing had happened") {
  const auto model = tiny_text_model(Carry::delta);
  TextStream stream = stream_of(model);
  TextStream other = stream_of(model);
  for (TextStream* s : {&stream, &other}) s->feed("int main() {\n    return total");
  const Checkpoint before = stream.mark();
  stream.move_to(make_executor(model->weights(), {.threads = 2}));
  for (TextStream* s : {&stream, &other}) s->feed("_price + 42;\n}\n");
  require_same(stream, other);
  stream.rewind(before);
  CHECK(stream.bytes() == 29);

  const auto foreign = tiny_text_model(Carry::none);
  CHECK_THROWS_WITH(stream.move_to(make_executor(foreign->weights(), {})), Catch::Contains("tiny-none"));
}

TEST_CASE("Turns are marked by control tokens that settle what was pending") {
  const auto model = tiny_text_model(Carry::delta);
  TextStream stream = stream_of(model);
  stream.feed_control(Control::user);
  stream.feed(" How long");
  stream.feed_control(Control::assistant);
  CHECK(stream.pending().empty());
  CHECK(stream.bytes() == 9);
  CHECK(stream.tokens() == static_cast<std::int64_t>(2 + model->tokenizer()->encode(" How long").size()));
  CHECK_THROWS_AS(stream.begin_document("late"), std::logic_error);
}

TEST_CASE("Settings out of bounds are refused and change nothing") {
  TextStream stream = tiny_stream();
  CHECK_THROWS_WITH(stream.set_settings({.chunk_length = 4}), Catch::Contains("chunk length"));
  CHECK(stream.settings().chunk_length == 16);
  stream.feed("still works");
  stream.set_settings({.chunk_length = 32});
  stream.feed(std::string(200, '1'));
  CHECK(stream.state().counters().chunk_length == 32);
}

TEST_CASE("Durations are reported per chunk and per generated token") {
  TextStream stream = tiny_stream();
  int chunks = 0;
  int chunk_tokens = 0;
  int tokens = 0;
  stream.observer.chunk = [&](int count, double ms) {
    ++chunks;
    chunk_tokens += count;
    CHECK(ms >= 0);
  };
  stream.observer.token = [&](double) { ++tokens; };
  stream.feed(std::string(100, '7'));
  CHECK(chunks == 100 / 16);
  CHECK(chunk_tokens == 96);
  const Completion completion = stream.complete({.sampling = {}, .boundary = Boundary::none, .max_tokens = 5});
  CHECK(tokens >= completion.tokens - 1);
}
