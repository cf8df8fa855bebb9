// Trains a tokenizer: counts the segments of a corpus sample and lets SentencePiece merge inside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>

namespace catena::model {

/// A corpus file and its share of the sample. Shares are relative: {2, 1, 1} is half, a quarter, a quarter.
struct TokenizerSource {
  std::filesystem::path file;
  double share = 1.0;
};

struct TokenizerTraining {
  int vocab = 8192;                          ///< 512 to 65535
  std::uint64_t sample_bytes = 64ULL << 20;  ///< read from each file at most, spread evenly over it
  int least_count = 2;                       ///< rarer segments are left out
  double character_coverage = 0.9995;        ///< rarer characters are spelled in bytes
};

struct TokenizerTrainingResult {
  std::uint64_t sampled_bytes = 0;
  std::uint64_t segments = 0;  ///< different ones
  bool interrupted = false;    ///< then nothing was written
};

/// Writes a SentencePiece model to `out`. The same files and options give the same bytes.
/// Counting can be stopped; the merging that follows (seconds to a minute) cannot.
/// Throws std::runtime_error with one line when a file cannot be read or written or holds too little text.
TokenizerTrainingResult train_tokenizer(std::span<const TokenizerSource> sources, const TokenizerTraining& options,
                                        const std::filesystem::path& out, std::stop_token stop = {});

}  // namespace catena::model
