#include "model/text/tokenizer_training.h"


#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/text/document_reader.h"
#include "model/text/segmenter.h"
#include "model/text/sentencepiece/library.h"

namespace catena::model {
namespace {

using Counts = std::unordered_map<std::string, double>;

constexpr std::uint64_t stride_bytes = 256 << 10;  // text is sampled in stretches of about this size
constexpr double total_weight = 1e8;               // segments' weights are scaled to this sum before rounding
constexpr int tab_pieces = 6;

// Counts the segments of the stretches that the sample takes. Adds to `counts` with weights that sum to `share`.
std::uint64_t count(const TokenizerSource& source, std::uint64_t sample_bytes, Counts& counts,
                    const std::stop_token& stop) {
  DocumentReader reader(source.file);
  const double rate = std::min(
      1.0, static_cast<double>(sample_bytes) / static_cast<double>(std::max<std::uint64_t>(1, reader.bytes_total())));
  std::unordered_map<std::string, std::uint64_t> here;
  std::uint64_t segments = 0;
  const auto emit = [&](std::string_view segment, bool raw) {
    if (raw || segment == "\n") return;
    ++here[std::string(segment)];
    ++segments;
  };
  Segmenter segmenter;
  DocumentReader::Event event;
  std::uint64_t at = 0;
  std::uint64_t sampled = 0;
  bool taking = true;
  while (reader.next(event) && !stop.stop_requested()) {
    // A stretch is taken when the running sample lags behind its share of what was read.
    const std::uint64_t before = at / stride_bytes;
    at += event.control ? to_string(*event.control).size() : event.text.size();
    if (at / stride_bytes != before) taking = static_cast<double>(sampled) <= rate * static_cast<double>(at);
    if (!taking || event.control) {
      segmenter.flush(emit);
      continue;
    }
    segmenter.feed(event.text, emit);
    sampled += event.text.size();
  }
  segmenter.flush(emit);
  for (const auto& [segment, number] : here) {
    counts[segment] += source.share * static_cast<double>(number) / static_cast<double>(segments);
  }
  return sampled;
}

std::string join(const std::vector<std::string>& parts) {
  std::string result;
  for (const std::string& part : parts) result += (result.empty() ? "" : ",") + part;
  return result;
}

// Newline, runs of tabs and runs of spaces (which SentencePiece spells U+2581) are pieces whatever the corpus says.
std::string blank_pieces() {
  std::vector<std::string> pieces = {"\n"};
  for (int n = 1; n <= tab_pieces; ++n) pieces.emplace_back(static_cast<std::size_t>(n), '\t');
  std::string run = "\xE2\x96\x81";
  for (std::size_t n = 2; n <= Segmenter::max_blanks; ++n) pieces.push_back(run += "\xE2\x96\x81");
  return join(pieces);
}

// Heaviest first, ties by text: the order does not depend on hashing.
std::vector<std::string> lines_of(const Counts& counts, double share_sum, int least_count) {
  std::vector<std::pair<std::uint64_t, std::string>> weighted;
  for (const auto& [segment, weight] : counts) {
    const auto scaled = static_cast<std::uint64_t>(std::llround(weight / share_sum * total_weight));
    if (scaled >= static_cast<std::uint64_t>(least_count) && segment.find('\t') == std::string::npos)
      weighted.emplace_back(scaled, segment);
  }
  std::sort(weighted.begin(), weighted.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<std::string> lines;
  for (auto& [weight, segment] : weighted) lines.push_back(std::move(segment) + '\t' + std::to_string(weight));
  return lines;
}

}  // namespace

TokenizerTrainingResult train_tokenizer(std::span<const TokenizerSource> sources, const TokenizerTraining& options,
                                        const std::filesystem::path& out, std::stop_token stop) {
  TokenizerTrainingResult result;
  Counts counts;
  double share_sum = 0;
  for (const TokenizerSource& source : sources) {
    result.sampled_bytes += count(source, options.sample_bytes, counts, stop);
    share_sum += source.share;
  }
  if (stop.stop_requested()) {
    result.interrupted = true;
    return result;
  }
  const std::vector<std::string> lines = lines_of(counts, share_sum, options.least_count);  // "segment \t weight"
  result.segments = counts.size();

  const std::vector<std::string> controls(control_names.begin(), control_names.end());
  std::string model;
  const std::string problem = sentencepiece_library().train(
      {{"model_type", "bpe"},
       {"vocab_size", std::to_string(options.vocab)},
       {"input_format", "tsv"},
       {"character_coverage", std::to_string(options.character_coverage)},
       {"normalization_rule_name", "identity"},
       {"add_dummy_prefix", "false"},
       {"remove_extra_whitespaces", "false"},
       {"allow_whitespace_only_pieces", "true"},
       {"split_by_whitespace", "false"},  // segments are never merged across; inside them everything may merge
       {"split_by_unicode_script", "false"},
       {"split_by_number", "false"},
       {"split_digits", "true"},
       {"byte_fallback", "true"},
       {"bos_id", "-1"},
       {"eos_id", "-1"},
       {"pad_id", "-1"},
       {"control_symbols", join(controls)},
       {"user_defined_symbols", blank_pieces()},
       {"num_threads", "1"},
       {"minloglevel", "2"}},
      lines, model);
  if (!problem.empty())
    throw std::runtime_error("tokenizer " + out.string() +
                             ": SentencePiece could not train it: " + problem);
  std::ofstream file(out, std::ios::binary | std::ios::trunc);
  file.write(model.data(), static_cast<std::streamsize>(model.size()));
  file.close();
  if (!file)
    throw std::runtime_error("tokenizer " + out.string() +
                             ": cannot be written; is the folder there, and room on the disk?");
  return result;
}

}  // namespace catena::model
