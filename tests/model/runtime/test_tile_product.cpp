// Products of many tokens by oneDNN are those of our own kernels, to the bit: on AMX, and where a processor has none on
// AVX-512 VNNI, which is the same path with other instructions at its end.
#include <catch2/catch.hpp>
#include <cstring>

#include "model/runtime/linear.h"
#include "model/runtime/native_executor.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

/// nullptr, with a word about it, where oneDNN is not exact or not there.
const Kernels* tiled_kernels() {
  for (const Kernels* kernels : usable_kernels()) {
    if (kernels->tiles) return kernels;
  }
  WARN("skipped: no oneDNN, or a processor without AMX and AVX-512 VNNI");
  return nullptr;
}

const Kernels& plain_kernels() {
  for (const Kernels* kernels : usable_kernels()) {
    if (!kernels->tiles) return *kernels;
  }
  throw std::logic_error("the portable kernels are missing");
}

std::vector<float> random_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = static_cast<float>(random() >> 8) * 0x1p-23F - 1.0F;
  return numbers;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Multiplies both ways. Rows of x and y have gaps behind them, and y holds something before.
void check_same(int inputs, int outputs, const std::vector<float>& matrix, const std::vector<float>& x, int threads,
                std::span<const int> token_counts) {
  const Kernels& tiled = *tiled_kernels();
  const Kernels& plain = plain_kernels();
  const int most = *std::max_element(token_counts.begin(), token_counts.end());
  const auto x_stride = static_cast<std::size_t>(inputs + 7), y_stride = static_cast<std::size_t>(outputs + 5);
  const std::vector<std::vector<float>> parts{matrix};
  const Linear with_tiles(inputs, parts, Precision::int8, tiled), without(inputs, parts, Precision::int8, plain);
  ThreadPool pool(threads), one(1);
  QuantizedRows tiled_rows(most, inputs, tiled, threads), plain_rows(most, inputs, plain);
  std::vector<float> padded(static_cast<std::size_t>(most) * x_stride);
  for (std::size_t t = 0; t < static_cast<std::size_t>(most); ++t) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(inputs); ++i) {
      padded[t * x_stride + i] = x[(t * static_cast<std::size_t>(inputs) + i) % x.size()];
    }
  }
  for (const int tokens : token_counts) {
    for (const bool add : {false, true}) {
      CAPTURE(inputs, outputs, tokens, add, threads, tiled.name);
      std::vector<float> y = random_numbers(static_cast<std::size_t>(tokens) * y_stride, 7), expected = y;
      with_tiles.multiply({tiled, pool, tiled_rows}, {padded.data(), x_stride}, tokens, {y.data(), y_stride}, add);
      without.multiply({plain, one, plain_rows}, {padded.data(), x_stride}, tokens, {expected.data(), y_stride}, add);
      REQUIRE(same_bits(y, expected));
    }
  }
}

/// Rows of kinds: all at one end, all at the other, both in turns, zeros, anything.
float extreme(std::size_t kind, std::size_t i, float end, float noise) {
  if (kind == 0 || kind == 1) return kind == 0 ? end : -end;
  if (kind == 2) return i % 2 == 0 ? end : -end;
  return kind == 3 ? 0.0F : noise;
}

ModelConfig wide_config(Carry carry) {
  ModelConfig config = tiny_config(carry, 300);
  config.width = 160;
  config.heads = 2;
  config.ffn = 208;
  config.chunk_length = 64;
  return config;
}

}  // namespace

TEST_CASE("tiles: any number of tokens, inputs, outputs and threads gives the kernels' product to the bit") {
  if (tiled_kernels() == nullptr) return;
  const int inputs = GENERATE(16, 48, 64, 80, 256, 640);
  const int outputs = GENERATE(1, 63, 64, 65, 127, 128, 129, 200, 1092);
  const int threads = GENERATE(1, 3);
  const int counts[] = {1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128};
  check_same(inputs, outputs, random_numbers(static_cast<std::size_t>(inputs * outputs), 1),
             random_numbers(static_cast<std::size_t>(inputs) * 128, 2), threads, counts);
}

TEST_CASE("tiles: more tokens than one product has room for") {
  if (tiled_kernels() == nullptr) return;
  const int counts[] = {129, 200, 256, 300};
  check_same(96, 130, random_numbers(96 * 130, 1), random_numbers(96 * 300, 2), 2, counts);
}

TEST_CASE("tiles: sums at the ends of 32 bits, inputs at the ends of 16, rows of zeros and of what is not a number") {
  if (tiled_kernels() == nullptr) return;
  const int inputs = GENERATE(16, 528, 4096);
  const int outputs = 70, counts[] = {16, 40};
  const auto size = static_cast<std::size_t>(inputs);
  std::vector<float> matrix(size * outputs), x(size * 40);
  const auto noise = random_numbers(matrix.size(), 3);
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = 0; i < size; ++i) {
      matrix[o * size + i] = extreme(o % 5, i, 1, noise[o * size + i]);
    }
  }
  matrix[69 * size + 3] = NAN;
  for (std::size_t t = 0; t < 40; ++t) {
    for (std::size_t i = 0; i < size; ++i) {
      x[t * size + i] = extreme(t % 6, i, 3, noise[t * size + i]);
    }
  }
  x[5 * size + 1] = INFINITY;
  x[11 * size + 1] = NAN;
  check_same(inputs, outputs, matrix, x, 1, counts);
}

TEST_CASE("tiles: every 16-bit number is taken apart and put together") {
  const Kernels* kernels = GENERATE(from_range(usable_kernels().begin(), usable_kernels().end()));
  CAPTURE(kernels->name);
  constexpr int count = 65536;
  std::vector<std::int16_t> x(count);
  for (int i = 0; i < count; ++i) x[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(i - 32768);
  std::vector<std::uint8_t> upper(count), lower(count);
  kernels->split_bytes(x.data(), upper.data(), lower.data(), count);
  // As a weight of 1 would leave them.
  std::vector<std::int32_t> sums(2 * count);
  std::vector<std::uint32_t> offsets(count, 32768);
  std::copy(upper.begin(), upper.end(), sums.begin());
  std::copy(lower.begin(), lower.end(), sums.begin() + count);
  const std::vector<float> ones(count, 1.0F);
  std::vector<float> y(count);
  TileSumsArgs join;
  join.sums = sums.data();
  join.stride = count;
  join.offsets = offsets.data();
  join.row_scales = join.x_scales = ones.data();
  join.outputs = count;
  join.tokens = 1;
  join.y = y.data();
  join.y_stride = count;
  kernels->join_tile_sums(join);
  for (int i = 0; i < count; ++i) REQUIRE(y[static_cast<std::size_t>(i)] == static_cast<float>(i - 32768));
}

TEST_CASE("tiles: a model reads, scores and goes on as with the kernels alone, to the bit, in any split") {
  if (tiled_kernels() == nullptr) return;
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none);
  const int threads = GENERATE(1, 2);
  CAPTURE(to_string(carry), threads);
  const auto weights = random_weights(wide_config(carry));
  std::mt19937 random(5);
  std::vector<Token> tokens(333);
  for (Token& token : tokens) token = static_cast<Token>(random() % 300);
  NativeExecutor tiled(weights, {.precision = Precision::int8, .threads = threads}, *tiled_kernels());
  NativeExecutor plain(weights, {.precision = Precision::int8}, plain_kernels());

  std::vector<float> expected_nll(tokens.size()), nll(tokens.size()), expected_logits(300), logits(300);
  ChainState expected = plain.initial_state(64);
  plain.score(expected, tokens, {.chunk_length = 64}, expected_nll);
  plain.logits(expected, expected_logits);

  ChainState scored = tiled.initial_state(64);
  tiled.score(scored, tokens, {.chunk_length = 64}, nll);
  CHECK(scored == expected);
  CHECK(same_bits(nll, expected_nll));

  for (const int longest : {1, 20, 90, 333}) {
    ChainState state = tiled.initial_state(64);
    for (std::size_t at = 0; at < tokens.size();) {
      const std::size_t count = std::min(tokens.size() - at, 1 + random() % static_cast<unsigned>(longest));
      tiled.read(state, {&tokens[at], count}, {.chunk_length = 64});
      at += count;
    }
    CHECK(state == expected);
    tiled.logits(state, logits);
    CHECK(same_bits(logits, expected_logits));
  }
}

TEST_CASE("tiles: weights are kept twice only for kernels that multiply in tiles") {
  if (tiled_kernels() == nullptr) return;
  const std::vector<std::vector<float>> matrix{random_numbers(256 * 256, 1)};
  const auto bytes = [&](Precision precision, const Kernels& kernels) {
    const std::size_t before = memory_counters().bytes_now;
    const Linear linear(256, matrix, precision, kernels);
    return memory_counters().bytes_now - before;
  };
  const std::size_t once = bytes(Precision::int8, plain_kernels());
  CHECK(once < 256 * 256 + 2048);
  CHECK(bytes(Precision::int8, *tiled_kernels()) >= once + 256 * 256);
  CHECK(bytes(Precision::float32, *tiled_kernels()) == bytes(Precision::float32, plain_kernels()));
}
