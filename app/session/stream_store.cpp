#include "app/session/stream_store.h"

#include <xxhash.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "model/runtime/atomic_file.h"

namespace catena::app {
namespace {

namespace fs = std::filesystem;

// A line that names the format, a line of JSON that says what follows, then the stream's own bytes.
constexpr const char* magic = "catena session 1";
constexpr const char* suffix = ".stream";

std::string hex(std::uint64_t number) {
  std::ostringstream out;
  out << std::hex;
  out.width(16);
  out.fill('0');
  out << number;
  return out.str();
}

}  // namespace

fs::path StreamStore::file_of(const std::string& document) const {
  return folder_ / (hex(XXH3_64bits(document.data(), document.size())) + suffix);
}

std::optional<SavedStream> StreamStore::load(const std::string& document) const {
  std::ifstream in(file_of(document), std::ios::binary);
  std::string first, about;
  if (!std::getline(in, first) || first != magic || !std::getline(in, about)) return std::nullopt;
  const auto json = nlohmann::json::parse(about, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  SavedStream saved;
  try {
    saved.document = json.at("document").get<std::string>();
    saved.model = json.at("model").get<std::string>();
    saved.position = json.at("position").get<std::uint64_t>();
    saved.text_hash = json.at("text_hash").get<std::uint64_t>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  if (saved.document != document) return std::nullopt;
  saved.stream.assign(std::istreambuf_iterator<char>(in), {});
  return saved;
}

void StreamStore::save(const SavedStream& saved) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    throw std::runtime_error("cannot create " + folder_.string() + ": " + error.message() +
                             "; what was read is not kept for the next start");
  }
  model::AtomicFile file(file_of(saved.document));
  const nlohmann::json about = {{"document", saved.document},
                                {"model", saved.model},
                                {"position", saved.position},
                                {"text_hash", saved.text_hash}};
  // A file name may hold bytes that are no UTF-8.
  file.stream() << magic << '\n' << about.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  file.stream().write(saved.stream.data(), static_cast<std::streamsize>(saved.stream.size()));
  file.commit();
  prune();
}

void StreamStore::prune() const {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != suffix) continue;
    const fs::file_time_type time = entry.last_write_time(error);
    if (!error) files.emplace_back(time, entry.path());
  }
  if (files.size() <= most_files) return;
  std::sort(files.begin(), files.end());
  for (std::size_t i = 0; i + most_files < files.size(); ++i) fs::remove(files[i].second, error);
}

}  // namespace catena::app
