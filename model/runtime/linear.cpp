#include "model/runtime/linear.h"

#include "model/runtime/safetensors.h"

namespace catena::model {
namespace {

// Below this many multiply-adds waking another thread costs more than it saves.
constexpr std::int64_t worth_sharing = 1'500'000;

}  // namespace

Linear::Linear(int inputs, std::span<const std::vector<float>> matrices, Precision precision) : inputs_(inputs) {
  const auto width = static_cast<std::size_t>(inputs);
  std::size_t outputs = 0;
  for (const std::vector<float>& matrix : matrices) outputs += matrix.size() / width;
  outputs_ = static_cast<int>(outputs);
  const std::size_t panels = (outputs + panel_lanes - 1) / panel_lanes;
  const std::size_t size = panels * width * panel_lanes;
  if (precision == Precision::float32) {
    floats_.resize(size);
  } else {
    halves_.resize(size);
  }
  std::size_t output = 0;
  for (const std::vector<float>& matrix : matrices) {
    for (std::size_t first = 0; first < matrix.size(); first += width, ++output) {
      const std::size_t start = output / panel_lanes * width * panel_lanes + output % panel_lanes;
      for (std::size_t i = 0; i < width; ++i) {
        const float value = matrix[first + i];
        if (precision == Precision::float32) {
          floats_[start + i * panel_lanes] = value;
        } else {
          halves_[start + i * panel_lanes] = to_bfloat16(value);
        }
      }
    }
  }
}

void Linear::multiply(const Compute& compute, Rows x, int tokens, Rows y, bool add) const {
  const bool whole = halves_.empty();
  const auto product = whole ? compute.kernels.product_float : compute.kernels.product_bfloat16;
  const int panels = (outputs_ + panel_lanes - 1) / panel_lanes;
  const bool share = std::int64_t{inputs_} * outputs_ * tokens >= worth_sharing;
  compute.pool.split(panels, share, [&](int first, int last) {
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

void Linear::row(int output, float* out) const {
  const auto o = static_cast<std::size_t>(output);
  const auto width = static_cast<std::size_t>(inputs_);
  const std::size_t start = o / panel_lanes * width * panel_lanes + o % panel_lanes;
  for (std::size_t i = 0; i < width; ++i) {
    out[i] = halves_.empty() ? floats_[start + i * panel_lanes] : from_bfloat16(halves_[start + i * panel_lanes]);
  }
}

}  // namespace catena::model
