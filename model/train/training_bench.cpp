#include "model/train/training_bench.h"

#include <torch/cuda.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

#include "model/tracker/attention.h"
#include "model/tracker/parameters.h"
#include "model/tracker/tracker.h"
#include "model/train/step_cost.h"
#include "model/train/torch_names.h"

namespace catena::model {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

namespace {

torch::Device device_at_hand(Device device) {
  if (device == Device::cuda && !torch::cuda::is_available()) {
    throw std::runtime_error("device 'cuda' is not available: no GPU or driver was found; choose cpu");
  }
  return torch_device(device);
}

}  // namespace

TrainingCost training_cost(const ModelConfig& config, const StepShape& shape) {
  Parameters parameters(config, device_at_hand(shape.device), torch_type(shape.precision));
  parameters.initialise(1);
  const Tracker tracker(parameters, {.recompute = shape.recompute});
  return step_cost(parameters, shape.batch, shape.segment, shape.steps, [&](const Tensor& tokens) {
    SegmentState state = tracker.initial_state(shape.batch);
    return tracker.forward(tokens, shape.chunk, state);
  });
}

double product_rate(Device device, TrainPrecision precision) {
  const torch::NoGradGuard no_grad;
  const std::int64_t side = device == Device::cuda ? 8192 : 1024;
  constexpr int runs = 7;
  const auto options = torch::TensorOptions().dtype(torch_type(precision)).device(device_at_hand(device));
  const Tensor a = torch::ones({side, side}, options), b = torch::ones({side, side}, options);
  std::vector<double> rates;
  for (int run = 0; run < runs + 1; ++run) {  // the first one warms up
    const auto start = Clock::now();
    a.mm(b);
    if (device == Device::cuda) torch::cuda::synchronize();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (run > 0) rates.push_back(2.0 * static_cast<double>(side * side * side) / seconds);
  }
  std::nth_element(rates.begin(), rates.begin() + runs / 2, rates.end());
  return rates[runs / 2];
}

std::string transformer_attention([[maybe_unused]] Device device) {
#ifdef CATENA_TORCH_2
  return "fused";
#else
  return device == Device::cpu && fuses_attention(torch::empty({0})) ? "fused" : "plain";
#endif
}

}  // namespace catena::model
