// catena train: interrupting and running out of disk lose nothing.
#include <catch2/catch.hpp>
#include <csignal>
#include <sstream>
#include <thread>
#include <unistd.h>

#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;

namespace {

/// What torchrun tells process `rank` of two.
Surroundings one_of_two(int rank) {
  const std::string port = std::to_string(20000 + ::getpid() % 20000);
  return {.environment = {{"RANK", std::to_string(rank)}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", port}}};
}

/// Loss of the last line of log.csv.
double logged_loss(const fs::path& log) {
  std::istringstream lines(read_file(log));
  std::string line, last;
  while (std::getline(lines, line)) last = line;
  std::istringstream fields(last);
  std::string field;
  for (int i = 0; i < 3; ++i) std::getline(fields, field, ',');
  return std::stod(field);
}

}  // namespace

TEST_CASE("a finished training leaves a model that loads, and says so") {
  const TemporaryFolder folder;
  const Finished result = run_catena({"train", write_train_config(folder.path()).string()});
  CAPTURE(result.err);
  CHECK(result.code == 0);
  CHECK(result.err.find("finished") != std::string::npos);
  CHECK(fs::exists(folder / "trained" / "config.json"));
  CHECK(fs::exists(folder / "trained" / "model.safetensors"));
}

TEST_CASE("Ctrl-C keeps the checkpoint, and the same command goes on from it") {
  const TemporaryFolder folder;
  const fs::path plan = write_train_config(folder.path(), {{"steps", 1000000}, {"evaluate_every", 1000000}});
  {
    Process training({"train", plan.string()});
    REQUIRE(training.says("step 1"));
    training.send(SIGINT);
    const Finished result = training.wait(std::chrono::seconds(60));
    CAPTURE(result.err);
    CHECK(result.code == 130);
    CHECK(result.err.find("checkpoint is saved") != std::string::npos);
  }
  REQUIRE(fs::exists(folder / "trained" / "checkpoint"));
  Process again({"train", plan.string()});
  CHECK(again.says("resum"));
  again.send(SIGINT);
  CHECK(again.wait(std::chrono::seconds(60)).code == 130);
}

TEST_CASE("a disk that fills up while saving is a failure in one line, and what was saved before stays") {
  const TemporaryFolder folder;
  const fs::path plan = write_train_config(folder.path());
  REQUIRE(run_catena({"train", plan.string()}).code == 0);
  const auto saved = [&] {
    auto files = contents(folder / "trained");
    files.erase("log.csv");  // grows with every step
    return files;
  };
  const auto before = saved();
  write_train_config(folder.path(), {{"steps", 8}});
  const Finished result = run_catena({"train", plan.string()}, {.largest_file = 16 << 10});
  CAPTURE(result.err);
  CHECK(result.code == 1);
  CHECK(result.err.find("trained") != std::string::npos);
  CHECK(saved() == before);
}

TEST_CASE("two processes with one stream each learn what one process with two streams learns") {
  const TemporaryFolder folder;
  const nlohmann::json plan = {{"steps", 6}, {"precision", "float32"}, {"save_precision", "float32"}};
  REQUIRE(run_catena({"train", write_train_config(folder.path(), plan).string()}).code == 0);
  nlohmann::json half = plan;
  half["batch"] = 1;
  half["output"] = "together";
  const std::vector<std::string> command{"train", write_train_config(folder.path(), half).string()};
  {
    Process second(command, one_of_two(1));
    const Finished first = run_catena(command, one_of_two(0));
    CAPTURE(first.err);
    REQUIRE(first.code == 0);
    REQUIRE(second.wait().code == 0);
  }
  CHECK(logged_loss(folder / "together" / "log.csv") == Approx(logged_loss(folder / "trained" / "log.csv")).epsilon(1e-4));
  // One process goes on from what two have saved.
  half["batch"] = 2;
  half["steps"] = 8;
  const Finished alone = run_catena({"train", write_train_config(folder.path(), half).string()});
  CAPTURE(alone.err);
  CHECK(alone.code == 0);
  CHECK(alone.err.find("resumed at step 6") != std::string::npos);
}

TEST_CASE("when a process dies the others end with one clear line, and all go on from the last checkpoint") {
  const TemporaryFolder folder;
  const std::vector<std::string> command{
      "train", write_train_config(folder.path(), {{"batch", 1}, {"steps", 1000000}, {"evaluate_every", 1000000}, {"checkpoint_every_s", 0.2}}).string()};
  {
    Process first(command, one_of_two(0)), second(command, one_of_two(1));
    REQUIRE(first.says("step "));
    for (int i = 0; i < 100 && !fs::exists(folder / "trained" / "checkpoint" / "training.safetensors"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    second.send(SIGKILL);
    const Finished result = first.wait(std::chrono::seconds(60));
    CAPTURE(result.err);
    CHECK(result.code == 1);
    CHECK(result.err.find("lost another one; start them all again") != std::string::npos);
  }
  Process first(command, one_of_two(0)), second(command, one_of_two(1));
  CHECK(first.says("resumed at step"));
  REQUIRE(first.says("step "));
  second.send(SIGINT);  // Ctrl-C for one of them stops all
  CHECK(first.wait(std::chrono::seconds(60)).code == 130);
  CHECK(second.wait(std::chrono::seconds(60)).code == 130);
}
