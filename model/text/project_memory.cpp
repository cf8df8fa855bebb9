#include "model/text/project_memory.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/runtime/atomic_file.h"

namespace catena::model {
namespace {

// A line that names the format, a line of JSON that says what was read, then the chain state and the table of contexts with
// checksums of their own.
constexpr const char* magic = "catena project 2";

}  // namespace

void ProjectMemory::save(const std::filesystem::path& file, const TextModel& model) const {
  AtomicFile out(file);
  const nlohmann::json about = {{"folder", folder}, {"files", files}, {"bytes", bytes}, {"model", model.config().name}, {"model_id", model.id()}};
  // A path may hold bytes that are no UTF-8.
  out.stream() << magic << '\n' << about.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  state.save(out.stream());
  contexts->save(out.stream());
  out.commit();
}

std::shared_ptr<const ProjectMemory> ProjectMemory::load(const std::filesystem::path& file, const TextModel& model, const Executor& executor) {
  const auto fail = [&](const std::string& what) { return std::runtime_error(file.string() + ": " + what); };
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) throw fail("cannot be opened; make it with: catena remember FOLDER -o FILE");
  std::string first, about;
  if (!std::getline(in, first) || first != magic || !std::getline(in, about)) throw fail("is no project memory; make one with: catena remember FOLDER -o FILE");
  auto memory = std::make_shared<ProjectMemory>();
  std::uint64_t id = 0;
  std::string name;
  try {
    const nlohmann::json json = nlohmann::json::parse(about);
    memory->folder = json.at("folder");
    memory->files = json.at("files");
    memory->bytes = json.at("bytes");
    name = json.at("model");
    id = json.at("model_id");
  } catch (const nlohmann::json::exception&) {
    throw fail("is damaged (its header cannot be read); remember the folder again");
  }
  if (id != model.id()) throw fail("was made by model '" + name + "', not by this '" + model.config().name + "'; remember the folder again");
  try {
    memory->state = executor.initial_state(ChainState::peek(in).chunk_length);
    memory->state.load(in);
    const auto contexts = std::make_shared<ContextTable>();
    contexts->load(in);
    memory->contexts = contexts;
  } catch (const std::runtime_error& error) {
    throw fail(std::string(error.what()) + "; remember the folder again");
  }
  if (memory->state.counters().position != 0) throw fail("is damaged (it does not end at a chunk boundary); remember the folder again");
  return memory;
}

}  // namespace catena::model
