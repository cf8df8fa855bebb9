// What the fused operations share: loops over rows, and the choice between the loop and the composed form.
#pragma once

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "model/tracker/product.h"

namespace catena::model {
// Internal to each file that includes it: compiled for AVX2 there, so no copy of it may be linked into others.
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr std::int64_t kGrain = 8;        // rows a task: a row is a few hundred numbers
constexpr std::int64_t kBlockRows = 512;  // rows between two products: what is made of them stays in the caches

/// The files of fused operations are compiled for AVX2 (CMakeLists.txt); older processors take the composed form.
inline bool fused(const Tensor& x) {
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return avx2 && x.device().is_cpu();
}

/// Whether rows of x and products in `type` are made in one loop.
inline bool fuses_products(const Tensor& x, torch::ScalarType type) {
  return fused(x) && (type == torch::kFloat || type == torch::kBFloat16);
}

inline float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

/// y = x * s * w for s = 1 / sqrt(mean(x^2) + eps), which is returned. All [d].
template <typename T>
float norm_row(const float* x, const float* w, float eps, std::int64_t d, T* y) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < d; ++j) sum += x[j] * x[j];
  const float s = 1.0F / std::sqrt(sum / static_cast<float>(d) + eps);
  for (std::int64_t j = 0; j < d; ++j) y[j] = static_cast<T>(x[j] * s * w[j]);
  return s;
}

/// norm_row()'s gradients from that of its result, g: dx is written, dw added to.
template <typename T>
void norm_row_gradient(const float* x, const float* w, float s, const T* g, std::int64_t d, float* dx, float* dw) {
  float dot = 0;
#pragma omp simd reduction(+ : dot)
  for (std::int64_t j = 0; j < d; ++j) {
    const float gj = static_cast<float>(g[j]);
    dot += gj * w[j] * x[j];
    dw[j] += gj * x[j] * s;
  }
  const float c = dot * s * s * s / static_cast<float>(d);
  for (std::int64_t j = 0; j < d; ++j) dx[j] = static_cast<float>(g[j]) * w[j] * s - x[j] * c;
}

/// sum += a^T b, in 32 bits whatever a and b are.
inline void add_product(const Tensor& sum, const Tensor& a, const Tensor& b) {
  if (a.scalar_type() == torch::kFloat) {
    sum.addmm_(a.t(), b);
  } else {
    sum.add_(product(a.t(), b));
  }
}

/// y = silu(g) * u for x = [g | u]. x [2f], y [f].
template <typename T>
void swiglu_row(const T* x, std::int64_t f, T* y) {
  for (std::int64_t j = 0; j < f; ++j) {
    const float g = static_cast<float>(x[j]);
    y[j] = static_cast<T>(g * sigmoid(g) * static_cast<float>(x[f + j]));
  }
}

/// swiglu_row()'s gradient dx [2f] from that of its result, dy [f].
template <typename T>
void swiglu_row_gradient(const T* x, const T* dy, std::int64_t f, T* dx) {
  for (std::int64_t j = 0; j < f; ++j) {
    const float g = static_cast<float>(x[j]), u = static_cast<float>(x[f + j]), d = static_cast<float>(dy[j]),
                s = sigmoid(g);
    dx[j] = static_cast<T>(d * u * s * (1.0F + g * (1.0F - s)));
    dx[f + j] = static_cast<T>(d * g * s);
  }
}

/// Calls body(begin, end) on ranges of rows; kernels are written once for float and bfloat16 inputs.
template <typename Body>
void rows(std::int64_t count, const Body& body) {
  at::parallel_for(0, count, kGrain, body);
}

template <typename F>
void by_type(torch::ScalarType type, const F& f) {
  if (type == torch::kBFloat16) {
    f(c10::BFloat16{});
  } else {
    f(float{});
  }
}

/// Sums per-thread partial gradients of a small weight: body(begin, end, partial).
template <typename Body>
Tensor reduce_rows(std::int64_t count, std::int64_t width, const Body& body) {
  const int threads = at::get_num_threads();
  Tensor partial = torch::zeros({threads, width}, torch::kFloat);
  float* base = partial.data_ptr<float>();
  const std::int64_t share = (count + threads - 1) / threads;
  at::parallel_for(0, threads, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t t = first; t < last; ++t) {
      body(std::min(count, t * share), std::min(count, (t + 1) * share), base + t * width);
    }
  });
  return partial.sum(0);
}

}  // namespace
}  // namespace catena::model
