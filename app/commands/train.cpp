#include "app/commands/train.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "app/commands/freed_memory.h"
#include "app/commands/interrupt.h"
#ifdef CATENA_WITH_GUI
#include "app/commands/plot.h"
#endif
#include "model/attention/lab_trainer.h"
#include "model/train/speech_trainer.h"
#include "model/train/trainer.h"
#ifdef CATENA_WITH_TEXT
#include "model/text/packer.h"
#include "model/text/tokenizer_training.h"
#endif

namespace catena::app {
namespace {

namespace fs = std::filesystem;
using namespace catena::model;

#ifdef CATENA_WITH_TEXT
void prepare(const TrainConfig& config) {
  if (!config.tokenizer.path.empty() && !fs::exists(config.tokenizer.path)) {
    std::vector<TokenizerSource> samples;
    for (const auto& [file, share] : config.tokenizer.samples) samples.push_back({file, share});
    std::fprintf(stderr, "training the tokenizer %s\n", config.tokenizer.path.c_str());
    TokenizerTraining options;
    options.vocab = config.model.vocab;
    train_tokenizer(samples, options, config.tokenizer.path, interrupt_token());
  }
  for (const auto* sources : {&config.train, &config.heldout}) {
    for (const TrainSource& source : *sources) {
      if (fs::exists(source.tokens) || interrupted()) continue;
      if (source.text.empty())
        throw std::runtime_error(source.tokens.string() +
                                 ": does not exist, and the config names no text to make it of");
      std::fprintf(stderr, "packing %s\n", source.text.c_str());
      const auto tokenizer = Tokenizer::load(config.tokenizer.path);
      pack_tokens(std::vector<fs::path>{source.text}, tokenizer, source.tokens,
                  {.fill_in_middle_every = source.fill_in_middle_every, .spoken_every = source.spoken_every}, {},
                  interrupt_token());
    }
  }
}
#else
void prepare(const TrainConfig& config) {
  for (const auto* sources : {&config.train, &config.heldout}) {
    for (const TrainSource& source : *sources) {
      if (!fs::exists(source.tokens)) {
        throw std::runtime_error(source.tokens.string() +
                                 ": does not exist, and this build has no SentencePiece to make it; pack it elsewhere");
      }
    }
  }
}
#endif

void print_evaluations(std::int64_t step, const std::vector<Evaluation>& evaluations) {
  for (const Evaluation& evaluation : evaluations) {
    std::printf("step %lld %s:", static_cast<long long>(step), evaluation.name.c_str());
    for (const PositionBucket& bucket : evaluation.buckets) {
      if (bucket.bytes == 0) continue;
      std::printf("  %lld-%lld %.4f", static_cast<long long>(bucket.first), static_cast<long long>(bucket.last),
                  bucket.bits_per_byte());
    }
    std::printf("  bits/byte  past first chunk %.4f bits/byte %.4f nats/token\n", evaluation.from(128).bits_per_byte(),
                evaluation.from(128).nats_per_token());
  }
  std::fflush(stdout);
}

#ifdef CATENA_WITH_GUI
/// A picture that cannot be made does not make a trained model a failure.
void plot(const fs::path& output) {
  try {
    plot_training(output);
    std::fprintf(stderr, "drawn      %s\n", (output / "loss.png").c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "not drawn: %s\n", error.what());
  }
}
#else
void plot(const fs::path& output) {
  std::fprintf(stderr, "to draw it, with a build that has Qt: catena plot %s -o %s\n", (output / "log.csv").c_str(),
               (output / "loss.png").c_str());
}
#endif

std::string time_left(double seconds) {
  char text[32];
  const auto left = static_cast<long long>(seconds);
  std::snprintf(text, sizeof text, "left %lld:%02lld:%02lld", left / 3600, left / 60 % 60, left % 60);
  return text;
}

void say_where(bool finished, const fs::path& output) {
  if (finished) {
    std::fprintf(stderr, "\nfinished; the weights are in %s\n", (output / "model.safetensors").c_str());
  } else {
    std::fprintf(stderr, "\nstopped; the checkpoint is saved in %s, run the same command to go on\n",
                 (output / "checkpoint").c_str());
  }
}

int run_speech(const fs::path& config_file) {
  const SpeechConfig config = SpeechConfig::load(config_file);
  const bool terminal = isatty(STDERR_FILENO) == 1;
  SpeechObserver observer;
  observer.stop = &interrupt_flag();
  observer.note = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  observer.evaluated = [](std::int64_t step, const std::vector<SpeechEvaluation>& evaluations) {
    for (const SpeechEvaluation& e : evaluations) {
      std::printf("step %lld %s: %.2f %% of the words wrong, %.2f %% of the characters\n", static_cast<long long>(step),
                  e.name.c_str(), e.words.percent(), e.characters.percent());
    }
    std::fflush(stdout);
  };
  observer.progress = [terminal](const SpeechProgress& p) {
    std::fprintf(stderr, "%sstep %lld/%lld  loss %.4f nats/symbol  %.0f s of speech a second  lr %.2e  norm %.2f  %s%s",
                 terminal ? "\r" : "", static_cast<long long>(p.step), static_cast<long long>(p.steps), p.loss,
                 p.audio_over_time, p.learning_rate, p.gradient_norm, time_left(p.remaining_s).c_str(),
                 terminal ? "   " : "\n");
  };
  const bool finished = train_speech(config, observer);
  say_where(finished, config.output);
  return finished ? 0 : 130;
}

/// config: of what is read and written. train: the training itself, true when it came to its end.
int run_text(const TrainConfig& config, const std::function<bool(const TrainObserver&)>& train) {
  prepare(config);
  if (interrupted()) return 130;

  const bool terminal = isatty(STDERR_FILENO) == 1;
  TrainObserver observer;
  observer.stop = &interrupt_flag();
  observer.note = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  observer.evaluated = print_evaluations;
  bool logged = false;  // by the first of several processes only
  observer.progress = [terminal, &logged](const TrainProgress& p) {
    logged = true;
    std::fprintf(stderr, "%sstep %lld/%lld  loss %.4f nats/token  %.0f tokens/s  lr %.2e  norm %.2f  %s%s",
                 terminal ? "\r" : "", static_cast<long long>(p.step), static_cast<long long>(p.steps), p.loss,
                 p.tokens_per_s, p.learning_rate, p.gradient_norm, time_left(p.remaining_s).c_str(),
                 terminal ? "   " : "\n");
  };
  const bool finished = train(observer);
  say_where(finished, config.output);
  if (logged) plot(config.output);
  return finished ? 0 : 130;
}

int run(const fs::path& config_file) {
  keep_freed_memory();
  if (lab::LabPlan::is_in(config_file)) {
    const lab::LabPlan plan = lab::LabPlan::load(config_file);
    return run_text(plan.training, [&](const TrainObserver& observer) { return lab::train_lab(plan, observer); });
  }
  if (SpeechConfig::is_for_speech(config_file)) return run_speech(config_file);
  const TrainConfig config = TrainConfig::load(config_file);
  return run_text(config, [&](const TrainObserver& observer) { return train(config, observer); });
}

}  // namespace

void add_train_command(CLI::App& program, int& exit_code) {
  auto file = std::make_shared<fs::path>();
  CLI::App* command = program.add_subcommand("train",
                                             "Train a model as CONFIG.json says: tokenizer, packed tokens, weights. "
                                             "Run again to resume; Ctrl-C saves a checkpoint.");
  command->add_option("CONFIG.json", *file, "What to train on what (docs/training.md)")->required();
  command->callback([file, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*file);
  });
}

}  // namespace catena::app
