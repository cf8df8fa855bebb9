// A training step of the tracker and of a Transformer of its size, against the rate of products alone; on a GPU also
// the training kernels against LibTorch's operators.
#include "app/commands/bench_train.h"

#include <algorithm>
#include <stdexcept>

#include "app/assets_folder.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/runtime/transformer.h"
#include "model/tracker/torch_executor.h"
#include "model/train/kernel_bench.h"
#include "model/train/step_products.h"

namespace catena::app {
namespace {

using namespace catena::model;
using nlohmann::json;

StepShape shape_of(const TrainBenchOptions& options, const ModelConfig& config) {
  StepShape shape;
  shape.batch = options.quick ? std::min<std::int64_t>(2, options.batch) : options.batch;
  shape.segment = options.quick ? std::min<std::int64_t>(512, options.segment) : options.segment;
  shape.chunk = std::min<std::int64_t>(config.chunk_length, shape.segment);
  shape.steps = options.quick ? 1 : options.steps;
  shape.device = options.device == "cuda" ? Device::cuda : Device::cpu;
  shape.precision = train_precision_named(options.precision);
  if (shape.precision == TrainPrecision::float16 && shape.device == Device::cpu) {
    throw std::runtime_error("precision 'float16' needs a GPU; choose bfloat16 or float32");
  }
  return shape;
}

}  // namespace

void bench_train(const TrainBenchOptions& options, const std::function<void(const json&)>& show) {
  count_torch_memory();
  const ModelConfig tracker = ModelConfig::load(model_folder(options.folder) / "config.json");
  const StepShape shape = shape_of(options, tracker);
  const double rate = product_rate(shape.device, shape.precision);
  double transformer_tokens_per_s = 0;
  for (const ModelConfig& config : {same_size_transformer(tracker), tracker}) {
    if (interrupted()) return;
    const TrainingCost cost = training_cost(config, shape);
    const double products = training_multiply_adds(config, shape.segment, shape.chunk);
    const bool transformer = config.carry == Carry::attention;
    if (transformer) transformer_tokens_per_s = cost.tokens_per_s;
    json line = {{"bench", "train"},
                 {"system", transformer ? "transformer" : config.name},
                 {"carry", to_string(config.carry)},
                 {"device", options.device},
                 {"precision", options.precision},
                 {"batch", shape.batch},
                 {"segment_tokens", shape.segment},
                 {"chunk_tokens", shape.chunk},
                 {"parameters", config.parameters()},
                 {"tokens_per_s", cost.tokens_per_s},
                 {"step_ms", 1e3 * static_cast<double>(shape.batch * shape.segment) / cost.tokens_per_s},
                 {"peak_bytes", cost.peak_bytes},
                 {"flops_per_token", 2 * products},
                 {"product_flops_per_s", rate},
                 {"percent_of_product_rate", 100 * 2 * products * cost.tokens_per_s / rate}};
    if (transformer) {
      line["attention"] = transformer_attention(shape.device);
    } else {
      line["speed_over_transformer"] = cost.tokens_per_s / transformer_tokens_per_s;
    }
    show(line);
  }
  time_kernels(tracker, shape, options.quick ? 4096 : 65536, [&](const KernelTime& time) {
    show({{"bench", "train"},
          {"kernel", time.kernel},
          {"against", time.against},
          {"precision", time.kernel == "delta rule" ? "float32" : options.precision},
          {"batch", time.batch},
          {"length", time.length},
          {"kernel_ms", time.kernel_ms},
          {"library_ms", time.library_ms},
          {"speedup", time.library_ms / time.kernel_ms}});
  });
}

}  // namespace catena::app
