// Something small to train on.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "model/runtime/safetensors.h"
#include "model/text/token_file.h"
#include "model/train/train_config.h"
#include "tests/model/tiny_model.h"

namespace catena::model::test {

namespace fs = std::filesystem;

/// A folder with a periodic corpus, which a small model learns in a few steps.
class Corpus {
 public:
  Corpus() : folder_(fs::temp_directory_path() / ("catena-training-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    TokenFileWriter writer(folder_ / "corpus.tokens", 1, std::vector<std::uint16_t>(96, 1));
    std::vector<Token> tokens;
    for (int i = 0; i < 4000; ++i) tokens.push_back(static_cast<Token>((i * 7) % 17));
    writer.append(tokens);
    writer.finish();
  }
  ~Corpus() { fs::remove_all(folder_); }
  fs::path folder() const { return folder_; }

  TrainConfig config(const std::string& output, Carry carry) const {
    TrainConfig config;
    config.model = tiny_config(carry);
    config.train = {{{}, folder_ / "corpus.tokens", 1}};
    config.heldout = {{{}, folder_ / "corpus.tokens", 1}};
    config.output = folder_ / output;
    config.batch = 2;
    config.segment = 64;
    config.chunk_lengths = {16, 32};
    config.run_tokens = 256;
    config.steps = 40;
    config.warmup_steps = 4;
    config.learning_rate = 1e-2;
    config.threads = 1;
    config.precision = TrainPrecision::float32;
    config.save_precision = Precision::float32;
    config.evaluate_every = 1000;
    config.evaluate_tokens = 512;
    return config;
  }

 private:
  fs::path folder_;
};

inline std::vector<float> trained_values(const TrainConfig& config) {
  std::vector<float> all;
  const SafetensorsFile file(config.output / "model.safetensors");
  for (const auto& [name, tensor] : file.tensors()) {
    const std::vector<float> values = tensor.to_float();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace catena::model::test
