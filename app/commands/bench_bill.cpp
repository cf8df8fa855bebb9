// The bill of memory and compute: a training step of whole models that differ in what their mixers look at, formula and
// measurement side by side.
#include <unistd.h>

#include <optional>

#include "app/commands/benches.h"
#include "app/commands/freed_memory.h"
#include "app/commands/interrupt.h"
#include "model/attention/bill.h"
#include "model/runtime/state_layout.h"
#include "model/runtime/transformer.h"
#include "model/tracker/torch_executor.h"
#include "model/train/step_products.h"
#include "model/train/training_bench.h"

namespace catena::app {
namespace {

using namespace catena::model;
using nlohmann::json;

constexpr int chunks = 8;  // in a length, as in the published figures

enum class Step {
  plain,
  recomputed,  // activations are computed again on the way back
  full_scores  // attention makes the scores of all streams at once: what published figures compare with
};
struct System {
  const char* name;
  Carry carry;
  Step step;
};
// The first is what the others are compared with.
constexpr System systems[] = {{"attention, full scores", Carry::attention, Step::full_scores},
                              {"attention, fused", Carry::attention, Step::plain},
                              {"attention, recomputed", Carry::attention, Step::recomputed},
                              {"none", Carry::none, Step::plain},
                              {"vector", Carry::vector, Step::plain},
                              {"delta", Carry::delta, Step::plain},
                              {"delta, recomputed", Carry::delta, Step::recomputed}};

ModelConfig shape(Carry carry, int layers) {
  ModelConfig config;
  config.name = to_string(carry);
  config.vocab = 1024;
  config.width = 512;
  config.layers = layers;
  config.heads = 8;
  config.ffn = 1024;
  config.gate_hidden = carry == Carry::delta ? 64 : 0;
  config.carry = carry;
  return config;
}

std::int64_t free_memory() { return static_cast<std::int64_t>(sysconf(_SC_AVPHYS_PAGES)) * sysconf(_SC_PAGESIZE); }

/// What full scores alone take at the peak: the softmax that each layer keeps for the way back, and two more squares
/// while a softmax is differentiated.
std::int64_t score_bytes(const System& system, const ModelConfig& config, const StepShape& shape) {
  if (system.step != Step::full_scores) return 0;
  const std::int64_t kept = shape.batch * config.layers, passing = 2 * shape.batch;
  const std::int64_t number = shape.precision == TrainPrecision::float32 ? 4 : 2;
  return (kept + passing) * config.heads * shape.segment * shape.segment * number;
}

TrainingCost cost_of(const System& system, const ModelConfig& config, const StepShape& shape) {
  return system.step == Step::full_scores ? lab::full_scores_training_cost(config, shape)
                                          : training_cost(config, shape);
}

}  // namespace

void bench_bill(const BillOptions& options, const std::function<void(const json&)>& show) {
  count_torch_memory();
  keep_freed_memory();
  for (const std::int64_t length : options.quick ? std::vector<std::int64_t>{512} : options.lengths) {
    std::optional<TrainingCost> full_scores;
    for (const System& system : systems) {
      if (interrupted()) return;
      const Carry carry = system.carry;
      const ModelConfig config = shape(carry, options.layers);
      const StepShape step = {.batch = options.quick ? std::min<std::int64_t>(4, options.batch) : options.batch,
                              .segment = length,
                              .chunk = length / chunks,
                              .steps = options.quick ? 1 : options.steps,
                              .recompute = system.step == Step::recomputed,
                              .precision = train_precision_named(options.precision)};
      json line = {
          {"bench", "bill"},
          {"system", system.name},
          {"length", length},
          {"batch", step.batch},
          {"precision", options.precision},
          {"width", config.width},
          {"layers", config.layers},
          {"parameters", config.parameters()},
          {"flops", 2 * training_multiply_adds(config, length, step.chunk) * static_cast<double>(step.batch * length)}};
      line["state_bytes"] =
          carry == Carry::attention
              ? kv_cache_bytes(config, length)
              : static_cast<std::int64_t>(4 * StateLayout(config, static_cast<int>(step.chunk)).floats());
      line["time_ms"] = line["peak_bytes"] = line["tokens_per_s"] = line["memory_reduction"] = line["speedup"] =
          nullptr;
      if (score_bytes(system, config, step) <= free_memory()) {  // else its scores alone are more than is free
        const TrainingCost cost = cost_of(system, config, step);
        line["time_ms"] = 1e3 * static_cast<double>(step.batch * length) / cost.tokens_per_s;
        line["peak_bytes"] = cost.peak_bytes;
        line["tokens_per_s"] = cost.tokens_per_s;
        if (system.step == Step::full_scores) full_scores = cost;
        if (full_scores) {
          line["memory_reduction"] =
              static_cast<double>(full_scores->peak_bytes) / static_cast<double>(cost.peak_bytes);
          line["speedup"] = cost.tokens_per_s / full_scores->tokens_per_s;
        }
      }
      show(line);
    }
  }
}

}  // namespace catena::app
