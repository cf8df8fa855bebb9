#include <catch2/catch.hpp>
#include <cmath>

#include "model/runtime/memory.h"
#include "model/text/marks.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

ChainState state_at(std::int64_t tokens) {
  static const ChainState blank = tiny_stream().state();
  ChainState state = blank;
  state.counters().tokens = tokens;
  return state;
}

void add(Marks& marks, std::int64_t tokens) { marks.add(state_at(tokens), tokens, tokens, {}); }

}  // namespace

TEST_CASE("However long the stream, the marks are few and going back re-reads little") {
  Marks marks;
  std::size_t most_bytes = 0;
  for (std::int64_t chunk = 0; chunk <= 20000; ++chunk) {
    add(marks, chunk * 16);
    most_bytes = std::max(most_bytes, marks.bytes());
    REQUIRE(marks.all().size() <= Marks::default_limit);
    if (chunk % 997 != 0) continue;
    for (std::int64_t back = 0; back <= chunk; back += 1 + back / 8) {
      const std::int64_t p = (chunk - back) * 16;
      const Checkpoint* mark = marks.at_or_before(p);
      REQUIRE(mark != nullptr);
      REQUIRE(mark->bytes <= p);
      REQUIRE(chunk * 16 - mark->bytes <= 3 * back * 16 + 16);
    }
  }
  CHECK(most_bytes == marks.bytes());  // it stopped growing once the limit was reached
  CHECK(marks.all().front().bytes == 0);
}

TEST_CASE("A mark rests on the bytes that proved it") {
  Marks marks(8);
  marks.add(state_at(0), 0, 0, {});
  marks.add(state_at(10), 40, 44, {});
  CHECK(marks.at_or_before(43)->bytes == 0);
  CHECK(marks.at_or_before(44)->bytes == 40);
  CHECK(marks.at_or_before(-1) == nullptr);
  marks.drop_after(43);
  CHECK(marks.all().size() == 1);
}

TEST_CASE("Once the limit is reached, adding marks allocates no numbers") {
  Marks marks(6);
  for (int i = 0; i < 6; ++i) add(marks, i);
  const ChainState state = state_at(100);
  const auto before = memory_counters().allocations;
  for (int i = 0; i < 100; ++i) marks.add(state, 100 + i, 100 + i, {});
  CHECK(memory_counters().allocations == before);
  CHECK(marks.all().size() == 6);
}
