#include "model/train/step_cost.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "model/runtime/memory.h"
#include "model/tracker/linear.h"

namespace catena::model {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

TrainingCost step_cost(Parameters& parameters, std::int64_t batch, std::int64_t length, int steps,
                       const ForwardPass& forward) {
  torch::manual_seed(1);
  const Tensor tokens = torch::randint(parameters.config().vocab, {batch, length + 1}, torch::kLong);
  std::vector<double> seconds;
  TrainingCost cost;
  for (int step = 0; step < steps + 1; ++step) {  // the first one warms up
    parameters.gradients().zero_();
    reset_memory_peak();
    const std::size_t held = memory_counters().bytes_now;
    const auto start = Clock::now();
    const Tensor y = forward(tokens.slice(1, 0, length));
    head_loss(y, parameters["embed.weight"], tokens.slice(1, 1).reshape({-1})).backward();
    if (step == 0) continue;
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    cost.peak_bytes = std::max(cost.peak_bytes, memory_counters().bytes_peak - held);
  }
  std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
  cost.tokens_per_s = static_cast<double>(batch * length) / seconds[seconds.size() / 2];
  return cost;
}

}  // namespace catena::model
