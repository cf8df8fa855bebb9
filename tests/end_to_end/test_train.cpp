// catena train: interrupting and running out of disk lose nothing.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;

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
