#include "tests/end_to_end/fixture.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "model/text/token_file.h"
#include "model/text/tokenizer_training.h"
#include "tests/model/tiny_model.h"

namespace catena::test {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const fs::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream << bytes;
  if (!stream.flush()) throw std::runtime_error(file.string() + ": cannot be written");
}

const fs::path& tiny_model_folder() {
  static const TemporaryFolder folder;
  static const fs::path model = [] {
    // Enough different words for 512 entries: prose and code.
    const fs::path source = CATENA_SOURCE;
    write_file(folder / "sample.txt", read_file(source / "LICENSE") + read_file(source / "model/config.h"));
    const fs::path result = folder / "tiny";
    model::test::write_random_model(result, model::test::tiny_config(model::Carry::delta, 512));
    const std::vector<model::TokenizerSource> sources{{folder / "sample.txt"}};
    model::train_tokenizer(sources, {.vocab = 512}, result / "tokenizer.model");
    return result;
  }();
  return model;
}

void copy_tiny_model(const fs::path& to) { fs::copy(tiny_model_folder(), to, fs::copy_options::recursive); }

fs::path write_train_config(const fs::path& folder, const nlohmann::json& changes) {
  const model::ModelConfig config = model::test::tiny_config(model::Carry::delta, 64);
  config.save(folder / "model.json");
  model::TokenFileWriter writer(folder / "text.tokens", 1, std::vector<std::uint16_t>(64, 3));
  writer.append(model::test::random_tokens(config, 8192));
  writer.finish();
  nlohmann::json plan = {{"model", "model.json"},
                         {"output", "trained"},
                         {"train", {{{"tokens", "text.tokens"}}}},
                         {"heldout", {{{"tokens", "text.tokens"}}}},
                         {"batch", 2},
                         {"segment", 64},
                         {"chunk_lengths", {16, 32}},
                         {"run_tokens", 512},
                         {"steps", 4},
                         {"warmup_steps", 1},
                         {"threads", 1},
                         {"evaluate_tokens", 512}};
  if (!changes.is_null()) plan.update(changes);
  write_file(folder / "train.json", plan.dump(1));
  return folder / "train.json";
}

Surroundings one_of(int size, int rank) {
  const std::string port = std::to_string(20000 + ::getpid() % 20000);
  return {.environment = {{"RANK", std::to_string(rank)},
                          {"WORLD_SIZE", std::to_string(size)},
                          {"MASTER_ADDR", "127.0.0.1"},
                          {"MASTER_PORT", port}}};
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> result;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) result[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  }
  return result;
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result.push_back(nlohmann::json::parse(line));
  return result;
}

void check_refused(const Finished& result, const std::vector<std::string>& named) {
  CAPTURE(result.err);
  CHECK(result.code == 2);
  CHECK(result.out.empty());
  CHECK(result.err.rfind("catena: ", 0) == 0);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  for (const std::string& name : named) {
    CAPTURE(name);
    CHECK(result.err.find(name) != std::string::npos);
  }
}

}  // namespace catena::test
