// A saved stream continues as if it had never stopped; a broken file is refused.
#include <catch2/catch.hpp>
#include <sstream>

#include "model/executor.h"
#include "tests/model/temporary_folder.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
using Catch::Matchers::Contains;

namespace {

std::string saved(const ChainState& state) {
  std::ostringstream out;
  state.save(out);
  return out.str();
}

void load(ChainState& state, const std::string& bytes) {
  std::istringstream in(bytes);
  state.load(in);
}

}  // namespace

TEST_CASE("save, load in another executor, continue: bit-identical to never having stopped") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  CAPTURE(to_string(carry));
  const auto weights = random_weights(tiny_config(carry));
  const auto tokens = random_tokens(weights->config(), 70);
  const StreamSettings settings{.chunk_length = 16, .gate_temperature = 0.3F};
  const auto first = make_executor(weights, {});
  ChainState unbroken = first->initial_state(16);
  first->read(unbroken, {tokens.data(), 40}, settings);
  const std::string file = saved(unbroken);
  first->read(unbroken, {&tokens[40], 30}, settings);

  const auto second = make_executor(random_weights(tiny_config(carry)), {.threads = 2});
  std::istringstream in(file);
  CHECK(ChainState::peek(in).tokens == 40);
  ChainState state = second->initial_state(ChainState::peek(in).chunk_length);
  state.load(in);
  CHECK(state.counters().position == 8);
  second->read(state, {&tokens[40], 30}, settings);
  CHECK(state == unbroken);
}

TEST_CASE("several states follow each other in one file") {
  const auto executor = make_executor(random_weights(tiny_config(Carry::delta)), {});
  ChainState a = executor->initial_state(16);
  ChainState b = a;
  executor->read(b, random_tokens(executor->config(), 9), {.chunk_length = 16});
  std::stringstream file;
  a.save(file);
  b.save(file);
  ChainState first = executor->initial_state(16);
  ChainState second = first;
  first.load(file);
  second.load(file);
  CHECK(first == a);
  CHECK(second == b);
}

TEST_CASE("a broken or foreign state file is refused in one line and changes nothing") {
  const auto executor = make_executor(random_weights(tiny_config(Carry::delta)), {});
  ChainState state = executor->initial_state(16);
  executor->read(state, random_tokens(executor->config(), 21), {.chunk_length = 16});
  const std::string good = saved(state);
  ChainState target = executor->initial_state(16);
  const ChainState kept = target;

  CHECK_THROWS_WITH(load(target, ""), "saved chain state is truncated");
  CHECK_THROWS_WITH(load(target, good.substr(0, 30)), "saved chain state is truncated");
  CHECK_THROWS_WITH(load(target, good.substr(0, good.size() - 1)), "saved chain state is truncated");
  CHECK_THROWS_WITH(load(target, std::string(100, 'x')), "not a saved chain state");
  for (const std::size_t place : {std::size_t{9}, std::size_t{60}, good.size() / 2, good.size() - 3}) {
    std::string bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 0x10);
    CAPTURE(place);
    CHECK_THROWS_WITH(load(target, bad), Contains("is damaged"));
  }
  std::string newer = good;
  newer[4] = 9;
  CHECK_THROWS_WITH(load(target, newer), Contains("has format 9, expected 1"));
  CHECK(target == kept);

  ChainState longer = executor->initial_state(32);
  CHECK_THROWS_WITH(load(longer, good), "saved chain state has chunk length 16, this stream has 32");
  const auto other = make_executor(random_weights(tiny_config(Carry::vector)), {});
  ChainState foreign = other->initial_state(16);
  CHECK_THROWS_WITH(load(foreign, good), Contains("belongs to another model"));
  ChainState empty;
  CHECK_THROWS_WITH(load(empty, good), Contains("initial_state"));
  CHECK_THROWS_WITH(saved(empty), Contains("empty"));
}

TEST_CASE("a state that cannot be written says so") {
  const auto executor = make_executor(random_weights(tiny_config(Carry::none)), {});
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CHECK_THROWS_WITH(executor->initial_state(8).save(out), Contains("disk full"));
}

TEST_CASE("empty states are equal to each other and to nothing else") {
  const auto executor = make_executor(random_weights(tiny_config(Carry::none)), {});
  CHECK(ChainState() == ChainState());
  CHECK_FALSE(ChainState() == executor->initial_state(8));
  ChainState state = executor->initial_state(8);
  state = ChainState();
  CHECK(state.empty());
  CHECK_FALSE(executor->initial_state(8) == executor->initial_state(16));
}
