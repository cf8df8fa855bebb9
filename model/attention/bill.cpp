#include "model/attention/bill.h"

#include <torch/types.h>

#include <algorithm>
#include <chrono>

#include "model/attention/full_scores.h"
#include "model/attention/multiply_adds.h"
#include "model/attention/registry.h"
#include "model/runtime/memory.h"
#include "model/train/step_cost.h"
#include "model/train/torch_names.h"

namespace catena::model::lab {
namespace {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

constexpr double kLong = 2000;  // ms: of such a pass one is timed

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Bytes after `length` tokens, or the formula's where reading them all would take too long and they still change.
std::int64_t state_bytes(const Mixer& mixer, const Tensor& x) {
  const std::int64_t length = x.size(1), read = std::min(length, state_tokens);
  MixerState state = mixer.initial_state(1);
  const std::int64_t empty = state.bytes();
  mixer.step(x.slice(1, 0, read), state);
  const bool constant = state.bytes() == empty;
  return read == length || constant ? state.bytes() : mixer.state_bytes(length);
}

}  // namespace

Bill measure(const SystemConfig& config, std::int64_t length, int runs) {
  const torch::NoGradGuard no_grad;
  ParameterSet parameters(1);
  const auto mixer = make_system(config, parameters, "");
  torch::manual_seed(1);
  const Tensor x = torch::randn({1, length, config.width});
  Bill bill;
  bill.length = length;
  const Cost cost = mixer->cost(length);
  bill.formula = cost.total();
  bill.formula_mixing = cost.mixing;
  bill.state_formula = bill.state_bytes = mixer->state_bytes(length);
  bill.streams = mixer->streams();
  if (bill.streams) bill.state_bytes = state_bytes(*mixer, x);

  reset_memory_peak();
  const std::size_t held = memory_counters().bytes_now;
  std::vector<double> times;
  const auto timed = [&](const auto& work) {
    const auto start = Clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  };
  timed([&] { bill.counted = count_multiply_adds([&] { mixer->forward(x); }); });
  bill.peak_bytes = static_cast<std::int64_t>(memory_counters().bytes_peak - held);
  if (times.front() < kLong) {  // a short one is warm-up, and the counting may weigh in it
    times.clear();
    for (int i = 0; i < runs; ++i) timed([&] { mixer->forward(x); });
  }
  bill.time_ms = median(times);
  return bill;
}

TrainingCost full_scores_training_cost(const ModelConfig& config, const StepShape& shape) {
  Parameters parameters(config, torch::kCPU, torch_type(shape.precision));
  parameters.initialise(1);
  const FullScoresTransformer transformer(parameters, shape.segment);
  return step_cost(parameters, shape.batch, shape.segment, shape.steps,
                   [&](const Tensor& tokens) { return transformer.forward(tokens); });
}

}  // namespace catena::model::lab
