#include "model/train/kernel_bench.h"

#include <torch/cuda.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/cuda/operator_forms.h"
#include "model/train/torch_names.h"

namespace catena::model {
namespace {

using torch::Tensor;
using Clock = std::chrono::steady_clock;
using Inputs = std::vector<Tensor>;

/// Median time of f(inputs), one tensor, and its gradients.
template <typename F>
double forward_and_back_ms(const F& f, const Inputs& inputs, int runs) {
  std::vector<double> times;
  for (int run = 0; run < runs + 1; ++run) {  // the first one warms up
    Inputs x;
    for (const Tensor& input : inputs) x.push_back(input.detach().requires_grad_());
    torch::cuda::synchronize();
    const auto start = Clock::now();
    const Tensor y = f(x);
    y.backward(torch::ones_like(y));
    torch::cuda::synchronize();
    if (run > 0) times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[static_cast<std::size_t>(runs / 2)];
}

struct Sizes {
  std::int64_t batch, length, heads, width, chunk;
};

void time_attention(const Sizes& s, const torch::TensorOptions& options, int runs,
                    const std::function<void(const KernelTime&)>& show) {
  const Inputs qkv = {torch::randn({s.batch, s.length, 3 * s.heads * s.width}, options)};
  const Rotary rotary = make_rotary(s.chunk, s.width, 10000, options.device());
  KernelTime chunks{"chunk attention", "operators", s.batch, s.length};
  chunks.kernel_ms = forward_and_back_ms(
      [&](const Inputs& x) { return chunk_attention_kernel(x[0], s.heads, s.chunk, rotary, Sight::back); }, qkv, runs);
  chunks.library_ms = forward_and_back_ms(
      [&](const Inputs& x) { return chunk_attention_by_operators(x[0], s.heads, s.chunk, rotary, Sight::back); }, qkv,
      runs);
  show(chunks);
#ifdef CATENA_TORCH_2
  KernelTime whole{"whole attention", "scaled_dot_product_attention", s.batch, s.length};
  whole.kernel_ms = forward_and_back_ms(
      [&](const Inputs& x) { return chunk_attention_kernel(x[0], s.heads, s.length, {}, Sight::back); }, qkv, runs);
  whole.library_ms = forward_and_back_ms(
      [&](const Inputs& x) {
        const auto parts = x[0].view({s.batch, s.length, 3, s.heads, s.width}).permute({2, 0, 3, 1, 4}).unbind(0);
        return at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, 0.0, true);
      },
      qkv, runs);
  show(whole);
#endif
}

void time_delta_rule(const Sizes& s, const torch::TensorOptions& options, int runs,
                     const std::function<void(const KernelTime&)>& show) {
  const std::int64_t n = s.batch * s.heads;
  const auto random = [&] { return torch::randn({n, s.length, s.width}, options); };
  const auto unit = [](const Tensor& x) { return x / x.norm(2, -1, true); };
  const Inputs inputs = {unit(random()),
                         unit(random()),
                         random(),
                         -torch::rand({n, s.length}, options) * 0.1,
                         torch::rand({n, s.length}, options),
                         torch::zeros({n, s.width, s.width}, options)};
  const auto bundle = [](const Inputs& x) { return DeltaInputs{x[0], x[1], x[2], x[3], x[4], x[5]}; };
  KernelTime rule{"delta rule", "operators", s.batch, s.length};
  rule.kernel_ms =
      forward_and_back_ms([&](const Inputs& x) { return delta_rule_kernel(bundle(x)).first; }, inputs, runs);
  rule.library_ms =
      forward_and_back_ms([&](const Inputs& x) { return delta_rule_by_operators(bundle(x)).first; }, inputs, runs);
  show(rule);
}

}  // namespace

void time_kernels(const ModelConfig& config, const StepShape& shape, std::int64_t longest,
                  const std::function<void(const KernelTime&)>& show) {
  if constexpr (kernels_linked) {
    if (shape.device != Device::cuda) return;
    const auto numbers = torch::TensorOptions().device(torch_device(shape.device));
    for (std::int64_t length = 1024; length <= longest; length *= 4) {
      const Sizes sizes{std::max<std::int64_t>(1, longest / length), length, config.heads, config.head_width(),
                        shape.chunk};
      const torch::ScalarType type = torch_type(shape.precision);
      if (attention_kernel_takes(torch::empty({1, 1, 3 * config.width}, type), config.heads))
        time_attention(sizes, numbers.dtype(type), shape.steps, show);
      if (delta_kernel_takes(torch::empty({1, 1, sizes.width}), sizes.width))
        time_delta_rule(sizes, numbers.dtype(torch::kFloat), shape.steps, show);
    }
  }
}

}  // namespace catena::model
