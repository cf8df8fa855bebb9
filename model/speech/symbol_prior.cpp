#include "model/speech/symbol_prior.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

#include "model/runtime/atomic_file.h"
#include "model/runtime/frame_reader.h"
#include "model/speech/frame_stack.h"
#include "model/speech/log_softmax.h"
#include "model/speech/symbols.h"

namespace catena::model {
namespace {

char name_of(std::size_t symbol) {
  if (symbol == kBlank) return '.';
  return symbol == kSpace ? '_' : letter_of(static_cast<Symbol>(symbol));
}

}  // namespace

std::vector<float> symbol_prior_of(const std::shared_ptr<const Weights>& weights,
                                   std::span<const std::shared_ptr<const UtteranceFile>> files, int chunk_ms) {
  FrameReader reader(weights, {});
  const auto symbols = static_cast<std::size_t>(reader.config().vocab),
             longest = static_cast<std::size_t>(std::clamp(chunk_ms / kStepMs, 1, block_tokens));
  std::vector<double> sums(symbols, 0.0);
  double steps = 0;
  std::vector<float> inputs, logits(longest * symbols);
  for (const auto& file : files) {
    for (const Utterance& utterance : file->utterances()) {
      inputs.clear();
      const std::vector<float> mels = file->mels(utterance);
      FrameStack stack;
      for (std::size_t t = 0; t < mels.size(); t += kMelBands)
        stack.feed(std::span(mels).subspan(t, kMelBands), inputs);
      FrameState state(reader.config());
      for (std::span<const float> left(inputs); !left.empty();) {
        const std::size_t count = std::min(longest, left.size() / kStackedFeatures);
        reader.read_chunk(state, left.first(count * kStackedFeatures), std::span(logits).first(count * symbols));
        left = left.subspan(count * kStackedFeatures);
        for (std::size_t t = 0; t < count; ++t) {
          const std::span<float> row = std::span(logits).subspan(t * symbols, symbols);
          log_softmax(row);
          for (std::size_t s = 0; s < symbols; ++s) sums[s] += std::exp(static_cast<double>(row[s]));
        }
        steps += static_cast<double>(count);
      }
    }
  }
  if (steps == 0) throw std::runtime_error("there is no speech in these files to count symbols in");
  std::vector<float> prior;
  for (const double sum : sums) prior.push_back(static_cast<float>(sum / steps));
  return prior;
}

void save_symbol_prior(std::span<const float> prior, const std::filesystem::path& path) {
  AtomicFile file(path);
  for (std::size_t s = 0; s < prior.size(); ++s) {
    char line[48];
    std::snprintf(line, sizeof line, "%c\t%.6f\n", name_of(s), static_cast<double>(prior[s]));
    file.stream() << line;
  }
  file.commit();
}

std::vector<float> load_symbol_prior(const std::filesystem::path& path, int symbols) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("'" + path.string() + "' cannot be opened; is the model folder complete?");
  std::vector<float> prior;
  char name = 0;
  for (float share = 0; file >> name >> share;) {
    const bool expected =
        prior.size() < static_cast<std::size_t>(symbols) && name == name_of(prior.size()) && share > 0 && share < 1;
    if (!expected) break;
    prior.push_back(share);
  }
  if (!file.eof() || prior.size() != static_cast<std::size_t>(symbols)) {
    throw std::runtime_error("'" + path.string() + "' line " + std::to_string(prior.size() + 1) + " is wrong; " +
                             std::to_string(symbols) +
                             " lines of a symbol and its share are expected; copy the model folder again");
  }
  return prior;
}

}  // namespace catena::model
