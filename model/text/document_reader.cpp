#include "model/text/document_reader.h"

#include <stdexcept>

namespace catena::model {
namespace {

constexpr std::size_t block_bytes = 1 << 20;
constexpr std::size_t longest_mark = 16;  // longer than any control symbol with its newline

constexpr Control line_controls[] = {Control::file,   Control::user,   Control::assistant,
                                     Control::prefix, Control::suffix, Control::middle};

// The control symbol that begins this line, and the bytes it takes.
std::optional<std::pair<Control, std::size_t>> match(std::string_view line) {
  for (const Control control : line_controls) {
    const std::string_view name = to_string(control);
    if (line.substr(0, name.size()) == name) return std::pair{control, name.size()};
  }
  const std::string_view end = to_string(Control::end);
  if (line.substr(0, end.size()) != end) return std::nullopt;
  if (line.size() == end.size()) return std::pair{Control::end, end.size()};
  if (line[end.size()] == '\n') return std::pair{Control::end, end.size() + 1};
  return std::nullopt;
}

}  // namespace

DocumentReader::DocumentReader(const std::filesystem::path& file) : file_(file), in_(file, std::ios::binary) {
  std::error_code error;
  bytes_total_ = std::filesystem::file_size(file, error);
  if (!in_ || error) throw std::runtime_error("corpus file " + file.string() + ": cannot be read; check the path");
}

bool DocumentReader::fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + block_bytes);
  in_.read(buffer_.data() + before, static_cast<std::streamsize>(block_bytes));
  if (in_.bad()) throw std::runtime_error("corpus file " + file_.string() + ": reading failed");
  const auto got = static_cast<std::size_t>(in_.gcount());
  buffer_.resize(before + got);
  bytes_read_ += got;
  ended_ = got < block_bytes;
  return got > 0;
}

bool DocumentReader::next(Event& event) {
  if (buffer_.size() - at_ < longest_mark) fill();
  std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.empty()) return false;
  if (line_start_) {
    if (const auto found = match(rest)) {
      event = {found->first, {}};
      at_ += found->second;
      line_start_ = found->first == Control::end;
      return true;
    }
  }
  const std::size_t newline = rest.find('\n');
  const std::size_t length = newline == std::string_view::npos ? rest.size() : newline + 1;
  line_start_ = newline != std::string_view::npos;
  event = {std::nullopt, rest.substr(0, length)};
  at_ += length;
  return true;
}

}  // namespace catena::model
