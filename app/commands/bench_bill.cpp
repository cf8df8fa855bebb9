// The bill of memory and compute: a training step of whole models that differ in what their mixers look at, formula and measurement
// side by side.
#include <unistd.h>

#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/runtime/state_layout.h"
#include "model/runtime/transformer.h"
#include "model/tracker/torch_executor.h"
#include "model/train/comparison.h"

namespace catena::app {
namespace {

using namespace catena::model;
using nlohmann::json;

constexpr int chunks = 8;  // in a length, as in the published figures

struct System {
  const char* name;
  Carry carry;
  bool recompute;  // activations are computed again on the way back
};
constexpr System systems[] = {{"attention", Carry::attention, false},
                              {"attention, recomputed", Carry::attention, true},
                              {"none", Carry::none, false},
                              {"vector", Carry::vector, false},
                              {"delta", Carry::delta, false},
                              {"delta, recomputed", Carry::delta, true}};

ModelConfig shape(Carry carry) {
  ModelConfig config;
  config.name = to_string(carry);
  config.vocab = 1024;
  config.width = 512;
  config.layers = 2;
  config.heads = 8;
  config.ffn = 1024;
  config.gate_hidden = carry == Carry::delta ? 64 : 0;
  config.carry = carry;
  return config;
}

/// Multiply-adds of the products of a training step (forward, and twice that backward), a token.
double multiply_adds(const ModelConfig& config, std::int64_t length, std::int64_t chunk) {
  const auto d = static_cast<double>(config.width);
  double forward = static_cast<double>(config.parameters());
  for (int layer = 0; layer < config.layers; ++layer) {
    const bool memory = ModelConfig::is_chain(layer) && config.has_memory();
    const auto seen = static_cast<double>(config.carry == Carry::attention ? length : chunk);
    forward += memory ? 8.0 * 64 * d : 2 * seen * d;  // scores and values, or the rule in blocks of 64 (model/tracker/delta_rule.h)
  }
  return 3 * forward;
}

std::int64_t free_memory() {
  return static_cast<std::int64_t>(sysconf(_SC_AVPHYS_PAGES)) * sysconf(_SC_PAGESIZE);
}

/// Scores and their softmax are kept for the way back, and the latter's gradient is as large again.
std::int64_t score_bytes(const ModelConfig& config, std::int64_t batch, std::int64_t length) {
  return config.carry == Carry::attention ? batch * config.heads * length * length * 4 * (2 * config.layers + 2) : 0;
}

}  // namespace

void bench_bill(const BillOptions& options, const std::function<void(const json&)>& show) {
  count_torch_memory();
  for (const std::int64_t length : options.quick ? std::vector<std::int64_t>{512} : options.lengths) {
    for (const System& system : systems) {
      if (interrupted()) return;
      const Carry carry = system.carry;
      const ModelConfig config = shape(carry);
      const std::int64_t chunk = length / chunks, batch = options.quick ? std::min<std::int64_t>(4, options.batch) : options.batch;
      json line = {{"bench", "bill"}, {"system", system.name}, {"length", length}, {"batch", batch}, {"width", config.width},
                   {"parameters", config.parameters()}, {"flops", 2 * multiply_adds(config, length, chunk) * static_cast<double>(batch * length)}};
      line["state_bytes"] = carry == Carry::attention ? kv_cache_bytes(config, length)
                                                      : static_cast<std::int64_t>(4 * StateLayout(config, static_cast<int>(chunk)).floats());
      if (score_bytes(config, batch, length) > free_memory()) {
        line["time_ms"] = line["peak_bytes"] = nullptr;  // its scores alone are more than is free
      } else {
        const TrainingCost cost = training_cost(config, batch, length, chunk, options.quick ? 1 : options.steps, system.recompute);
        line["time_ms"] = 1e3 * static_cast<double>(batch * length) / cost.tokens_per_s;
        line["peak_bytes"] = cost.peak_bytes;
        line["tokens_per_s"] = cost.tokens_per_s;
      }
      show(line);
    }
  }
}

}  // namespace catena::app
