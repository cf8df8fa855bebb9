// catena train: interrupting and running out of disk lose nothing.
#include <catch2/catch.hpp>
#include <csignal>
#include <limits>
#include <random>
#include <sstream>
#include <thread>

#include "model/runtime/safetensors.h"
#include "model/text/token_file.h"
#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;

namespace {

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

/// Puts a NaN where the last stream's regression memory is in a checkpoint.
void poison_last_stream(const fs::path& checkpoint) {
  using namespace catena::model;
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
  {
    const SafetensorsFile file(checkpoint);
    metadata = file.metadata();
    for (const auto& [name, tensor] : file.tensors()) {
      tensors.push_back({name, tensor.shape, tensor.to_float()});
      if (name == "memory.0") tensors.back().values.back() = std::numeric_limits<float>::quiet_NaN();
    }
  }
  write_safetensors(checkpoint, tensors, DType::float32, metadata);
}

bool is_png(const fs::path& file) { return read_file(file).rfind("\x89PNG", 0) == 0; }

}  // namespace

TEST_CASE("a finished training leaves a model that loads, and says so") {
  const TemporaryFolder folder;
  const Finished result = run_catena({"train", write_train_config(folder.path()).string()});
  CAPTURE(result.err);
  CHECK(result.code == 0);
  CHECK(result.err.find("finished") != std::string::npos);
  CHECK(fs::exists(folder / "trained" / "config.json"));
  CHECK(fs::exists(folder / "trained" / "model.safetensors"));
#ifdef CATENA_WITH_GUI
  CHECK(is_png(folder / "trained" / "loss.png"));
#else
  CHECK(result.err.find("catena plot " + (folder / "trained" / "log.csv").string()) != std::string::npos);
#endif
}

#ifdef CATENA_WITH_GUI
TEST_CASE("logs are drawn over each other into a PNG, any column over any other") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "a");
  write_file(folder / "a" / "log.csv", "step,tokens,loss\n1,10,5\n2,20,nan\n3,30,4\n");
  write_file(folder / "b.csv", "step,tokens,loss\n1,10,6\n2,20,3\n3,30");  // the last line is being written
  const std::vector<std::string> command{"plot", (folder / "a" / "log.csv").string(), (folder / "b.csv").string(), "-o",
                                         (folder / "plot.png").string()};
  const Finished result = run_catena(command);
  CAPTURE(result.err);
  CHECK(result.code == 0);
  CHECK(is_png(folder / "plot.png"));
  auto logarithmic = command;
  logarithmic.insert(logarithmic.end(), {"--x", "step", "--log-x", "--log-y"});
  const std::string before = read_file(folder / "plot.png");
  CHECK(run_catena(logarithmic).code == 0);
  CHECK(is_png(folder / "plot.png"));
  CHECK(read_file(folder / "plot.png") != before);
}

TEST_CASE("a log that is missing, empty or torn, and a column that is missing or no number, are refused by name") {
  const TemporaryFolder folder;
  const fs::path log = folder / "log.csv", png = folder / "plot.png";
  std::vector<std::string> more, named{log.string()};
  write_file(log, "step,tokens,name,loss\n1,10,x,5\n");
  SECTION("missing") { fs::remove(log); }
  SECTION("a folder") {
    fs::remove(log);
    fs::create_directory(log);
  }
  SECTION("empty") { write_file(log, ""); }
  SECTION("no line yet") { write_file(log, "step,tokens,loss\n"); }
  SECTION("a line too short") {
    write_file(log, "step,tokens,loss\n1,2\n");
    named.emplace_back("line 2");
  }
  SECTION("no such column") {
    more = {"--y", "speed"};
    named.emplace_back("'speed'");
    named.emplace_back("step, tokens, name, loss");
  }
  SECTION("no numbers") {
    more = {"--y", "name"};
    named.emplace_back("'x'");
  }
  SECTION("nothing to draw") {
    write_file(log, "tokens,loss\n1,nan\n");
    named = {"no point to draw"};
  }
  std::vector<std::string> command{"plot", log.string(), "-o", png.string()};
  command.insert(command.end(), more.begin(), more.end());
  check_refused(run_catena(command), named);
  CHECK_FALSE(fs::exists(png));
}
#endif

TEST_CASE("a corpus of arbitrary bytes is packed and trained on: what is no text is spelt byte by byte") {
  const TemporaryFolder folder;
  std::string garbage = "<|file|>a\n";
  std::mt19937 random(5);
  for (int i = 0; i < 4000; ++i) garbage += static_cast<char>(random() % 256);  // NUL and invalid UTF-8 among them
  write_file(folder / "garbage.txt", garbage);
  copy_tiny_model(folder / "tiny");
  write_train_config(folder.path(), {{"model", "tiny/config.json"},
                                     {"tokenizer", {{"path", "tiny/tokenizer.model"}}},
                                     {"train", {{{"text", "garbage.txt"}, {"tokens", "garbage.tokens"}}}},
                                     {"heldout", nlohmann::json::array()}});
  const Finished result = run_catena({"train", (folder / "train.json").string()});
  CAPTURE(result.err);
  CHECK(result.code == 0);
  CHECK(catena::model::TokenFile(folder / "garbage.tokens").text_bytes() ==
        garbage.size() - std::string("<|file|>").size());
}

TEST_CASE("an empty corpus is refused by the name of its token file") {
  const TemporaryFolder folder;
  write_file(folder / "empty.txt", "");
  copy_tiny_model(folder / "tiny");
  write_train_config(folder.path(), {{"model", "tiny/config.json"},
                                     {"tokenizer", {{"path", "tiny/tokenizer.model"}}},
                                     {"train", {{{"text", "empty.txt"}, {"tokens", "empty.tokens"}}}},
                                     {"heldout", nlohmann::json::array()}});
  const Finished result = run_catena({"train", (folder / "train.json").string()});
  CAPTURE(result.err);
  CHECK(result.code == 2);
  CHECK(result.err.find("empty.tokens: holds nothing to predict") != std::string::npos);
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
    files.erase("log.csv");  // these grow as the training goes on
    files.erase("heldout.csv");
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
  const nlohmann::json plan = {
      {"steps", 6}, {"precision", "float32"}, {"save_precision", "float32"}, {"auxiliary_loss", GENERATE(0.0, 0.5)}};
  REQUIRE(run_catena({"train", write_train_config(folder.path(), plan).string()}).code == 0);
  nlohmann::json half = plan;
  half["batch"] = 1;
  half["output"] = "together";
  const std::vector<std::string> command{"train", write_train_config(folder.path(), half).string()};
  {
    Process second(command, one_of(2, 1));
    const Finished first = run_catena(command, one_of(2, 0));
    CAPTURE(first.err);
    REQUIRE(first.code == 0);
    REQUIRE(second.wait().code == 0);
  }
  CHECK(logged_loss(folder / "together" / "log.csv") ==
        Approx(logged_loss(folder / "trained" / "log.csv")).epsilon(1e-4));
  // One process goes on from what two have saved.
  half["batch"] = 2;
  half["steps"] = 8;
  const Finished alone = run_catena({"train", write_train_config(folder.path(), half).string()});
  CAPTURE(alone.err);
  CHECK(alone.code == 0);
  CHECK(alone.err.find("resumed at step 6") != std::string::npos);
}

TEST_CASE("a gradient that is not finite in one of two processes is skipped by both, as by one process alone") {
  const TemporaryFolder folder;
  nlohmann::json plan = {
      {"steps", 3}, {"precision", "float32"}, {"save_precision", "float32"}, {"run_tokens", 1e6}, {"loss_scale", 1024}};
  REQUIRE(run_catena({"train", write_train_config(folder.path(), plan).string()}).code == 0);
  poison_last_stream(folder / "trained" / "checkpoint" / "training.safetensors");
  fs::copy(folder / "trained", folder / "together", fs::copy_options::recursive);
  plan["steps"] = 8;
  const Finished alone = run_catena({"train", write_train_config(folder.path(), plan).string()});
  CAPTURE(alone.err);
  REQUIRE(alone.code == 0);
  CHECK(alone.err.find("step 3: gradient is not finite, step skipped") != std::string::npos);
  plan["batch"] = 1;
  plan["output"] = "together";
  plan["shard_optimiser"] = GENERATE(false, true);
  const std::vector<std::string> command{"train", write_train_config(folder.path(), plan).string()};
  Process second(command, one_of(2, 1));
  const Finished first = run_catena(command, one_of(2, 0));
  CAPTURE(first.err);
  REQUIRE(first.code == 0);
  REQUIRE(second.wait().code == 0);
  CHECK(first.err.find("step 3: gradient is not finite, step skipped") != std::string::npos);
  CHECK(first.err.find("step 4: gradient") == std::string::npos);
  CHECK(logged_loss(folder / "together" / "log.csv") ==
        Approx(logged_loss(folder / "trained" / "log.csv")).epsilon(1e-4));
}

TEST_CASE("when a process dies the others end with one clear line, and all go on from the last checkpoint") {
  const TemporaryFolder folder;
  const std::vector<std::string> command{"train",
                                         write_train_config(folder.path(), {{"batch", 1},
                                                                            {"steps", 1000000},
                                                                            {"evaluate_every", 1000000},
                                                                            {"checkpoint_every_s", 0.2},
                                                                            {"shard_optimiser", GENERATE(false, true)}})
                                             .string()};
  {
    Process first(command, one_of(2, 0)), second(command, one_of(2, 1));
    REQUIRE(first.says("step "));
    for (int i = 0; i < 100 && !fs::exists(folder / "trained" / "checkpoint" / "training.safetensors"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    second.send(SIGKILL);
    const Finished result = first.wait(std::chrono::seconds(60));
    CAPTURE(result.err);
    CHECK(result.code == 1);
    CHECK(result.err.find("lost another one; start them all again") != std::string::npos);
  }
  Process first(command, one_of(2, 0)), second(command, one_of(2, 1));
  CHECK(first.says("resumed at step"));
  REQUIRE(first.says("step "));
  second.send(SIGINT);  // Ctrl-C for one of them stops all
  CHECK(first.wait(std::chrono::seconds(60)).code == 130);
  CHECK(second.wait(std::chrono::seconds(60)).code == 130);
}
