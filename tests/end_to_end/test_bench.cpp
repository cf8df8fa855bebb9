// The keys that scripts read from the benches.
#include <catch2/catch.hpp>
#include <map>

#include "tests/end_to_end/fixture.h"

using namespace catena::test;

namespace {

nlohmann::json bench(const std::string& name) {
  const Finished result = run_catena({"bench", name, "--quick", "--json", "--model", tiny_model_folder().string()});
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  const auto objects = json_lines(result.out);
  REQUIRE(objects.size() == 1);
  return objects.front();
}

}  // namespace

TEST_CASE("bench flat: the state is as large after a long stream as after a short one, and a step allocates nothing") {
  const auto figures = bench("flat");
  CHECK(figures.at("state_bytes_1k").get<double>() > 0);
  CHECK(figures.at("state_bytes_100k") == figures.at("state_bytes_1k"));
  CHECK(figures.at("allocations_per_step") == 0);
  CHECK(figures.at("rss_growth_bytes").is_number());
  CHECK(figures.at("p95_last_over_first").get<double>() > 0);
}

TEST_CASE("bench step: a token costs at least the moving of its bytes") {
  CHECK(bench("step").at("step_over_floor").get<double>() > 0.5);
}

TEST_CASE("with a processor's features masked everything runs, on the kernels that bench names, and says the same") {
  const TemporaryFolder folder;
  const std::filesystem::path text = folder / "list.cpp";
  write_file(text, "for (int i = 0; i < count; ++i) total += items[i].pr");
  const std::string precision = GENERATE("float32", "bfloat16", "int8");
  CAPTURE(precision);
  const auto run = [&](std::vector<std::string> arguments, const std::string& kernels) {
    arguments.insert(arguments.end(), {"--json", "--precision", precision, "--model", tiny_model_folder().string()});
    Finished result = run_catena(arguments, {.environment = {{"CATENA_KERNELS", kernels}}});
    CAPTURE(result.err);
    REQUIRE(result.code == 0);
    return json_lines(result.out).front();
  };
  const auto step = run({"bench", "step", "--quick"}, "baseline");
  CHECK(step.at("kernels") == "baseline");
  CHECK(step.at("precision") == precision);
  const std::vector<std::string> complete{"complete", text.string(), "--max-tokens", "8"};
  const auto masked = run(complete, "baseline"), best = run(complete, "");
  CHECK(masked.at("text") == best.at("text"));
  CHECK(masked.at("mean_log_probability").get<double>() ==
        Approx(best.at("mean_log_probability").get<double>()).margin(1e-4));
}

TEST_CASE("kernels that this processor does not have are refused, with those that it has") {
  check_refused(run_catena({"bench", "step", "--quick", "--model", tiny_model_folder().string()},
                           {.environment = {{"CATENA_KERNELS", "abacus"}}}),
                {"CATENA_KERNELS", "'abacus'", "baseline"});
}

TEST_CASE("bench prefill: reading takes longer than its products alone") {
  const auto figures = bench("prefill");
  CHECK(figures.at("prefill_over_floor").get<double>() > 0.8);
  CHECK(figures.at("percent_of_product_rate").get<double>() > 0);
  CHECK(figures.at("tokens_per_s").get<double>() > 0);
}

TEST_CASE("bench bill: one line a system and length, with the keys that scripts read") {
  const Finished result = run_catena({"bench", "bill", "--lengths", "256", "512", "--runs", "1", "--json"});
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  std::map<std::string, nlohmann::json> by_system;
  for (const nlohmann::json& figures : json_lines(result.out)) {
    for (const char* key : {"length", "flops", "flops_counted", "time_ms", "peak_bytes", "state_bytes"})
      CHECK(figures.at(key).get<double>() > 0);
    CHECK(figures.at("state_bytes") == figures.at("state_bytes_formula"));
    const auto system = figures.at("system").get<std::string>();
    if (by_system.contains(system) && figures.at("streams").get<bool>()) {
      CHECK((figures.at("state_bytes") == by_system.at(system).at("state_bytes")) == (system != "attention"));
    }
    by_system[system] = figures;
  }
  for (const char* system : {"attention", "block", "linformer", "delta", "pyramid", "paired-regression"})
    REQUIRE(by_system.contains(system));
  CHECK(by_system.at("delta").at("flops") < by_system.at("attention").at("flops"));
}

TEST_CASE("bench bill --training: a step of whole models, with the same keys, against attention with full scores") {
  const Finished result = run_catena(
      {"bench", "bill", "--training", "--lengths", "512", "--batch", "4", "--layers", "1", "--steps", "1", "--json"});
  REQUIRE(result.code == 0);
  std::map<std::string, nlohmann::json> by_system;
  for (const nlohmann::json& figures : json_lines(result.out)) {
    for (const char* key : {"length", "flops", "time_ms", "peak_bytes", "state_bytes", "memory_reduction", "speedup"})
      CHECK(figures.at(key).get<double>() > 0);
    CHECK(figures.at("layers") == 1);
    by_system[figures.at("system").get<std::string>()] = figures;
  }
  REQUIRE(by_system.contains("delta"));
  CHECK(by_system.at("vector").at("flops") < by_system.at("attention, fused").at("flops"));
  REQUIRE(by_system.contains("attention, full scores"));
  CHECK(by_system.at("attention, full scores").at("memory_reduction") == 1);
  CHECK(by_system.at("attention, fused").at("memory_reduction") > 1);
  CHECK(by_system.at("vector").at("memory_reduction") > by_system.at("attention, fused").at("memory_reduction"));
}

TEST_CASE("bench train: a step of the model and of a Transformer of its size, below the rate of products alone") {
  const Finished result = run_catena({"bench", "train", "--quick", "--json", "--model", tiny_model_folder().string()});
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  const auto lines = json_lines(result.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("system") == "transformer");
  CHECK(lines[0].at("attention").is_string());
  CHECK(lines[1].at("speed_over_transformer").get<double>() > 0);
  for (const nlohmann::json& figures : lines) {
    for (const char* key : {"tokens_per_s", "step_ms", "peak_bytes", "flops_per_token", "product_flops_per_s"})
      CHECK(figures.at(key).get<double>() > 0);
    CHECK(figures.at("percent_of_product_rate").get<double>() > 0);
    CHECK(figures.at("percent_of_product_rate").get<double>() < 110);
  }
}

TEST_CASE("bench train refuses what the device cannot do, in one line") {
  check_refused(run_catena({"bench", "train", "--precision", "float16"}), {"'float16'", "GPU"});
  check_refused(run_catena({"bench", "train", "--model", "/nowhere"}), {"/nowhere"});
}

TEST_CASE("bench bill refuses a system that there is not and sizes that do not divide, in one line") {
  check_refused(run_catena({"bench", "bill", "--systems", "performer"}), {"'performer'", "linformer"});
  check_refused(run_catena({"bench", "bill", "--heads", "3"}), {"heads is 3", "divisor of width 128"});
  check_refused(run_catena({"bench", "bill", "--heads", "0"}), {"heads is 0"});
  check_refused(run_catena({"bench", "bill", "--training", "--precision", "float16"}), {"float16", "bfloat16"});
}

TEST_CASE("bench recall: a line a system, task and distance") {
  const Finished result = run_catena(
      {"bench", "recall", "--systems", "block", "linear", "--steps", "2", "--distances", "4", "16", "--json"});
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  const auto lines = json_lines(result.out);
  REQUIRE(lines.size() == 8);
  for (const nlohmann::json& line : lines) {
    CHECK(line.at("accuracy").get<double>() >= 0);
    CHECK(line.at("state_bytes").get<double>() > 0);
  }
}

TEST_CASE("bench models refuses a folder without a model and a token file of another vocabulary, in one line") {
  check_refused(run_catena({"bench", "models", "/nowhere", "--tokens", "/nowhere.tokens"}), {"/nowhere"});
}
