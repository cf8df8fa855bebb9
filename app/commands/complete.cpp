#include "app/commands/complete.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "app/assets_folder.h"
#include "app/commands/interrupt.h"
#include "app/commands/on_device.h"
#include "app/commands/text_file.h"
#include "model/text/text_stream.h"

namespace catena::app {
namespace {

using namespace catena::model;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Options {
  ModelOptions model;
  std::filesystem::path file, memory;
  std::int64_t at = -1;
  int max_tokens = 64;
  int alternatives = 1;
  std::string stop_at = "statement";
  float temperature = 0;
  float top_p = 1;
  std::uint64_t seed = 1;
  bool json = false;
};

Boundary boundary_named(const std::string& name) {
  if (name == "line") return Boundary::line;
  if (name == "statement") return Boundary::statement;
  if (name == "block") return Boundary::block;
  return Boundary::none;
}

int run(const Options& options) {
  std::string text = read_text_file(options.file);
  if (options.at > static_cast<std::int64_t>(text.size())) {
    throw std::runtime_error("--at " + std::to_string(options.at) + " is behind the end of " + options.file.string() +
                             " (" + std::to_string(text.size()) + " bytes)");
  }
  std::string following;
  if (options.at >= 0) {
    following = text.substr(static_cast<std::size_t>(options.at));
    text.resize(static_cast<std::size_t>(options.at));
  }

  const auto started = Clock::now();
  const auto model = TextModel::load(model_folder(options.model.folder));
  TextStream::Options reading_options{.settings = options.model.settings(model->config())};
  if (!options.memory.empty()) reading_options.memory = ProjectMemory::load(options.memory, *model);

  CompletionOptions wanted;
  wanted.sampling = {options.temperature, options.top_p, options.seed};
  wanted.boundary = boundary_named(options.stop_at);
  wanted.max_tokens = options.max_tokens;
  wanted.following = following;
  std::vector<Completion> completions;
  double load_ms = 0, read_ms = 0, complete_ms = 0;
  std::int64_t read_tokens = 0;
  std::size_t state_bytes = 0;
  on_device(model->weights(), options.model, [&](const std::shared_ptr<Executor>& executor) {
    load_ms = ms_since(started);
    TextStream stream(model, executor, reading_options);
    stream.begin_document(options.file.filename().string());
    const auto reading = Clock::now();
    stream.feed(text);
    read_ms = ms_since(reading);
    const auto completing = Clock::now();
    completions = options.alternatives > 1
                      ? stream.alternatives(wanted, static_cast<std::size_t>(options.alternatives), interrupt_token())
                      : std::vector{stream.complete(wanted, interrupt_token())};
    complete_ms = ms_since(completing);
    read_tokens = stream.tokens();
    state_bytes = stream.state_bytes();
  });

  for (const Completion& completion : completions) {
    if (!options.json) {
      std::printf("%s\n", completion.text.c_str());
      continue;
    }
    const nlohmann::json line = {{"text", completion.text},
                                 {"tokens", completion.tokens},
                                 {"stop", std::string(to_string(completion.stop))},
                                 {"mean_log_probability", completion.mean_log_probability},
                                 {"healed_bytes", completion.healed},
                                 {"read_bytes", text.size()},
                                 {"read_tokens", read_tokens},
                                 {"state_bytes", state_bytes},
                                 {"load_ms", load_ms},
                                 {"read_ms", read_ms},
                                 {"complete_ms", complete_ms}};
    std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  }
  return 0;
}

}  // namespace

void add_complete_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("complete", "Write on from a place in a text file");
  command->add_option("FILE", options->file, "Text to read")->required();
  command->add_option("--memory", options->memory, "Start from a project memory (catena remember)");
  command->add_option("--at", options->at, "Byte to complete at; default: the end of the file")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--max-tokens", options->max_tokens, "Longest completion")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--stop-at", options->stop_at, "line, statement, block or none")
      ->check(CLI::IsMember({"line", "statement", "block", "none"}))
      ->capture_default_str();
  command->add_option("--alternatives", options->alternatives, "How many different completions")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command->add_option("--temperature", options->temperature, "0: always the likeliest token")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command->add_option("--top-p", options->top_p, "Draw among the likeliest tokens holding this probability")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the random draws")->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object a completion");
  options->model.add_to(*command);
  command->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*options);
  });
}

}  // namespace catena::app
