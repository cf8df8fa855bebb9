// catena eval speech MANIFEST
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands/eval.h"
#include "app/commands/interrupt.h"
#include "app/commands/speech_options.h"
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
  bool json = false, each = false;
};

struct Result {
  Errors words, characters;
  double sound_s = 0, busy_s = 0;
  std::int64_t recordings = 0;

  void add(const Result& other) {
    words += other.words;
    characters += other.characters;
    sound_s += other.sound_s;
    busy_s += other.busy_s;
    recordings += other.recordings;
  }
};

void print(const std::string& corpus, const Result& result, const Options& options) {
  const double percent = result.sound_s == 0 ? 0 : 100 * result.busy_s / result.sound_s;
  if (options.json) {
    const nlohmann::json line = {{"corpus", corpus}, {"recordings", result.recordings}, {"seconds", result.sound_s}, {"chunk_ms", options.model.speech.chunk_ms},
                                 {"wer_percent", result.words.percent()}, {"cer_percent", result.characters.percent()}, {"words", result.words.length},
                                 {"compute_percent_of_audio", percent}};
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf("%-36s %5lld recordings %6.0f s  words wrong %6.2f %%  characters %6.2f %%  compute %.1f %% of the time\n", corpus.c_str(),
                static_cast<long long>(result.recordings), result.sound_s, result.words.percent(), result.characters.percent(), percent);
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

int run(const Options& options) {
  const std::vector<Recording> recordings = read_manifest(options.manifest, options.folder);
  const model::SpeechModel reader = options.model.reader();
  const auto language = options.model.language();
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
    corpora[recording.corpus].add(result);
    total.add(result);
    if (options.each) std::printf("%s\n  said %s\n  read %s\n", recording.file.filename().c_str(), said.c_str(), text.c_str());
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
  CLI::App* command = eval.add_subcommand("speech", "Word and character error rates on recordings whose words are known, each a stream of its own");
  command->add_option("MANIFEST", options->manifest, "Tab-separated table with the columns file and transcript (also: corpus, speaker)")->required();
  command->add_option("--folder", options->folder, "Where the files are; default: beside the manifest");
  command->add_option("--most", options->most, "Only so many of the recordings, evenly apart; 0: all")->capture_default_str();
  command->add_flag("--each", options->each, "Print what was said and what was read");
  command->add_flag("--json", options->json, "One JSON object a corpus, the total last");
  options->model.add_to(*command);
  command->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*options);
  });
}

}  // namespace catena::app
