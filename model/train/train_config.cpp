#include "model/train/train_config.h"

#include <stdexcept>

#include "model/train/plan_sources.h"

namespace catena::model {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::initializer_list<std::pair<const char*, TrainPrecision>> precisions = {
    {"float32", TrainPrecision::float32}, {"bfloat16", TrainPrecision::bfloat16}, {"float16", TrainPrecision::float16}};

}  // namespace

std::vector<TrainSource> read_sources(const PlanReader& plan, const char* key) {
  std::vector<TrainSource> result;
  for (const PlanReader& reader : plan.list(key)) {
    TrainSource source;
    reader.get_path("text", source.text);
    reader.get_path("tokens", source.tokens, true);
    reader.get("fill_in_middle_every", source.fill_in_middle_every);
    reader.check("fill_in_middle_every", source.fill_in_middle_every >= 0, "0 or more");
    reader.get("spoken_every", source.spoken_every);
    reader.check("spoken_every", source.spoken_every >= 0, "0 or more");
    reader.get("weight", source.weight);
    reader.check("weight", source.weight > 0, "positive");
    reader.refuse_others();
    result.push_back(source);
  }
  return result;
}

TokenizerPlan read_tokenizer(const json& plan, const fs::path& file) {
  TokenizerPlan result;
  const auto it = plan.find("tokenizer");
  if (it == plan.end()) return result;
  const PlanReader tokenizer(*it, file);
  tokenizer.get_path("path", result.path, true);
  for (const json& sample : it->value("samples", json::array())) {
    const PlanReader entry(sample, file);
    fs::path text;
    double share = 1;
    entry.get_path("text", text, true);
    entry.get("share", share);
    result.samples.emplace_back(text, share);
  }
  return result;
}

TrainPrecision train_precision_named(const std::string& name) {
  for (const auto& [known, precision] : precisions) {
    if (name == known) return precision;
  }
  throw std::invalid_argument("no precision '" + name + "': float32, bfloat16 or float16");
}

TrainPrecision fast_precision(Device device) {
#if defined(__x86_64__)
  if (device == Device::cpu && !__builtin_cpu_supports("avx512bf16")) return TrainPrecision::float32;
#endif
  return TrainPrecision::bfloat16;
}

void read_schedule(const PlanReader& plan, TrainConfig& config) {
  config.train = read_sources(plan, "train");
  config.heldout = read_sources(plan, "heldout");
  plan.get("seed", config.seed);
  plan.get("batch", config.batch);
  plan.get("segment", config.segment);
  plan.get("steps", config.steps, true);
  plan.get("learning_rate", config.learning_rate);
  plan.get("learning_rate_scale", config.learning_rate_scale);
  plan.get("final_learning_rate", config.final_learning_rate);
  plan.get("warmup_steps", config.warmup_steps);
  plan.get("weight_decay", config.weight_decay);
  plan.get("clip", config.clip);
  plan.get("recompute", config.recompute);
  plan.get("threads", config.threads);
  plan.get("evaluate_every", config.evaluate_every);
  plan.get("evaluate_tokens", config.evaluate_tokens);
  plan.get("checkpoint_every_s", config.checkpoint_every_s);
  plan.check("evaluate_every", config.evaluate_every >= 1, "at least 1");
  plan.check("train", !config.train.empty(), "a list of at least one source");
  plan.check("batch", config.batch >= 1 && config.batch <= 4096, "from 1 to 4096");
  plan.check("steps", config.steps >= 1, "at least 1");
  plan.check("learning_rate", config.learning_rate > 0 && config.learning_rate < 1, "between 0 and 1");
  plan.check("learning_rate_scale", config.learning_rate_scale > 0 && config.learning_rate_scale <= 100,
               "above 0, at most 100");
  plan.check("clip", config.clip > 0, "positive");
}

TrainConfig TrainConfig::load(const fs::path& file) {
  const json object = read_plan(file);
  TrainConfig config;
  const PlanReader reader(object, file);
  fs::path model;
  reader.get_path("model", model, true);
  config.model = ModelConfig::load(model);
  reader.get_path("output", config.output, true);
  config.tokenizer = read_tokenizer(object, file);
  read_schedule(reader, config);
  reader.get_path("initial_weights", config.initial_weights);
  reader.get("chunk_lengths", config.chunk_lengths);
  reader.get("run_tokens", config.run_tokens);
  reader.get_choice("optimiser", config.optimiser, {{"adamw", OptimiserKind::adamw}, {"muon", OptimiserKind::muon}});
  reader.get("shard_optimiser", config.shard_optimiser);
  reader.get_choice("device", config.device, {{"cpu", Device::cpu}, {"cuda", Device::cuda}});
  config.precision = fast_precision(config.device);
  reader.get_choice("precision", config.precision, precisions);
  if (config.precision == TrainPrecision::float16) config.loss_scale = kHalfLossScale;
  reader.get("loss_scale", config.loss_scale);
  reader.get_choice("save_precision", config.save_precision,
                    {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}});
  reader.get("backpropagate_segments", config.backpropagate_segments);
  reader.get_choice("truncate", config.truncate_at_chunks, {{"segment", false}, {"chunk", true}});
  reader.get("auxiliary_loss", config.auxiliary_loss);

  reader.check("chunk_lengths", !config.chunk_lengths.empty(), "a list of at least one length");
  for (const int chunk : config.chunk_lengths) {
    reader.check("chunk_lengths", chunk >= 8 && chunk <= 512, "lengths from 8 to 512");
    reader.check("segment", config.segment >= chunk && config.segment % chunk == 0, "a multiple of every chunk length");
  }
  reader.check("precision", config.precision != TrainPrecision::float16 || config.device == Device::cuda,
               "float32 or bfloat16 on the CPU, which does not multiply float16");
  reader.check("loss_scale", config.loss_scale == 0 || config.loss_scale >= 1, "0 (none) or at least 1");
  reader.check("backpropagate_segments", config.backpropagate_segments >= 1 && config.backpropagate_segments <= 1024,
               "from 1 to 1024");
  reader.check("backpropagate_segments", config.backpropagate_segments == 1 || !config.truncate_at_chunks,
               "1 where 'truncate' is chunk");
  reader.check("auxiliary_loss", config.auxiliary_loss >= 0, "0 or more");
  reader.check("run_tokens", config.run_tokens >= config.segment, "at least one segment");
  reader.refuse_others({"tokenizer"});
  return config;
}

}  // namespace catena::model
