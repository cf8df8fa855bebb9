// What the tests of the CUDA executor share. They are built twice: against the emulated device, and by nvcc for a real
// one (tests/gpu/run.sh).
#pragma once

#include <catch2/catch.hpp>
#include <random>

#include "model/carried_over.h"
#include "model/cuda/cuda_executor.h"
#include "tests/model/tiny_model.h"

namespace catena::model::test {

/// How far numbers of the device may lie from the CPU's with the same rounded weights: sums are taken in another order,
/// and the device splits what tensor cores multiply in two halves of 8 bits, which costs 2^-17 of it.
inline constexpr double agreement = 2e-4;

inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (std::isnan(difference)) return difference;  // passes no bound
    largest = std::max(largest, difference);
  }
  return largest;
}

inline std::vector<float> logits_of(Executor& executor, const ChainState& state) {
  std::vector<float> logits(static_cast<std::size_t>(executor.config().vocab));
  executor.logits(state, logits);
  return logits;
}

inline std::vector<float> numbers_of(const ChainState& state) {
  std::vector<float> numbers(state.storage().floats());
  state.storage().to_host(numbers);
  return numbers;
}

/// Reads tokens in pieces of 1 to `longest`, or all at once where that is 0.
inline void read_in_pieces(Executor& executor, ChainState& state, std::span<const Token> tokens,
                           const StreamSettings& settings, unsigned longest, unsigned seed = 3) {
  std::mt19937 random(seed);
  while (!tokens.empty()) {
    const std::size_t count =
        longest == 0 ? tokens.size() : std::min<std::size_t>(tokens.size(), 1 + random() % longest);
    executor.read(state, tokens.first(count), settings);
    tokens = tokens.subspan(count);
  }
}

}  // namespace catena::model::test
