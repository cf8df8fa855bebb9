// Products of 8-bit weights with many tokens at once by oneDNN, for the matrix tiles of a processor (AMX). What they
// give is what Kernels::product_int8 gives, to the bit. Only tile_product.cpp knows oneDNN; a build without it has
// tile_product_none.cpp instead.
//
// A tile multiplies bytes, our inputs have 16 bits: x + 32768 = 256 u + l with u and l from 0 to 255, so that
//   W x = 256 (W u) + (W l) - 32768 (W 1),
// one product of unsigned with signed bytes that has two rows a token, and the rows' sums of W, known beforehand. All
// of it are integers. W u and W l never leave 32 bits: 255 * 127 * inputs is below 2^31 up to 66 311 inputs, and a row
// has at most 65 536 (ModelConfig::validate). 256 (W u) may leave them, so the sum is made modulo 2^32; as W x fits 32
// bits (Linear sees to it), that is W x.
#pragma once

#include <cstdint>
#include <memory>

#include "model/runtime/kernels/kernels.h"
#include "model/runtime/memory.h"
#include "model/runtime/thread_pool.h"

namespace catena::model {

/// With fewer tokens the kernels' own product is taken. Tiles multiply 1024 pairs of bytes a cycle, hence 512 inputs;
/// `vpdpwssd` 64. The smallest product has 32 tokens, some of them unused: with 16 it does twice what is needed, at
/// eight times the rate, which leaves a factor of four for oneDNN's call (a third of a microsecond), for splitting the
/// inputs, and for tiles that wait for memory.
inline constexpr int fewest_tile_tokens = 16;
/// Outputs of one product, the smallest share of a thread: two panels.
inline constexpr int tile_outputs = 2 * panel_lanes;

/// What oneDNN multiplies bytes with on this processor.
enum class TileUnit {
  none,  ///< nothing that is exact, or there is no oneDNN
  vnni,  ///< AVX-512 VNNI: no faster than our own kernels
  amx,
};

/// Asks oneDNN, and compares a product of the largest numbers with plain sums: what is not exact counts as none. Takes
/// one or two milliseconds. Throws nothing.
TileUnit tile_unit() noexcept;

/// Working memory of the tile products of one executor.
class TileRoom {
 public:
  /// None: for those who multiply with the kernels alone.
  TileRoom() = default;
  /// For up to `tokens` tokens of up to `longest` inputs, and so many threads.
  TileRoom(int threads, int tokens, int longest);

  /// Puts a token's input, as quantize() leaves it, where the next product reads it. Any thread, each token once.
  void store(const Kernels& kernels, int token, const std::int16_t* x, int inputs);

  const std::uint8_t* rows() const { return rows_.data(); }
  std::int32_t* sums(int thread) { return sums_.data() + static_cast<std::size_t>(thread) * sums_a_thread_; }
  std::byte* scratchpad(int thread) {
    return scratchpads_.data() + static_cast<std::size_t>(thread) * scratchpad_bytes_;
  }

 private:
  CountedVector<std::uint8_t> rows_;  // [tokens][2][inputs], both rounded up to what oneDNN multiplies at once
  std::size_t sums_a_thread_ = 0;
  CountedVector<std::int32_t> sums_;  // [threads][tokens of a product][2][tile_outputs]
  std::size_t scratchpad_bytes_ = 0;
  CountedVector<std::byte> scratchpads_;  // [threads][scratchpad_bytes_], oneDNN's own
};

/// A matrix in oneDNN's layout, beside the panels that one token is multiplied with: a second copy. Const, and used by
/// any number of executors at once.
class TileProduct {
 public:
  /// weights: as IntegerProductArgs has them. Throws std::runtime_error with one line when oneDNN refuses.
  static std::shared_ptr<const TileProduct> make(const std::int8_t* weights, int inputs, int outputs);
  virtual ~TileProduct() = default;

  /// What Kernels::product_int8 does, for all outputs; args.weights and args.x are not looked at, the inputs were
  /// stored in `room`. Shares outputs among the pool's threads when that is `worth_sharing`, and lets oneDNN start none
  /// of its own. oneDNN allocates some hundred bytes a call and frees them again. Throws std::runtime_error with one
  /// line when oneDNN fails; then y is unspecified.
  virtual void multiply(const Kernels& kernels, ThreadPool& pool, bool worth_sharing, TileRoom& room,
                        const IntegerProductArgs& args) const = 0;
};

}  // namespace catena::model
