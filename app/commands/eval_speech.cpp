// catena eval speech MANIFEST
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/commands/eval.h"
#include "app/commands/interrupt.h"
#include "app/commands/speech_options.h"
#include "app/conversation/questions.h"
#include "app/speech/manifest.h"
#include "audio/log_mel.h"
#include "audio/whole_file.h"
#include "model/speech/error_rate.h"
#include "model/speech/symbols.h"

namespace catena::app {
namespace {

using namespace catena::model;
using Clock = std::chrono::steady_clock;

struct Options {
  SpeechModelOptions model;
  std::filesystem::path manifest, folder;
  std::int64_t most = 0;
  bool json = false, each = false, commands = false;
};

/// How recordings that are a command or a question about the program are understood, and the others.
struct CommandResult {
  std::int64_t said = 0, understood = 0, by_words = 0;  // by_words: without the recogniser of phrases
  std::int64_t others = 0, mistaken = 0, mistaken_by_words = 0;
};

struct Result {
  Errors words, characters;
  CommandResult commands;
  double sound_s = 0, busy_s = 0;
  std::int64_t recordings = 0;

  void add(const Result& other) {
    words += other.words;
    characters += other.characters;
    commands.said += other.commands.said;
    commands.understood += other.commands.understood;
    commands.by_words += other.commands.by_words;
    commands.others += other.commands.others;
    commands.mistaken += other.commands.mistaken;
    commands.mistaken_by_words += other.commands.mistaken_by_words;
    sound_s += other.sound_s;
    busy_s += other.busy_s;
    recordings += other.recordings;
  }
};

void print(const std::string& corpus, const Result& result, const Options& options) {
  const double percent = result.sound_s == 0 ? 0 : 100 * result.busy_s / result.sound_s;
  const CommandResult& c = result.commands;
  if (options.json) {
    nlohmann::json line = {{"corpus", corpus},
                           {"recordings", result.recordings},
                           {"seconds", result.sound_s},
                           {"chunk_ms", options.model.speech.chunk_ms},
                           {"wer_percent", result.words.percent()},
                           {"cer_percent", result.characters.percent()},
                           {"words", result.words.length},
                           {"compute_percent_of_audio", percent}};
    if (options.commands) {
      line.update({{"commands", c.said},
                   {"commands_understood", c.understood},
                   {"commands_understood_by_words", c.by_words},
                   {"others", c.others},
                   {"others_mistaken", c.mistaken},
                   {"others_mistaken_by_words", c.mistaken_by_words}});
    }
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf(
        "%-36s %5lld recordings %6.0f s  words wrong %6.2f %%  characters %6.2f %%  compute %.1f %% of the time\n",
        corpus.c_str(), static_cast<long long>(result.recordings), result.sound_s, result.words.percent(),
        result.characters.percent(), percent);
    if (options.commands) {
      std::printf(
          "%-36s %5lld commands: %lld understood, %lld by words alone; %lld others: %lld taken for one, %lld by words "
          "alone\n",
          "", static_cast<long long>(c.said), static_cast<long long>(c.understood), static_cast<long long>(c.by_words),
          static_cast<long long>(c.others), static_cast<long long>(c.mistaken),
          static_cast<long long>(c.mistaken_by_words));
    }
  }
  std::fflush(stdout);
}

std::string read(SpeechStream& stream, const std::vector<float>& samples) {
  audio::LogMel log_mel;
  std::vector<audio::MelFrame> frames;
  log_mel.feed(samples, frames);
  for (const audio::MelFrame& frame : frames) stream.feed(frame);
  stream.end_utterance();
  return to_text(stream.take_settled());
}

CommandResult commands_in(const std::string& said, const std::string& read, const std::string& phrase) {
  const auto meant = understand(said), by_words = understand(read),
             understood = phrase.empty() ? by_words : understand(phrase);
  CommandResult result;
  if (meant) {
    result.said = 1;
    result.understood = understood == meant ? 1 : 0;
    result.by_words = by_words == meant ? 1 : 0;
  } else {
    result.others = 1;
    result.mistaken = understood ? 1 : 0;
    result.mistaken_by_words = by_words ? 1 : 0;
  }
  return result;
}

int run(const Options& options) {
  const std::vector<Recording> recordings = read_manifest(options.manifest, options.folder);
  const model::SpeechModel reader = options.model.reader();
  const auto language = options.model.language();
  const auto phrases = options.commands ? options.model.phrases(reader, understood_phrases()) : nullptr;
  const auto count = static_cast<std::int64_t>(recordings.size());
  const std::int64_t wanted = options.most == 0 ? count : std::min(count, options.most);
  std::map<std::string, Result> corpora;
  Result total;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  for (std::int64_t i = 0; i < wanted && !interrupted(); ++i) {
    const Recording& recording = recordings[static_cast<std::size_t>(i * count / wanted)];
    const audio::WholeFile sound = audio::read_whole_file(recording.file);
    const auto start = Clock::now();
    SpeechStream stream(reader, options.model.executor(), options.model.speech, language);
    const std::string text = read(stream, sound.samples), said = to_text(to_symbols(recording.text));
    Result result;
    result.busy_s = std::chrono::duration<double>(Clock::now() - start).count();
    result.sound_s = static_cast<double>(sound.samples.size()) / 16000;
    result.words = word_errors(said, text);
    result.characters = character_errors(said, text);
    result.recordings = 1;
    if (phrases != nullptr) {
      const auto nearest = stream.read_ms() <= kHeardMs
                               ? phrases->nearest(stream.heard(0, stream.read_ms()), stream.symbols())
                               : std::nullopt;
      const bool recognised = nearest && nearest->loss <= phrases->most_loss() && !text.empty();
      result.commands = commands_in(said, text, recognised ? nearest->phrase : std::string());
      if (options.each && nearest)
        std::printf("%s\n  nearest %s, loss %.2f\n", recording.file.filename().c_str(), nearest->phrase.c_str(),
                    static_cast<double>(nearest->loss));
    }
    corpora[recording.corpus].add(result);
    total.add(result);
    if (options.each)
      std::printf("%s\n  said %s\n  read %s\n", recording.file.filename().c_str(), said.c_str(), text.c_str());
    if (terminal) std::fprintf(stderr, "\r%lld of %lld", static_cast<long long>(i + 1), static_cast<long long>(wanted));
  }
  if (terminal) std::fprintf(stderr, "\r%30s\r", "");
  for (const auto& [corpus, result] : corpora) print(corpus, result, options);
  if (corpora.size() != 1) print("total", total, options);
  return interrupted() ? 130 : 0;
}

}  // namespace

void add_eval_speech_command(CLI::App& eval, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = eval.add_subcommand(
      "speech", "Word and character error rates on recordings whose words are known, each a stream of its own");
  command
      ->add_option("MANIFEST", options->manifest,
                   "Tab-separated table with the columns file and transcript (also: corpus, speaker)")
      ->required();
  command->add_option("--folder", options->folder, "Where the files are; default: beside the manifest");
  command->add_option("--most", options->most, "Only so many of the recordings, evenly apart; 0: all")
      ->capture_default_str();
  command->add_flag("--each", options->each, "Print what was said and what was read");
  command->add_flag("--commands", options->commands,
                    "Also whether commands and questions about the program are understood, and only those");
  command->add_flag("--json", options->json, "One JSON object a corpus, the total last");
  options->model.add_to(*command);
  command->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*options);
  });
}

}  // namespace catena::app
