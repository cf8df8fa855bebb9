// Reads corpus files (larger than memory) as text and control symbols.
//
// In a corpus file the control symbols stand at the start of a line: `<|file|>path`, `<|user|> ...`, `<|assistant|>
// ...`, and `<|end|>` alone on its line, whose newline belongs to it. Anywhere else they are plain text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/tokenizer.h"

namespace catena::model {

class DocumentReader {
 public:
  struct Event {
    std::optional<Control> control;  ///< else text
    std::string_view text;           ///< valid until the next call; a long line comes in several events
  };

  /// Throws std::runtime_error with one line when the file cannot be read.
  explicit DocumentReader(const std::filesystem::path& file);
  /// False at the end of the file.
  bool next(Event& event);
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_total() const { return bytes_total_; }

 private:
  bool fill();
  std::filesystem::path file_;
  std::ifstream in_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool line_start_ = true;
  bool ended_ = false;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_total_ = 0;
};

}  // namespace catena::model
