#include "app/commands/remember.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/assets_folder.h"
#include "app/commands/interrupt.h"
#include "app/commands/on_device.h"
#include "app/project/project_reader.h"

namespace catena::app {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  ModelOptions model;
  std::filesystem::path folder, output;
  std::vector<std::string> skip;
  bool json = false;
};

void show(const ProjectReader::Progress& progress) {
  std::fprintf(stderr, "\r%5.1f %%  %zu of %zu files  %-50.50s",
               100.0 * static_cast<double>(progress.bytes) / static_cast<double>(progress.bytes_total), progress.files,
               progress.files_total, progress.file.c_str());
}

int run(const Options& options) {
  const auto model = model::TextModel::load(model_folder(options.model.folder));
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const auto started = Clock::now();
  bool done = false;
  model::ProjectMemory memory;
  on_device(model->weights(), options.model, [&](const std::shared_ptr<model::Executor>& executor) {
    ProjectReader reader(options.folder, model, executor, options.model.settings(model->config()), options.skip);
    while (!done && !interrupted()) {
      done = reader.read(Clock::now() + std::chrono::milliseconds(200), interrupt_token());
      if (terminal) show(reader.progress());
    }
    if (done) memory = reader.result();
  });
  if (terminal) std::fprintf(stderr, "\r%90s\r", "");
  if (!done) {
    std::fprintf(stderr, "stopped; nothing was written\n");
    return 130;
  }
  memory.save(options.output, *model);
  const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
  const std::uintmax_t file_bytes = std::filesystem::file_size(options.output);
  if (options.json) {
    const nlohmann::json line = {{"folder", memory.folder},  {"files", memory.files},
                                 {"bytes", memory.bytes},    {"tokens", memory.state.counters().tokens},
                                 {"file_bytes", file_bytes}, {"seconds", seconds}};
    std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::printf("%lld files, %lld bytes, %lld tokens remembered in %.1f s: %s (%ju bytes)\n",
                static_cast<long long>(memory.files), static_cast<long long>(memory.bytes),
                static_cast<long long>(memory.state.counters().tokens), seconds, options.output.c_str(), file_bytes);
  }
  return 0;
}

}  // namespace

void add_remember_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("remember",
                                             "Read a project's files once, as .gitignore sees them, and keep what the "
                                             "model remembers in a file of constant size");
  command->add_option("FOLDER", options->folder, "The project")->required();
  command->add_option("-o,--output", options->output, "File to write; give it to --memory of other commands")
      ->required();
  command->add_option("--skip", options->skip, "Files to leave out (paths below the folder)");
  command->add_flag("--json", options->json, "What was remembered as one JSON object");
  options->model.add_to(*command);
  command->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*options);
  });
}

}  // namespace catena::app
