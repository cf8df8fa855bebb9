// A weight matrix packed for the kernels, and its products.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/config.h"
#include "model/runtime/kernels/kernels.h"
#include "model/runtime/memory.h"
#include "model/runtime/thread_pool.h"
#include "model/runtime/tile_product.h"

namespace catena::model {

/// Room for the input of an 8-bit product, as 16-bit integers and a scale a row. Of one executor.
struct QuantizedRows {
  /// For products with these kernels on so many threads.
  QuantizedRows(int rows, int longest, const Kernels& kernels = best_kernels(), int threads = 1)
      : values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(longest)),
        scales(static_cast<std::size_t>(rows)) {
    if (kernels.tiles && rows >= fewest_tile_tokens) tiles = TileRoom(threads, rows, longest);
  }
  CountedVector<std::int16_t> values;  // [rows, inputs], inputs up to `longest`
  Buffer scales;                       // [rows]
  TileRoom tiles;
};

/// What every part of the executor computes with.
struct Compute {
  const Kernels& kernels;
  ThreadPool& pool;
  QuantizedRows& quantized;
};

/// Rows of floats: `data` is the first token's, `stride` floats lie between tokens.
struct Rows {
  float* data = nullptr;
  std::size_t stride = 0;
  float* row(int token) const { return data + static_cast<std::size_t>(token) * stride; }
};

class Linear {
 public:
  Linear() = default;
  /// Stacks matrices of [outputs, inputs] each, row-major, on top of each other. int8: each row is divided by a 127th
  /// of its largest magnitude and rounded; a row that holds NaN or infinity gives NaN. `kernels`: those that it will be
  /// multiplied with; for tiles they keep int8 weights twice.
  Linear(int inputs, std::span<const std::vector<float>> matrices, Precision precision,
         const Kernels& kernels = best_kernels());

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }

  /// y[t] = W x[t], or y[t] += W x[t], for `tokens` rows; int8: at most as many, and as long, as compute.quantized has
  /// room for. Does not allocate. The result for a token depends on nothing but that token.
  void multiply(const Compute& compute, Rows x, int tokens, Rows y, bool add = false) const;

  /// Copies the weights of one output: `out` has inputs() floats.
  void row(int output, float* out) const;

 private:
  void pack_bytes(std::span<const std::vector<float>> matrices);
  void multiply_bytes(const Compute& compute, Rows x, int tokens, Rows y, bool add) const;
  int panels() const { return (outputs_ + panel_lanes - 1) / panel_lanes; }

  int inputs_ = 0;
  int outputs_ = 0;
  Precision precision_ = Precision::float32;
  CountedVector<float> floats_;  // one of these holds [panels][inputs][panel_lanes]
  CountedVector<std::uint16_t> halves_;
  CountedVector<std::int8_t> bytes_;  // or this [panels][inputs / 4][panel_lanes][4]
  Buffer row_scales_;                 // of bytes_: [panels * panel_lanes]
  int largest_input_ = 0;             // of bytes_: no sum of products with inputs up to this leaves 32 bits
  std::shared_ptr<const TileProduct> tiles_;  // of bytes_, where kernels want it
};

}  // namespace catena::model
