// Bad input: one clear line, exit code 2, nothing written.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;
using Catch::Matchers::Contains;

namespace {

struct TextWithModel {
  TemporaryFolder folder;
  fs::path text = folder / "notes.md";
  fs::path model = folder / "model";

  TextWithModel() {
    write_file(text, "The list of items holds\n");
    copy_tiny_model(model);
  }
  Finished complete() const { return run_catena({"complete", text.string(), "--model", model.string()}); }
};

}  // namespace

TEST_CASE("a text file that is missing, a folder, binary or huge is refused by name") {
  TextWithModel here;
  SECTION("missing") { fs::remove(here.text); }
  SECTION("a folder") {
    fs::remove(here.text);
    fs::create_directory(here.text);
  }
  SECTION("binary") {
    write_file(here.text, std::string("\x7f"
                                      "ELF\0\0\0\1",
                                      8));
  }
  SECTION("200 MB") { fs::resize_file(here.text, 200'000'000); }
  const auto before = contents(here.model);
  check_refused(here.complete(), {here.text.string()});
  CHECK(contents(here.model) == before);
}

TEST_CASE("a place behind the end of the file is refused, with the file's size") {
  const TextWithModel here;
  check_refused(run_catena({"complete", here.text.string(), "--at", "1000", "--model", here.model.string()}),
                {"--at", "1000", here.text.string(), "24 bytes"});
}

TEST_CASE("a model folder with a missing, truncated or foreign part is refused by that part's name") {
  const TextWithModel here;
  std::string part;
  SECTION("no folder") {
    fs::remove_all(here.model);
    part = here.model.string();
  }
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.model"}) {
    SECTION(std::string("no ") + name) {
      fs::remove(here.model / name);
      part = (here.model / name).string();
    }
    SECTION(std::string("half of ") + name) {
      fs::resize_file(here.model / name, fs::file_size(here.model / name) / 2);
      part = (here.model / name).string();
    }
    SECTION(std::string("something else as ") + name) {
      write_file(here.model / name, "GIF89a, not what was expected here\n");
      part = (here.model / name).string();
    }
    SECTION(std::string("nothing in ") + name) {
      write_file(here.model / name, "");
      part = (here.model / name).string();
    }
  }
  check_refused(here.complete(), {part});
}

TEST_CASE("a tokenizer that does not fit the weights is refused, naming both vocabularies") {
  const TextWithModel here;
  auto config = nlohmann::json::parse(read_file(here.model / "config.json"));
  SECTION("weights of another vocabulary") {
    const TemporaryFolder other;
    write_train_config(other.path(), {{"steps", 1}});
    const Finished trained = run_catena({"train", (other / "train.json").string()});
    INFO(trained.err);
    REQUIRE(trained.code == 0);
    for (const char* name : {"config.json", "model.safetensors"}) {
      fs::copy_file(other / "trained" / name, here.model / name, fs::copy_options::overwrite_existing);
    }
    check_refused(here.complete(), {"64", "512"});
  }
  SECTION("a config that was edited") {
    config["vocab"] = 500;
    write_file(here.model / "config.json", config.dump());
    check_refused(here.complete(), {"model.safetensors"});
  }
}

TEST_CASE("an unknown command, an unknown option and a value out of bounds are refused, pointing at --help") {
  const TextWithModel here;
  const std::string text = here.text.string();
  check_refused(run_catena({"compleet"}), {"compleet", "--help"});
  check_refused(run_catena({"complete"}), {"FILE", "--help"});
  check_refused(run_catena({"complete", text, "--fast"}), {"--fast", "--help"});
  check_refused(run_catena({"complete", text, "--max-tokens", "0"}), {"--max-tokens", "--help"});
  check_refused(run_catena({"complete", text, "--max-tokens", "many"}), {"--max-tokens", "--help"});
  check_refused(run_catena({"complete", text, "--device", "warp"}), {"--device", "--help"});
  check_refused(run_catena({"complete", text, "--chunk", "1000"}), {"--chunk", "--help"});
  check_refused(run_catena({"complete", text, "--chunk", "3", "--model", here.model.string()}), {"chunk"});
  check_refused(run_catena({"eval"}), {"--help"});
  check_refused(run_catena({"bench"}), {"--help"});
  check_refused(run_catena({"bench", "everything"}), {"--help"});
  check_refused(run_catena({"train"}), {"CONFIG", "--help"});
}

TEST_CASE("a device that this machine or build lacks is named: a bench refuses it, a completion comes from the CPU") {
  const TextWithModel here;
  if (fs::exists("/dev/nvidiactl")) return;
  check_refused(run_catena({"bench", "step", "--quick", "--device", "cuda", "--model", here.model.string()}), {"cuda"});
  const auto complete = [&](const std::string& device) {
    return run_catena({"complete", here.text.string(), "--device", device, "--model", here.model.string()});
  };
  const Finished here_and_there = complete("cuda"), on_cpu = complete("cpu");
  CHECK(here_and_there.code == 0);
  CHECK(here_and_there.out == on_cpu.out);
  CHECK_THAT(here_and_there.err, Contains("cuda") && Contains("going on on the CPU"));
  CHECK(std::count(here_and_there.err.begin(), here_and_there.err.end(), '\n') == 1);
  CHECK(on_cpu.err.empty());
}

TEST_CASE("files to evaluate and token files to bench are checked before any work") {
  const TextWithModel here;
  check_refused(run_catena({"eval", "text", (here.folder / "none.cpp").string(), "--model", here.model.string()}),
                {"none.cpp"});
  check_refused(
      run_catena({"bench", "flat", "--quick", "--tokens", here.text.string(), "--model", here.model.string()}),
      {here.text.string()});
}

TEST_CASE("a training plan that is missing, broken or senseless is refused by file and key, and nothing is written") {
  const TemporaryFolder folder;
  const fs::path plan = write_train_config(folder.path());
  const auto changed = [&](const nlohmann::json& changes) { write_train_config(folder.path(), changes); };
  std::vector<std::string> named{plan.string()};
  SECTION("missing") { fs::remove(plan); }
  SECTION("not JSON") { write_file(plan, "steps: 100\n"); }
  SECTION("JSON, but a list") { write_file(plan, "[1, 2]"); }
  SECTION("no steps") {
    auto object = nlohmann::json::parse(read_file(plan));
    object.erase("steps");
    write_file(plan, object.dump());
    named.emplace_back("'steps'");
  }
  SECTION("steps below one") {
    changed({{"steps", 0}});
    named.emplace_back("'steps'");
  }
  SECTION("a word where a number belongs") {
    changed({{"learning_rate", "fast"}});
    named.emplace_back("'learning_rate'");
  }
  SECTION("a batch of nothing") {
    changed({{"batch", 0}});
    named.emplace_back("'batch'");
  }
  SECTION("no source") {
    changed({{"train", nlohmann::json::array()}});
    named.emplace_back("'train'");
  }
  SECTION("a key misspelt") {
    changed({{"optimizer", "muon"}});
    named.emplace_back("'optimizer'");
  }
  SECTION("an unknown device") {
    changed({{"device", "warp"}});
    named.emplace_back("'device'");
  }
  SECTION("a segment that no chunk divides") {
    changed({{"segment", 100}});
    named.emplace_back("'segment'");
  }
  SECTION("a model file that is missing") {
    fs::remove(folder / "model.json");
    named = {"model.json"};
  }
  SECTION("a token file that is missing") {
    fs::remove(folder / "text.tokens");
    named = {"text.tokens"};
  }
  SECTION("a token file that is truncated") {
    fs::resize_file(folder / "text.tokens", 1000);
    named = {"text.tokens"};
  }
  SECTION("a token file of another vocabulary") {
    auto model = nlohmann::json::parse(read_file(folder / "model.json"));
    model["vocab"] = 96;
    write_file(folder / "model.json", model.dump());
    named = {"text.tokens"};
  }
  const auto before = contents(folder.path());
  check_refused(run_catena({"train", plan.string()}), named);
  CHECK(contents(folder.path()) == before);
}
