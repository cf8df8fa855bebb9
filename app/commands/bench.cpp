#include "app/commands/bench.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>

#include "app/assets_folder.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "model/text/token_file.h"

namespace catena::app {

using namespace catena::model;

std::shared_ptr<const Weights> bench_weights(const BenchOptions& options) { return Weights::load(model_folder(options.model.folder)); }

std::vector<Token> bench_tokens(const BenchOptions& options, int vocab, std::size_t count) {
  std::vector<Token> tokens;
  tokens.reserve(count);
  if (!options.tokens.empty()) {
    const TokenFile file(options.tokens, vocab);
    file.check_tokens();
    if (file.tokens().empty()) throw std::runtime_error(options.tokens.string() + ": holds no tokens");
    for (std::size_t i = 0; i < count; ++i) tokens.push_back(file.tokens()[i % file.tokens().size()]);
    return tokens;
  }
  std::mt19937 random(1);
  while (tokens.size() < count) tokens.push_back(static_cast<Token>(random() % static_cast<unsigned>(vocab)));
  return tokens;
}

double percentile(std::vector<double>& samples, double share) {
  if (samples.empty()) return 0;
  const auto rank = std::min(samples.size() - 1, static_cast<std::size_t>(share * static_cast<double>(samples.size())));
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(rank), samples.end());
  return samples[rank];
}

namespace {

void print(const nlohmann::json& result, bool json) {
  if (json) {
    std::printf("%s\n", result.dump().c_str());
    return;
  }
  for (const auto& [key, value] : result.items()) std::printf("%-40s %s\n", key.c_str(), value.dump().c_str());
}

using Bench = nlohmann::json (*)(const BenchOptions&);

void add(CLI::App& bench, const std::string& name, const std::string& help, Bench run, int& exit_code) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = bench.add_subcommand(name, help);
  options->model.add_to(*command);
  command->add_option("--tokens", options->tokens, "Packed token file to read; default: tokens drawn at random");
  command->add_flag("--quick", options->quick, "Under 40 s on two cores");
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, run, &exit_code] {
    watch_for_interrupt();
    print(run(*options), options->json);
    exit_code = interrupted() ? 130 : 0;
  });
}

template <typename Options>
void set_callback(CLI::App& command, const std::shared_ptr<Options>& options, const std::shared_ptr<bool>& as_json,
                  void (*run)(const Options&, const std::function<void(const nlohmann::json&)>&), int& exit_code) {
  command.add_flag("--json", *as_json, "One JSON object a line");
  command.callback([options, as_json, run, &exit_code] {
    watch_for_interrupt();
    run(*options, [&](const nlohmann::json& line) {
      print(line, *as_json);
      if (!*as_json) std::printf("\n");
      std::fflush(stdout);
    });
    exit_code = interrupted() ? 130 : 0;
  });
}

void add_models(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<ModelsBenchOptions>();
  CLI::App* command = bench.add_subcommand("models", "Models of any kind side by side: likelihood by position, recall by distance, gradients, cost");
  command->add_option("FOLDERS", options->folders, "Model folders")->required();
  command->add_option("--tokens", options->tokens, "Packed held-out text")->required();
  command->add_option("--streams", options->streams, "Parts of it that are read")->capture_default_str()->check(CLI::Range(1, 4096));
  command->add_option("--length", options->length, "Tokens of each part")->capture_default_str()->check(CLI::Range(128, 1 << 16));
  command->add_option("--longest-recall", options->longest_recall, "Farthest distance of the recall test, in tokens")->capture_default_str()->check(CLI::Range(64, 1 << 16));
  command->add_option("--training-steps", options->training_steps, "Steps that training is timed over")->capture_default_str()->check(CLI::Range(1, 100));
  set_callback(*command, options, std::make_shared<bool>(false), bench_models, exit_code);
}

void add_bill(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<BillOptions>();
  CLI::App* command = bench.add_subcommand("bill", "Memory and compute of a training step against a Transformer's, formula and measurement");
  command->add_option("--batch", options->batch, "Streams side by side")->capture_default_str()->check(CLI::Range(1, 4096));
  command->add_option("--lengths", options->lengths, "Tokens of a stream")->capture_default_str()->check(CLI::Range(64, 4096));
  command->add_option("--steps", options->steps, "Training steps timed")->capture_default_str()->check(CLI::Range(1, 100));
  command->add_flag("--quick", options->quick, "Under 40 s on two cores");
  set_callback(*command, options, std::make_shared<bool>(false), bench_bill, exit_code);
}

#ifdef CATENA_WITH_GUI
void add_soak(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<SoakOptions>();
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = bench.add_subcommand("soak", "Hours of sound as fast as they go: does memory or latency grow?");
  command->add_option("--file", options->file, "Sound that is repeated; default: the bundled recording");
  command->add_option("--hours", options->hours, "Of sound")->capture_default_str()->check(CLI::Range(0.01, 1000.0));
  command->add_flag("--quick", options->quick, "A quarter of an hour of sound");
  command->add_flag("--json", *as_json, "One JSON object");
  options->model.add_to(*command);
  command->callback([options, as_json, &exit_code] {
    watch_for_interrupt();
    print(bench_soak(*options), *as_json);
    exit_code = interrupted() ? 130 : 0;
  });
}

void add_voice(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<VoiceBenchOptions>();
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = bench.add_subcommand("voice", "A spoken conversation over loudspeakers: end of speech to answer, barge-in to silence, self-interruptions");
  command->add_option("--turns", options->turns, "Turns of the user in each of the three conversations")->capture_default_str()->check(CLI::Range(1, 10000));
  command->add_flag("--quick", options->quick, "At most 6 turns");
  command->add_flag("--json", *as_json, "One JSON object");
  options->model.speech.chunk_ms = 320;  // as a conversation has it
  options->model.add_to(*command);
  command->callback([options, as_json, &exit_code] {
    watch_for_interrupt();
    print(bench_voice(*options), *as_json);
    exit_code = interrupted() ? 130 : 0;
  });
}
#endif

}  // namespace

void add_bench_command(CLI::App& program, int& exit_code) {
  CLI::App* bench = program.add_subcommand("bench", "Measure memory and speed on this machine");
  bench->require_subcommand(1);
  add(*bench, "flat", "Memory and latency over a long stream, beside a same-size Transformer with KV cache", bench_flat, exit_code);
  add(*bench, "step", "One token against the time of moving its bytes, and the speed of reading", bench_step, exit_code);
  add_models(*bench, exit_code);
  add_bill(*bench, exit_code);
#ifdef CATENA_WITH_GUI
  add(*bench, "typing", "Key press to suggestion in the real window, typing into a 1 MB file", bench_typing, exit_code);
  add_soak(*bench, exit_code);
  add_voice(*bench, exit_code);
#endif
}

}  // namespace catena::app
