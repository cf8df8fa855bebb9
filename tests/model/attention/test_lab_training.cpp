#include <fstream>

#include "lab_fixture.h"
#include "model/attention/lab_trainer.h"
#include "model/runtime/safetensors.h"
#include "model/text/token_file.h"

using namespace catena::test;
using namespace catena::model;

namespace {

/// A folder with a periodic corpus and a plan for it.
class LabCorpus {
 public:
  LabCorpus() {
    TokenFileWriter writer(folder_ / "corpus.tokens", 1, std::vector<std::uint16_t>(20, 1));
    std::vector<Token> tokens;
    for (int i = 0; i < 2000; ++i) tokens.push_back(static_cast<Token>((i * 7) % 17));
    writer.append(tokens);
    writer.finish();
  }
  LabPlan plan(const std::string& model, const std::string& more = "") {
    std::ofstream(folder_ / "my.model.json") << model;
    std::ofstream(folder_ / "plan.json")
        << R"({"model": "my.model.json", "output": "out", "train": [{"tokens": "corpus.tokens"}],
      "heldout": [{"tokens": "corpus.tokens"}], "batch": 2, "segment": 32, "steps": 30, "learning_rate": 1e-2,
      "warmup_steps": 3, "evaluate_tokens": 320, "threads": 1)"
        << more << "}";
    CHECK(LabPlan::is_in(folder_ / "plan.json"));
    return LabPlan::load(folder_ / "plan.json");
  }
  std::filesystem::path path() const { return folder_.path(); }

 private:
  catena::model::test::TemporaryFolder folder_;
};

std::string model_file(const std::string& system, const std::string& more = "") {
  return R"({"name": "m", "vocab": 20, "width": 16, "layers": 1, "heads": 2, "ffn": 16, "chunk_length": 8,
             "system": ")" +
         system + "\"" + more + "}";
}

std::vector<float> weights_in(const std::filesystem::path& folder) {
  std::vector<float> all;
  const SafetensorsFile file(folder / "model.safetensors");
  for (const auto& [name, tensor] : file.tensors()) {
    const std::vector<float> values = tensor.to_float();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

TEST_CASE("every system is trained from a plan that names it, and learns") {
  LabCorpus corpus;
  for (const std::string& system : system_names()) {
    INFO(system);
    std::filesystem::remove_all(corpus.path() / "out");
    std::vector<double> bits;
    TrainObserver observer;
    observer.evaluated = [&](std::int64_t, const std::vector<Evaluation>& all) {
      bits.push_back(all.at(0).from(0).bits_per_byte());
    };
    REQUIRE(train_lab(corpus.plan(model_file(system), R"(, "evaluate_every": 10)"), observer));
    REQUIRE(bits.size() == 3);
    CHECK(bits.back() < 0.8 * bits.front());
    CHECK(LabConfig::load(corpus.path() / "out" / "config.json").mixer.system == system);
  }
}

TEST_CASE("a lab training that is stopped and goes on ends with the weights of one that was not") {
  LabCorpus corpus;
  const LabPlan plan = corpus.plan(model_file("delta"));
  REQUIRE(train_lab(plan, {}));
  const std::vector<float> whole = weights_in(plan.training.output);
  std::filesystem::remove_all(plan.training.output);
  std::atomic<bool> stop = true;  // after the first step
  TrainObserver observer;
  observer.stop = &stop;
  REQUIRE_FALSE(train_lab(plan, observer));
  REQUIRE(train_lab(plan, {}));
  CHECK(weights_in(plan.training.output) == whole);
}

TEST_CASE("a lab plan refuses what it cannot do, in one line that names the key") {
  LabCorpus corpus;
  const auto refusal = [&](const std::string& model, const std::string& more = "") {
    return message_of([&] { corpus.plan(model, more); });
  };
  using Catch::Contains;
  CHECK_THAT(refusal(model_file("performer")),
             Contains("my.model.json") && Contains("no system 'performer'") && !Contains("\n"));
  CHECK_THAT(refusal(model_file("block", R"(, "heads": 0)")), Contains("heads is 0"));
  CHECK_THAT(refusal(model_file("linformer", R"(, "causal": false)")), Contains("causal") && Contains("next token"));
  CHECK_THAT(refusal(model_file("block", R"(, "max_length": 16)")),
             Contains("'segment' must be from 1 to the model's max_length 16"));
  CHECK_THAT(refusal(model_file("block"), R"(, "optimiser": "muon")"), Contains("'optimiser' is not offered"));
  CHECK(refusal(model_file("block")).empty());
}
