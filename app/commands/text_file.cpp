#include "app/commands/text_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace catena::app {

std::string read_text_file(const std::filesystem::path& file) {
  const auto fail = [&](const std::string& what) { return std::runtime_error(file.string() + ": " + what); };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) throw fail("is a folder, a text file is expected");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw fail(std::string("cannot be opened (") + std::strerror(errno) + ")");
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (!error && size > largest_text_file) {
    throw fail("has " + std::to_string(size >> 20) + " MiB, at most " + std::to_string(largest_text_file >> 20) +
               " are read; give a part of it");
  }
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) throw fail("cannot be read to its end");
  if (text.find('\0') != std::string::npos) throw fail("is a binary file, a text file is expected");
  return text;
}

}  // namespace catena::app
