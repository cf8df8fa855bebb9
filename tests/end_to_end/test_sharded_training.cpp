// catena train in several processes that split the optimiser's state (ZeRO stage 1).
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <regex>

#include "model/runtime/safetensors.h"
#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;

namespace {

/// A plan of four streams in all whose gradients are clipped at every step. The rate is the same however many steps.
nlohmann::json plan_of(int processes, bool shard, int steps, const std::string& output) {
  return {{"batch", 4 / processes},
          {"shard_optimiser", shard},
          {"steps", steps},
          {"output", output},
          {"heldout", nlohmann::json::array()},
          {"clip", 0.01},
          {"learning_rate", 1e-2},
          {"final_learning_rate", 1},
          {"precision", "float32"},
          {"save_precision", "float32"}};
}

/// Runs all processes to their end, which must be a good one. Returns what each wrote to standard error.
std::vector<std::string> train_together(const fs::path& plan, int processes) {
  const std::vector<std::string> command{"train", plan.string()};
  std::vector<std::unique_ptr<Process>> all;
  for (int rank = 0; rank < processes; ++rank) {
    all.push_back(std::make_unique<Process>(command, processes == 1 ? Surroundings{} : one_of(processes, rank)));
  }
  std::vector<std::string> said;
  for (const auto& process : all) {
    const Finished result = process->wait();
    CAPTURE(result.err);
    REQUIRE(result.code == 0);
    said.push_back(result.err);
  }
  return said;
}

std::string checkpoint(const fs::path& output) { return read_file(output / "checkpoint" / "training.safetensors"); }

double bytes_held(const std::string& said, int rank) {
  std::smatch match;
  const std::regex line("process " + std::to_string(rank) + " of 2 holds ([0-9]+) bytes of optimiser state");
  REQUIRE(std::regex_search(said, match, line));
  return std::stod(match[1]);
}

std::vector<float> weights(const fs::path& output) {
  std::vector<float> all;
  const catena::model::SafetensorsFile file(output / "model.safetensors");
  for (const auto& [name, tensor] : file.tensors()) {
    const std::vector<float> values = tensor.to_float();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

TEST_CASE(
    "two processes that split the optimiser's state hold half of it each, and learn and save the same to the bit") {
  const TemporaryFolder folder;
  const std::string optimiser = GENERATE("adamw", "muon");
  const auto run = [&](bool shard, const std::string& output) {
    nlohmann::json plan = plan_of(2, shard, 5, output);
    plan["optimiser"] = optimiser;
    return train_together(write_train_config(folder.path(), plan), 2);
  };
  const auto whole = run(false, "whole"), split = run(true, "split");
  const double all = bytes_held(whole[0], 0);
  CHECK(bytes_held(whole[1], 1) == all);
  CHECK(bytes_held(split[0], 0) + bytes_held(split[1], 1) == all);
  CHECK(bytes_held(split[0], 0) == Approx(all / 2).epsilon(0.05));
  // In brackets, so that a failure does not print them.
  CHECK((read_file(folder / "split" / "model.safetensors") == read_file(folder / "whole" / "model.safetensors")));
  CHECK((checkpoint(folder / "split") == checkpoint(folder / "whole")));
}

TEST_CASE("a training goes on with the optimiser's state split or not, and with another number of processes") {
  const TemporaryFolder folder;
  train_together(write_train_config(folder.path(), plan_of(1, false, 8, "straight")), 1);
  const std::vector<float> expected = weights(folder / "straight");
  const auto run = [&](int processes, bool shard, int steps) {
    return train_together(write_train_config(folder.path(), plan_of(processes, shard, steps, "relay")), processes);
  };
  run(2, true, 2);
  CHECK(run(4, true, 4)[0].find("resumed at step 2") != std::string::npos);
  CHECK(run(2, false, 5)[0].find("resumed at step 4") != std::string::npos);
  CHECK(run(1, true, 6)[0].find("resumed at step 5") != std::string::npos);
  CHECK(run(2, true, 8)[0].find("resumed at step 6") != std::string::npos);
  const std::vector<float> relayed = weights(folder / "relay");
  REQUIRE(relayed.size() == expected.size());
  // Gradients of several streams are summed in another order: the last bits differ, and what AdamW makes of them.
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(relayed[i]) - expected[i], 2);
    length += std::pow(expected[i], 2);
  }
  CHECK(std::sqrt(difference / length) < 1e-4);
}
