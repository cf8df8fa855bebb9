// Turns corpus files into a packed token file, streaming from disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>

#include "model/text/tokenizer.h"

namespace catena::model {

struct PackProgress {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t tokens = 0;
};

struct PackResult {
  std::uint64_t tokens = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t documents = 0;  ///< `<|end|>` symbols seen
  bool interrupted = false;     ///< then nothing was written
};

struct PackOptions {
  /// Examples of filling in (model/text/fill_in_middle.h), one in so many tokens in the mean; 0: none.
  double fill_in_middle_every = 0;
  /// Examples of what was said while writing (model/text/spoken_asides.h), likewise.
  double spoken_every = 0;
  std::uint64_t seed = 1;  ///< of the examples' places
};

using PackObserver = std::function<void(const PackProgress&)>;

/// Writes `out` in the format of model/text/token_file.h. `observer` (may be empty) is called about once a megabyte.
/// Throws std::runtime_error with one line when a file cannot be read or written.
PackResult pack_tokens(std::span<const std::filesystem::path> files, const std::shared_ptr<const Tokenizer>& tokenizer,
                       const std::filesystem::path& out, const PackOptions& options = {},
                       const PackObserver& observer = {}, std::stop_token stop = {});

}  // namespace catena::model
