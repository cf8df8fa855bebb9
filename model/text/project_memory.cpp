#include "model/text/project_memory.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/runtime/atomic_file.h"
#include "model/runtime/state_layout.h"

namespace catena::model {
namespace {

// A line that names the format, a line of JSON that says what was read, then the chain state and the table of contexts
// with checksums of their own.
constexpr const char* magic = "catena project 2";

std::runtime_error unusable(const std::filesystem::path& file, const std::string& what) {
  return std::runtime_error(file.string() + ": " + what);
}

/// Opens the file and reads up to where the state begins.
ProjectMemory::About read_about(const std::filesystem::path& file, std::ifstream& in) {
  in.open(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) {
    throw unusable(file, "cannot be opened; make it with: catena remember FOLDER -o FILE");
  }
  std::string first, line;
  if (!std::getline(in, first) || first != magic || !std::getline(in, line)) {
    throw unusable(file, "is no project memory; make one with: catena remember FOLDER -o FILE");
  }
  try {
    const nlohmann::json json = nlohmann::json::parse(line);
    return {json.at("folder"), json.at("files"), json.at("bytes"), json.at("model"), json.at("model_id")};
  } catch (const nlohmann::json::exception&) {
    throw unusable(file, "is damaged (its header cannot be read); remember the folder again");
  }
}

}  // namespace

void ProjectMemory::save(const std::filesystem::path& file, const TextModel& model) const {
  AtomicFile out(file);
  const nlohmann::json about = {
      {"folder", folder}, {"files", files}, {"bytes", bytes}, {"model", model.config().name}, {"model_id", model.id()}};
  // A path may hold bytes that are no UTF-8.
  out.stream() << magic << '\n' << about.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  state.save(out.stream());
  contexts->save(out.stream());
  out.commit();
}

ProjectMemory::About ProjectMemory::peek(const std::filesystem::path& file) {
  std::ifstream in;
  return read_about(file, in);
}

std::shared_ptr<const ProjectMemory> ProjectMemory::load(const std::filesystem::path& file, const TextModel& model) {
  std::ifstream in;
  const About about = read_about(file, in);
  if (about.model_id != model.id()) {
    throw unusable(file, "was made by model '" + about.model + "', not by this '" + model.config().name +
                             "'; remember the folder again");
  }
  auto memory = std::make_shared<ProjectMemory>();
  memory->folder = about.folder;
  memory->files = about.files;
  memory->bytes = about.bytes;
  try {
    const int chunk_length = ChainState::peek(in).chunk_length;
    ChainState::Counters counters;
    counters.chunk_length = chunk_length;
    memory->state = {counters, std::make_unique<HostStorage>(StateLayout(model.config(), chunk_length).floats())};
    memory->state.load(in);
    const auto contexts = std::make_shared<ContextTable>();
    contexts->load(in);
    memory->contexts = contexts;
  } catch (const std::runtime_error& error) {
    throw unusable(file, std::string(error.what()) + "; remember the folder again");
  }
  if (memory->state.counters().position != 0) {
    throw unusable(file, "is damaged (it does not end at a chunk boundary); remember the folder again");
  }
  return memory;
}

}  // namespace catena::model
