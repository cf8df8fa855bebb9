// How much a memory holds, and how far back: small models of each system, trained to recall pairs and to copy a
// sequence.
#include "app/commands/interrupt.h"
#include "app/commands/lab_benches.h"
#include "model/attention/recall.h"
#include "model/attention/system_names.h"

namespace catena::app {

using namespace catena::model;
using nlohmann::json;

void bench_recall(const RecallOptions& options, const std::function<void(const json&)>& show) {
  for (const std::string& task : options.tasks) {
    for (const std::string& system : options.systems.empty() ? lab::system_names() : options.systems) {
      if (interrupted()) return;
      lab::RecallPlan plan;
      plan.mixer.system = system;
      plan.mixer.width = options.width;
      plan.mixer.heads = options.heads;
      plan.mixer.chunk = options.chunk;
      plan.copy = task == "copy";
      plan.pairs = options.pairs;
      plan.layers = options.layers;
      plan.ffn = 2 * options.width;
      plan.steps = options.quick ? 10 : options.steps;
      plan.trained = options.trained;
      plan.distances = options.distances;
      if (options.quick) plan.asked = 16;
      const lab::RecallResult result = lab::train_to_recall(plan, &interrupt_flag());
      for (const auto& point : result.points) {
        show({{"bench", "recall"},
              {"task", task},
              {"system", system},
              {"distance_tokens", point.distance},
              {"accuracy", point.accuracy},
              {"loss_nats", result.loss},
              {"steps", plan.steps},
              {"pairs", plan.pairs},
              {"parameters", result.parameters},
              {"streams", result.streams},
              {"state_bytes", result.state_bytes}});
      }
    }
  }
}

}  // namespace catena::app
