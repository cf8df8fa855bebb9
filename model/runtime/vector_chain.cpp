#include <algorithm>
#include <cmath>

#include "model/runtime/mixers.h"

namespace catena::model {
namespace {

constexpr float norm_eps = 1e-5F;

void layer_norm(float* x, const Buffer& weight, const Buffer& bias) {
  const std::size_t width = weight.size();
  double mean = 0;
  for (std::size_t i = 0; i < width; ++i) mean += x[i];
  mean /= static_cast<double>(width);
  double variance = 0;
  for (std::size_t i = 0; i < width; ++i) variance += (x[i] - mean) * (x[i] - mean);
  variance /= static_cast<double>(width);
  const double scale = 1.0 / std::sqrt(variance + norm_eps);
  for (std::size_t i = 0; i < width; ++i) x[i] = static_cast<float>((x[i] - mean) * scale) * weight[i] + bias[i];
}

}  // namespace

void add_regression(Scratch& scratch, int tokens, VectorState state) {
  for (int t = 0; t < tokens; ++t) {
    float* h = scratch.h().row(t);
    for (std::size_t i = 0; i < scratch.width; ++i) h[i] += state.regression[i];
  }
}

void vector_output(const Compute& compute, const PackedLayer& layer, Scratch& scratch, int tokens, int first,
                   VectorState state) {
  const Rows result = scratch.h();  // the mixer is done with its input
  const Rows mixed = scratch.mixed();
  layer.out.multiply(compute, {mixed.row(first), mixed.stride}, tokens - first, {result.row(first), result.stride});
  for (int t = first; t < tokens; ++t) {
    float* x = scratch.x().row(t);
    const float* y = result.row(t);
    for (std::size_t i = 0; i < scratch.width; ++i) x[i] += y[i];
  }
  std::copy_n(result.row(tokens - 1), scratch.width, state.last_result);
}

void regress(const Compute& compute, const PackedLayer& layer, float share, Scratch& scratch, std::int64_t chunk,
             VectorState state) {
  const Rows next = scratch.h();
  layer.regression.multiply(compute, {state.last_result, scratch.width}, 1, next);
  for (std::size_t i = 0; i < scratch.width; ++i) {
    state.regression[i] = std::tanh(next.data[i] + layer.regression_bias[i]) + share * state.regression[i];
  }
  if (chunk % 2 == 1) layer_norm(state.regression, layer.regression_norm_weight, layer.regression_norm_bias);
}

}  // namespace catena::model
