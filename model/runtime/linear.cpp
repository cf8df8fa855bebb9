#include "model/runtime/linear.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "model/runtime/safetensors.h"

namespace catena::model {
namespace {

// Below this many multiply-adds waking another thread costs more than it saves; the integer ones take a third of the
// time.
constexpr std::int64_t worth_sharing = 1'500'000;
constexpr std::int64_t worth_sharing_bytes = 3 * worth_sharing;
constexpr std::int64_t worth_sharing_tiles = 4 * worth_sharing_bytes;  // half of what they gain at best
constexpr int worth_sharing_rows = 32;

std::size_t half_lane(std::size_t lane) { return static_cast<std::size_t>(bfloat16_place(static_cast<int>(lane))); }

constexpr float largest_weight = 127;
// A row as small as this counts as zero: the reciprocal of its scale would not be a number.
constexpr float smallest_row = 1e-30F;

}  // namespace

Linear::Linear(int inputs, std::span<const std::vector<float>> matrices, Precision precision, const Kernels& kernels)
    : inputs_(inputs), precision_(precision) {
  const auto width = static_cast<std::size_t>(inputs);
  std::size_t outputs = 0;
  for (const std::vector<float>& matrix : matrices) outputs += matrix.size() / width;
  outputs_ = static_cast<int>(outputs);
  if (precision == Precision::int8) {
    pack_bytes(matrices);
    if (kernels.tiles) tiles_ = TileProduct::make(bytes_.data(), inputs_, outputs_);
    return;
  }
  const std::size_t size = static_cast<std::size_t>(panels()) * width * panel_lanes;
  if (precision == Precision::float32) {
    floats_.resize(size);
  } else {
    halves_.resize(size);
  }
  std::size_t output = 0;
  for (const std::vector<float>& matrix : matrices) {
    for (std::size_t first = 0; first < matrix.size(); first += width, ++output) {
      const std::size_t panel = output / panel_lanes * width * panel_lanes, lane = output % panel_lanes;
      for (std::size_t i = 0; i < width; ++i) {
        const float value = matrix[first + i];
        if (precision == Precision::float32) {
          floats_[panel + i * panel_lanes + lane] = value;
        } else {
          halves_[panel + i * panel_lanes + half_lane(lane)] = to_bfloat16(value);
        }
      }
    }
  }
}

void Linear::pack_bytes(std::span<const std::vector<float>> matrices) {
  const auto width = static_cast<std::size_t>(inputs_);
  bytes_.resize(static_cast<std::size_t>(panels()) * width * panel_lanes);
  row_scales_.resize(static_cast<std::size_t>(panels()) * panel_lanes);
  std::size_t output = 0;
  std::int64_t heaviest = 1;  // the largest sum of magnitudes of a row
  for (const std::vector<float>& matrix : matrices) {
    for (std::size_t first = 0; first < matrix.size(); first += width, ++output) {
      const std::span<const float> row(&matrix[first], width);
      float largest = 0;
      bool finite = true;
      for (const float value : row) {
        finite = finite && std::isfinite(value);
        largest = std::max(largest, std::abs(value));
      }
      row_scales_[output] = finite ? largest / largest_weight : std::numeric_limits<float>::quiet_NaN();
      if (!finite || largest < smallest_row) continue;
      const std::size_t start = output / panel_lanes * width * panel_lanes + output % panel_lanes * 4;
      std::int64_t weight = 0;
      for (std::size_t i = 0; i < width; ++i) {
        const auto value = static_cast<std::int8_t>(std::lround(row[i] / largest * largest_weight));
        bytes_[start + i / 4 * 4 * panel_lanes + i % 4] = value;
        weight += std::abs(value);
      }
      heaviest = std::max(heaviest, weight);
    }
  }
  constexpr std::int64_t largest_sum = std::numeric_limits<std::int32_t>::max(),
                         largest_value = std::numeric_limits<std::int16_t>::max();
  largest_input_ = static_cast<int>(std::min(largest_value, largest_sum / heaviest));
}

void Linear::multiply(const Compute& compute, Rows x, int tokens, Rows y, bool add) const {
  if (precision_ == Precision::int8) {
    multiply_bytes(compute, x, tokens, y, add);
    return;
  }
  const bool whole = precision_ == Precision::float32;
  const auto product = whole ? compute.kernels.product_float : compute.kernels.product_bfloat16;
  const bool share = std::int64_t{inputs_} * outputs_ * tokens >= worth_sharing;
  compute.pool.split(panels(), share, [&](int first, int last) {
    ProductArgs args;
    args.weights = whole ? static_cast<const void*>(floats_.data()) : halves_.data();
    args.inputs = inputs_;
    args.outputs = outputs_;
    args.first_panel = first;
    args.last_panel = last;
    args.x = x.data;
    args.x_stride = x.stride;
    args.tokens = tokens;
    args.y = y.data;
    args.y_stride = y.stride;
    args.add = add;
    product(args);
  });
}

void Linear::multiply_bytes(const Compute& compute, Rows x, int tokens, Rows y, bool add) const {
  std::int16_t* values = compute.quantized.values.data();
  float* scales = compute.quantized.scales.data();
  const bool in_tiles = compute.kernels.tiles && tiles_ != nullptr && tokens >= fewest_tile_tokens;
  compute.pool.split(tokens, tokens >= worth_sharing_rows, [&](int begin, int end) {
    for (int t = begin; t < end; ++t) {
      std::int16_t* row = values + static_cast<std::size_t>(t) * static_cast<std::size_t>(inputs_);
      scales[t] = compute.kernels.quantize(x.row(t), row, inputs_, largest_input_);
      if (in_tiles) compute.quantized.tiles.store(compute.kernels, t, row, inputs_);
    }
  });
  IntegerProductArgs all;
  all.weights = bytes_.data();
  all.row_scales = row_scales_.data();
  all.inputs = inputs_;
  all.outputs = outputs_;
  all.last_panel = panels();
  all.x = values;
  all.x_scales = scales;
  all.tokens = tokens;
  all.y = y.data;
  all.y_stride = y.stride;
  all.add = add;
  const std::int64_t products = std::int64_t{inputs_} * outputs_ * tokens;
  if (in_tiles) {
    tiles_->multiply(compute.kernels, compute.pool, products >= worth_sharing_tiles, compute.quantized.tiles, all);
    return;
  }
  compute.pool.split(panels(), products >= worth_sharing_bytes, [&](int first, int last) {
    IntegerProductArgs args = all;
    args.first_panel = first;
    args.last_panel = last;
    compute.kernels.product_int8(args);
  });
}

void Linear::row(int output, float* out) const {
  const auto o = static_cast<std::size_t>(output);
  const auto width = static_cast<std::size_t>(inputs_);
  const std::size_t panel = o / panel_lanes * width * panel_lanes, lane = o % panel_lanes;
  for (std::size_t i = 0; i < width; ++i) {
    switch (precision_) {
      case Precision::float32:
        out[i] = floats_[panel + i * panel_lanes + lane];
        break;
      case Precision::bfloat16:
        out[i] = from_bfloat16(halves_[panel + i * panel_lanes + half_lane(lane)]);
        break;
      case Precision::int8:
        out[i] = row_scales_[o] * static_cast<float>(bytes_[panel + i / 4 * 4 * panel_lanes + lane * 4 + i % 4]);
        break;
    }
  }
}

}  // namespace catena::model
