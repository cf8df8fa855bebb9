#include "app/commands/bench.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>

#include "app/assets_folder.h"
#include "app/commands/bench_train.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "app/commands/lab_benches.h"
#include "model/runtime/kernels/kernels.h"
#include "model/text/token_file.h"

namespace catena::app {

using namespace catena::model;

std::shared_ptr<const Weights> bench_weights(const BenchOptions& options) {
  return Weights::load(model_folder(options.model.folder));
}

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

std::string bench_kernels(const BenchOptions& options) {
  const ExecutorOptions how = options.model.executor();
  return how.device == Device::cpu ? best_kernels().name : to_string(how.device);
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
  CLI::App* command = bench.add_subcommand(
      "models", "Models of any kind side by side: likelihood by position, recall by distance, gradients, cost");
  command->add_option("FOLDERS", options->folders, "Model folders")->required();
  command->add_option("--tokens", options->tokens, "Packed held-out text")->required();
  command->add_option("--streams", options->streams, "Parts of it that are read")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command->add_option("--length", options->length, "Tokens of each part")
      ->capture_default_str()
      ->check(CLI::Range(128, 1 << 16));
  command->add_option("--longest-recall", options->longest_recall, "Farthest distance of the recall test, in tokens")
      ->capture_default_str()
      ->check(CLI::Range(64, 1 << 16));
  command->add_option("--training-steps", options->training_steps, "Steps that training is timed over")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  set_callback(*command, options, std::make_shared<bool>(false), bench_models, exit_code);
}

/// A table with one line for each object: these columns of it.
using Columns = std::vector<std::pair<const char*, const char*>>;  // key, heading
void print_row(const Columns& columns, const nlohmann::json& line, bool headings) {
  const auto cells = [&](auto cell) {
    for (const auto& column : columns) std::printf(column == columns.front() ? "%-18s" : " %14s", cell(column).c_str());
    std::printf("\n");
  };
  if (headings) cells([](const auto& column) { return std::string(column.second); });
  cells([&](const auto& column) {
    const nlohmann::json& value = line.at(column.first);
    if (value.is_string()) return value.get<std::string>();
    char text[32];
    std::snprintf(text, sizeof text, value.is_number_float() ? "%.4g" : "%.0f", value.get<double>());
    return std::string(text);
  });
  std::fflush(stdout);
}

void add_bill(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<SystemsOptions>();
  auto training = std::make_shared<BillOptions>();
  auto of_training = std::make_shared<bool>(false), as_json = std::make_shared<bool>(false);
  auto lengths = std::make_shared<std::vector<std::int64_t>>();
  CLI::App* command = bench.add_subcommand(
      "bill",
      "Compute, memory and state of every attention system by length, formula and measurement; or of a training step");
  command->add_option("--systems", options->systems, "Of the attention lab; default: all");
  command->add_option("--lengths", *lengths, "Tokens of a sequence")->check(CLI::Range(1, 1 << 20));
  command->add_option("--width", options->width, "Width of the mixers")
      ->capture_default_str()
      ->check(CLI::Range(2, 8192));
  command->add_option("--heads", options->heads, "Heads of the mixers")->capture_default_str();
  command->add_option("--chunk", options->chunk, "Tokens of a chunk or block")->capture_default_str();
  command->add_option("--runs", options->runs, "Passes, the median of which is told")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
#ifdef CATENA_WITH_GUI
  command->add_option("--plot", options->plot, "PNG to draw, both axes logarithmic");
  command->add_option("--plot-y", options->plot_y, "What it shows")
      ->capture_default_str()
      ->check(CLI::IsMember({"time_ms", "flops_counted", "peak_bytes", "state_bytes"}));
#endif
  command->add_flag("--training", *of_training, "A training step of whole models against Transformers' instead");
  command->add_option("--batch", training->batch, "Streams side by side in training")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command
      ->add_option("--layers", training->layers,
                   "Layers of the models in training: deeper ones share less in embedding and logits")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_option("--precision", training->precision, "Of the products in training")
      ->capture_default_str()
      ->check(CLI::IsMember({"float32", "bfloat16"}));
  command->add_option("--steps", training->steps, "Training steps timed")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command->add_flag("--quick", options->quick, "Under 40 s on two cores");
  command->add_flag("--json", *as_json, "One JSON object a line");
  command->callback([=, &exit_code] {
    watch_for_interrupt();
    bool first = true;
    const auto show = [&](const nlohmann::json& line) {
      static const Columns columns = {{"system", "system"},
                                      {"length", "tokens"},
                                      {"flops", "flops, formula"},
                                      {"flops_counted", "counted"},
                                      {"share_of_attention", "of attention"},
                                      {"time_ms", "ms"},
                                      {"peak_bytes", "peak bytes"},
                                      {"state_bytes", "state bytes"}};
      if (*as_json) {
        std::printf("%s\n", line.dump().c_str());
      } else if (*of_training) {
        print(line, false);
        std::printf("\n");
      } else {
        print_row(columns, line, first);
      }
      first = false;
      std::fflush(stdout);
    };
    if (*of_training) {
      if (!lengths->empty()) training->lengths = *lengths;
      training->quick = options->quick;
      bench_bill(*training, show);
    } else {
      if (!lengths->empty()) options->lengths = *lengths;
      bench_systems(*options, show);
      if (!*as_json && !interrupted()) std::printf("\n%s", published_systems().c_str());
    }
    exit_code = interrupted() ? 130 : 0;
  });
}

void add_train(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<TrainBenchOptions>();
  CLI::App* command = bench.add_subcommand(
      "train", "A training step: tokens a second, memory, share of the product rate, beside a same-size Transformer's");
  command->add_option("--model", options->folder,
                      "Model folder, of which only config.json is read; default: the shipped model");
  command->add_option("--batch", options->batch, "Streams side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command->add_option("--segment", options->segment, "Tokens of each stream in a step")
      ->capture_default_str()
      ->check(CLI::Range(16, 1 << 16));
  command->add_option("--steps", options->steps, "Steps timed")->capture_default_str()->check(CLI::Range(1, 100));
  command->add_option("--precision", options->precision, "Of the products: float32, bfloat16, float16 (GPU only)")
      ->capture_default_str()
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  command->add_option("--device", options->device, "cpu or cuda")
      ->capture_default_str()
      ->check(CLI::IsMember({"cpu", "cuda"}));
  command->add_flag("--quick", options->quick, "Under 40 s on two cores");
  set_callback(*command, options, std::make_shared<bool>(false), bench_train, exit_code);
}

void add_recall(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<RecallOptions>();
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = bench.add_subcommand("recall",
                                           "Small models of every attention system trained to recall pairs and to "
                                           "copy: accuracy by distance against state size");
  command->add_option("--systems", options->systems, "Of the attention lab; default: all");
  command->add_option("--tasks", options->tasks, "recall: keys in any order; copy: a sequence in its order")
      ->check(CLI::IsMember({"recall", "copy"}));
  command->add_option("--width", options->width, "Width of the models")
      ->capture_default_str()
      ->check(CLI::Range(2, 8192));
  command->add_option("--heads", options->heads, "Heads of the mixers")->capture_default_str();
  command->add_option("--layers", options->layers, "Layers of the models")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_option("--chunk", options->chunk, "Tokens of a chunk or block")->capture_default_str();
  command->add_option("--pairs", options->pairs, "Keys and values to be remembered")
      ->capture_default_str()
      ->check(CLI::Range(1, 32));
  command->add_option("--steps", options->steps, "Training steps of each model")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_option("--trained", options->trained, "Distances that are trained on, in tokens")
      ->check(CLI::Range(0, 1 << 16));
  command->add_option("--distances", options->distances, "Distances that are asked at, in tokens")
      ->check(CLI::Range(0, 1 << 16));
  command->add_flag("--quick", options->quick, "Under 40 s on two cores: ten steps a model");
  command->add_flag("--json", *as_json, "One JSON object a line");
  command->callback([=, &exit_code] {
    watch_for_interrupt();
    bool first = true;
    bench_recall(*options, [&](const nlohmann::json& line) {
      static const Columns columns = {
          {"system", "system"},          {"task", "task"},      {"distance_tokens", "distance"},
          {"accuracy", "accuracy"},      {"loss_nats", "loss"}, {"parameters", "parameters"},
          {"state_bytes", "state bytes"}};
      if (*as_json) {
        std::printf("%s\n", line.dump().c_str());
        std::fflush(stdout);
      } else {
        print_row(columns, line, first);
      }
      first = false;
    });
    exit_code = interrupted() ? 130 : 0;
  });
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
  CLI::App* command = bench.add_subcommand(
      "voice",
      "A spoken conversation over loudspeakers: end of speech to answer, barge-in to silence, self-interruptions");
  command->add_option("--turns", options->turns, "Turns of the user in each of the three conversations")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
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
  add(*bench, "flat", "Memory and latency over a long stream, beside a same-size Transformer with KV cache", bench_flat,
      exit_code);
  add(*bench, "step", "One token against the time of moving its bytes", bench_step, exit_code);
  add(*bench, "prefill", "Reading against the time that its products take at this machine's product rate",
      bench_prefill, exit_code);
  add_models(*bench, exit_code);
  add_bill(*bench, exit_code);
  add_recall(*bench, exit_code);
  add_train(*bench, exit_code);
#ifdef CATENA_WITH_GUI
  add(*bench, "typing", "Key press to suggestion in the real window, typing into a 1 MB file", bench_typing, exit_code);
  add_soak(*bench, exit_code);
  add_voice(*bench, exit_code);
#endif
}

}  // namespace catena::app
