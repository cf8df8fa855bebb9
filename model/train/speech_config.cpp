#include "model/train/speech_config.h"

#include <stdexcept>

#include "model/speech/frame_stack.h"
#include "model/speech/symbols.h"
#include "model/train/plan_reader.h"

namespace catena::model {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<SpeechSource> sources(const PlanReader& plan, const char* key) {
  std::vector<SpeechSource> result;
  for (const PlanReader& reader : plan.list(key)) {
    SpeechSource source;
    reader.get_path("utterances", source.utterances, true);
    reader.get("weight", source.weight);
    reader.check("weight", source.weight > 0, "positive");
    reader.refuse_others();
    result.push_back(source);
  }
  return result;
}

bool is_chunk(int ms) { return ms >= kStepMs && ms <= 128 * kStepMs && ms % kStepMs == 0; }

}  // namespace

bool SpeechConfig::is_for_speech(const fs::path& file) {
  const json object = read_plan(file);
  fs::path model;
  PlanReader(object, file).get_path("model", model, true);
  return ModelConfig::load(model).reads_frames();
}

SpeechConfig SpeechConfig::load(const fs::path& file) {
  const json object = read_plan(file);
  const PlanReader reader(object, file);
  SpeechConfig config;
  fs::path model;
  reader.get_path("model", model, true);
  config.model = ModelConfig::load(model);
  reader.get_path("lexicon", config.lexicon);
  const int symbols = config.lexicon.empty() ? kSymbols : kPhoneSymbols;
  reader.check("model", config.model.features == kStackedFeatures && config.model.vocab == symbols,
               "one with features " + std::to_string(kStackedFeatures) + " and vocab " + std::to_string(symbols) +
                   " to read speech");
  reader.check("model", config.model.summary_levels == 0, "one with summary_levels 0 to read speech");
  reader.get_path("output", config.output, true);
  config.train = sources(reader, "train");
  config.heldout = sources(reader, "heldout");
  reader.get_path("initial_weights", config.initial_weights);
  reader.get("seed", config.seed);
  reader.get("batch", config.batch);
  reader.get("seconds", config.seconds);
  reader.get("chunk_ms", config.chunk_ms);
  reader.get("augment", config.augment);
  reader.get("dropout", config.dropout);
  reader.get("intermediate_loss", config.intermediate_loss);
  reader.get("steps", config.steps, true);
  reader.get("learning_rate", config.learning_rate);
  reader.get("final_learning_rate", config.final_learning_rate);
  reader.get("warmup_steps", config.warmup_steps);
  reader.get("weight_decay", config.weight_decay);
  reader.get("clip", config.clip);
  reader.get("averaging", config.averaging);
  reader.get_choice("device", config.device, {{"cpu", Device::cpu}, {"cuda", Device::cuda}});
  reader.get("threads", config.threads);
  reader.get("evaluate_every", config.evaluate_every);
  reader.get("evaluate_chunk_ms", config.evaluate_chunk_ms);
  reader.get("evaluate_utterances", config.evaluate_utterances);
  reader.get("checkpoint_every_s", config.checkpoint_every_s);

  reader.check("train", !config.train.empty(), "a list of at least one source");
  reader.check("batch", config.batch >= 1 && config.batch <= 1024, "from 1 to 1024");
  reader.check("seconds", config.seconds >= 2 && config.seconds <= 120, "from 2 to 120");
  reader.check("chunk_ms", !config.chunk_ms.empty(), "a list of at least one length");
  const std::string chunks = "multiples of " + std::to_string(kStepMs) + " up to " + std::to_string(128 * kStepMs);
  for (const int ms : config.chunk_ms) reader.check("chunk_ms", is_chunk(ms), chunks);
  reader.check("evaluate_chunk_ms", is_chunk(config.evaluate_chunk_ms), chunks);
  reader.check("dropout", config.dropout >= 0 && config.dropout < 1, "from 0 to less than 1");
  reader.check("intermediate_loss", config.intermediate_loss >= 0 && config.intermediate_loss < 1,
               "from 0 to less than 1");
  reader.check("averaging", config.averaging >= 0 && config.averaging < 1, "from 0 to less than 1");
  reader.check("steps", config.steps >= 1, "at least 1");
  reader.check("evaluate_every", config.evaluate_every >= 1, "at least 1");
  reader.check("learning_rate", config.learning_rate > 0 && config.learning_rate < 1, "between 0 and 1");
  reader.check("clip", config.clip > 0, "positive");
  reader.refuse_others();
  return config;
}

}  // namespace catena::model
