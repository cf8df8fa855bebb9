#include "app/session/stream_store.h"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
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
constexpr auto abandoned_after = std::chrono::hours(1);

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
    saved.rests_on = json.at("rests_on").get<std::uint64_t>();
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
                                {"rests_on", saved.rests_on},
                                {"text_hash", saved.text_hash}};
  // A file name may hold bytes that are no UTF-8.
  file.stream() << magic << '\n' << about.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  file.stream().write(saved.stream.data(), static_cast<std::streamsize>(saved.stream.size()));
  file.commit();
  prune();
}

void StreamStore::prune() const {
  struct Kept {
    fs::file_time_type time;
    fs::path path;
    std::uintmax_t bytes;
  };
  std::error_code error;
  std::vector<Kept> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const fs::file_time_type time = entry.last_write_time(error);
    if (error) continue;
    if (entry.path().extension() == suffix) {
      files.push_back({time, entry.path(), entry.file_size(error)});
    } else if (fs::file_time_type::clock::now() - time > abandoned_after) {
      fs::remove(entry.path(), error);  // a temporary file that a killed program left
    }
  }
  std::sort(files.begin(), files.end(), [](const Kept& a, const Kept& b) { return a.time > b.time; });
  std::uintmax_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    bytes += files[i].bytes;
    if (i >= most_files || (i > 0 && bytes > most_bytes)) fs::remove(files[i].path, error);
  }
}

}  // namespace catena::app
