#include "model/train/step_cost.h"

#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "model/runtime/memory.h"
#include "model/tracker/gpu_memory.h"
#include "model/tracker/linear.h"

namespace catena::model {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

namespace {

/// Tensor memory of the device that a step runs on.
class StepMemory {
 public:
  explicit StepMemory(const torch::Device& device) : cuda_(device.is_cuda()) {
    cuda_ ? reset_gpu_peak() : reset_memory_peak();
    held_ = cuda_ ? gpu_peak_bytes() : static_cast<std::int64_t>(memory_counters().bytes_now);
  }
  /// The most since then, beyond what was held then.
  std::size_t peak() const {
    return static_cast<std::size_t>(
        (cuda_ ? gpu_peak_bytes() : static_cast<std::int64_t>(memory_counters().bytes_peak)) - held_);
  }

 private:
  bool cuda_;
  std::int64_t held_ = 0;
};

}  // namespace

TrainingCost step_cost(Parameters& parameters, std::int64_t batch, std::int64_t length, int steps,
                       const ForwardPass& forward) {
  torch::manual_seed(1);
  const Tensor tokens =
      torch::randint(parameters.config().vocab, {batch, length + 1}, torch::kLong).to(parameters.device());
  const auto finish = [&] {
    if (parameters.device().is_cuda()) torch::cuda::synchronize();
  };
  std::vector<double> seconds;
  TrainingCost cost;
  for (int step = 0; step < steps + 1; ++step) {  // the first one warms up
    parameters.gradients().zero_();
    finish();
    const StepMemory memory(parameters.device());
    const auto start = Clock::now();
    Tensor y = forward(tokens.slice(1, 0, length));
    const Tensor loss = head_loss(y, parameters["embed.weight"], tokens.slice(1, 1).reshape({-1}));
    y.reset();  // the way back does not need it
    loss.backward();
    finish();
    if (step == 0) continue;
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    cost.peak_bytes = std::max(cost.peak_bytes, memory.peak());
  }
  std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
  cost.tokens_per_s = static_cast<double>(batch * length) / seconds[seconds.size() / 2];
  return cost;
}

}  // namespace catena::model
