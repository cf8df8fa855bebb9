// A reader of speech is trained, goes on where it stopped, and reads the same in training form and in the runtime.
#include <atomic>
#include <cmath>
#include <fstream>
#include <sstream>

#include <torch/types.h>

#include <catch2/catch.hpp>

#include "model/runtime/frame_reader.h"
#include "model/runtime/weights.h"
#include "model/speech/speech_stream.h"
#include "model/tracker/tracker.h"
#include "model/train/speech_trainer.h"
#include "tests/model/speech/speech_fixture.h"
#include "tests/model/temporary_folder.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
using torch::Tensor;

namespace {

ModelConfig tiny_reader(Carry carry = Carry::delta) {
  ModelConfig config = tiny_config(carry, kSymbols);
  config.features = kStackedFeatures;
  return config;
}

void write_text(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

/// A folder with made-up speech and a plan.
std::filesystem::path plan_in(const TemporaryFolder& folder, const std::string& more,
                              const ModelConfig& model = tiny_reader()) {
  write_spoken(folder / "train.mel", 60, 1);
  write_spoken(folder / "dev.mel", 20, 2);
  model.save(folder / "tiny.json");
  write_text(
      folder / "plan.json",
      R"({"model": "tiny.json", "output": "out", "train": [{"utterances": "train.mel"}],
    "heldout": [{"utterances": "dev.mel"}],
    "batch": 4, "seconds": 4, "chunk_ms": [160, 320], "evaluate_chunk_ms": 320, "threads": 1, "warmup_steps": 20, )" +
          more + "}");
  return folder / "plan.json";
}

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the training form and the runtime read the same symbols") {
  ModelConfig config = tiny_reader(GENERATE(Carry::delta, Carry::linear, Carry::vector, Carry::none));
  config.around_taps = GENERATE(0, 5, 11);
  INFO(config.name);
  const auto weights = random_weights(config, 5);
  Parameters parameters(config, torch::kCPU, torch::kFloat);
  {
    const torch::NoGradGuard no_grad;
    for (const TensorSpec& spec : tensor_specs(config)) {
      std::vector<float> values = weights->to_float(spec.name);
      parameters.master(spec.name).data().copy_(torch::from_blob(values.data(), spec.shape, torch::kFloat));
    }
  }
  constexpr std::int64_t steps = 43, chunk = 8;  // the last chunk is shorter
  torch::manual_seed(9);
  const Tensor frames = torch::randn({1, steps, kStackedFeatures});
  const torch::NoGradGuard no_grad;
  const Tracker tracker(parameters);
  SegmentState segment = tracker.initial_state(1);
  const Tensor expected =
      tracker.symbol_logits(tracker.forward_embedded(tracker.embed_frames(frames), 1, chunk, segment));

  for (const Kernels* kernels : usable_kernels()) {
    INFO(kernels->name);
    FrameReader reader(weights, {}, *kernels);
    FrameState state(config);
    const float* data = frames.data_ptr<float>();
    for (std::int64_t begin = 0; begin < steps; begin += chunk) {
      const std::int64_t n = std::min(chunk, steps - begin);
      Tensor logits = torch::empty({n, kSymbols});
      reader.read_chunk(state, {data + begin * kStackedFeatures, static_cast<std::size_t>(n * kStackedFeatures)},
                        {logits.data_ptr<float>(), static_cast<std::size_t>(n * kSymbols)});
      const double largest = (logits - expected.slice(0, begin, begin + n)).abs().max().item<double>();
      CHECK(largest < 2e-4);
    }
    CHECK(state.frames() == steps);
    CHECK(state.chunks() == 6);
  }
}

TEST_CASE("a made-up language of sounds is learnt from its transcripts") {
  const TemporaryFolder folder;
  ModelConfig model = tiny_reader();
  model.shared_attention = false;  // as the readers that ship
  const SpeechConfig config = SpeechConfig::load(plan_in(
      folder,
      R"("steps": 250, "learning_rate": 0.01, "dropout": 0, "augment": false, "averaging": 0.9, "evaluate_every": 250)",
      model));
  std::vector<SpeechEvaluation> evaluations;
  SpeechObserver observer;
  observer.evaluated = [&](std::int64_t, const std::vector<SpeechEvaluation>& results) { evaluations = results; };
  REQUIRE(train_speech(config, observer));
  REQUIRE(evaluations.size() == 1);
  CHECK(evaluations[0].characters.percent() < 25);

  // What was written is what the program reads with.
  const SpeechModel reader = load_speech_model(folder / "out");
  SpeechStream stream(reader, {}, {.chunk_ms = 320});
  std::mt19937 random(77);
  const std::string said = "cab fed abe dace";
  stream.feed(spoken(" " + said + " ", random));
  stream.end_utterance();
  const std::string read = to_text(stream.take_settled());
  CHECK(character_errors(said, read).percent() < 20);
}

TEST_CASE("a training of speech that was stopped goes on as if it had not been") {
  const TemporaryFolder whole, halves;
  const std::string plan = R"("steps": 12, "learning_rate": 0.01, "evaluate_every": 100)";
  REQUIRE(train_speech(SpeechConfig::load(plan_in(whole, plan)), {}));
  std::atomic<bool> stop{true};
  SpeechObserver observer;
  observer.stop = &stop;
  const SpeechConfig config = SpeechConfig::load(plan_in(halves, plan));
  int runs = 1;
  for (; !train_speech(config, observer); ++runs) REQUIRE(runs < 20);
  CHECK(runs == 12);
  CHECK(contents(whole / "out/model.safetensors") == contents(halves / "out/model.safetensors"));
}

TEST_CASE("a plan that cannot be followed is refused with one line that names the key") {
  const TemporaryFolder folder;
  const auto load = [&](const std::string& more) { return SpeechConfig::load(plan_in(folder, more)); };
  CHECK_THROWS_WITH(load(R"("learning_rate": 0.01)"), Catch::Contains("'steps' is missing"));
  CHECK_THROWS_WITH(load(R"("steps": 5, "seconds": 0.1)"), Catch::Contains("'seconds' must be from 2 to 120"));
  CHECK_THROWS_WITH(load(R"("steps": 5, "evaluate_chunk_ms": 50)"),
                    Catch::Contains("'evaluate_chunk_ms' must be multiples of 40"));
  CHECK_THROWS_WITH(load(R"("steps": 5, "dropout": 1)"), Catch::Contains("'dropout'"));
  CHECK_THROWS_WITH(SpeechConfig::load(plan_in(folder, R"("steps": 5)", tiny_config(Carry::delta))),
                    Catch::Contains("features 640"));
  ModelConfig transformer = tiny_reader();
  transformer.carry = Carry::attention;
  CHECK_THROWS_WITH(transformer.validate(), Catch::Contains("reads tokens only"));
}

TEST_CASE("a changed plan, another model or a damaged checkpoint is told, and nothing is overwritten") {
  const TemporaryFolder folder;
  std::atomic<bool> stop{true};
  SpeechObserver observer;
  observer.stop = &stop;
  REQUIRE_FALSE(train_speech(SpeechConfig::load(plan_in(folder, R"("steps": 5)")), observer));
  const std::filesystem::path checkpoint = folder / "out/checkpoint/training.safetensors";
  const std::string before = contents(checkpoint);
  CHECK_THROWS_WITH(train_speech(SpeechConfig::load(plan_in(folder, R"("steps": 5, "seed": 2)")), {}),
                    Catch::Contains("another plan"));
  CHECK_THROWS_WITH(train_speech(SpeechConfig::load(plan_in(folder, R"("steps": 5)", tiny_reader(Carry::none))), {}),
                    Catch::Contains("does not fit"));
  CHECK(contents(checkpoint) == before);
  std::filesystem::resize_file(checkpoint, 100);
  CHECK_THROWS_WITH(train_speech(SpeechConfig::load(plan_in(folder, R"("steps": 5)")), {}),
                    Catch::Contains("training.safetensors"));
}
