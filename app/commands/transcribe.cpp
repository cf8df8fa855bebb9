#include "app/commands/transcribe.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "app/commands/interrupt.h"
#include "app/commands/speech_options.h"
#include "app/speech/speech_listener.h"
#include "audio/file_source.h"
#include "audio/raw_input.h"
#include "audio/sound_processor.h"

namespace catena::app {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  SpeechModelOptions model;
  std::string file;
  bool real_time = false;
  bool json = false;
};

class Printer {
 public:
  explicit Printer(bool json) : json_(json) {}

  void show(const SpeechListener::Heard& heard) {
    for (const model::SpokenWord& word : heard.settled) {
      if (json_) {
        const nlohmann::json line = {
            {"word", word.text}, {"start_ms", word.start_ms}, {"end_ms", word.end_ms}, {"confidence", word.confidence}};
        std::printf("%s\n", line.dump().c_str());
      } else {
        std::printf("%s%s", line_begun_ ? " " : "", word.text.c_str());
      }
      line_begun_ = true;
    }
    if (heard.utterance_ended && line_begun_) {
      if (!json_) std::printf("\n");
      line_begun_ = false;
    }
    std::fflush(stdout);
  }

 private:
  bool json_, line_begun_ = false;
};

int run(const Options& options) {
  const std::shared_ptr<audio::Source> source =
      options.file == "-" ? std::shared_ptr<audio::Source>(std::make_shared<audio::RawInput>(STDIN_FILENO))
                          : std::make_shared<audio::FileSource>(options.file, options.real_time);
  SpeechListener listener(options.model.reader(), options.model.executor(), options.model.speech,
                          options.model.language());
  audio::SoundProcessor processor;
  Printer printer(options.json);
  std::vector<float> block(1600);
  double busy_ms = 0;
  bool clipped = false;
  const auto take = [&] {
    const auto start = Clock::now();
    const audio::SoundUpdate update = processor.take();
    clipped = clipped || update.clipped;
    printer.show(listener.hear(update));
    busy_ms += std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  while (!source->ended() && !interrupted()) {
    const audio::Source::Block got = source->read(block);
    if (got.count == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    processor.feed(std::span<const float>(block).first(got.count), got.rate, {options.model.speech.chunk_ms, false});
    if (processor.pending_ms() >= 40) take();
  }
  processor.finish();
  take();
  printer.show(listener.finish());
  for (const audio::SourceEvent& event : source->take_events()) {
    if (event.kind == audio::SourceEventKind::truncated || event.kind == audio::SourceEventKind::failed)
      std::fprintf(stderr, "catena: %s\n", event.text.c_str());
  }
  if (clipped)
    std::fprintf(stderr, "catena: %s is clipped in places, recorded too loud: words may be wrong there\n",
                 options.file.c_str());
  const auto sound_ms = static_cast<double>(listener.stream().read_ms());
  if (isatty(STDERR_FILENO) == 1 && sound_ms > 0) {
    std::fprintf(stderr, "%.1f s of sound, read in %.1f %% of that time; state %.0f kB\n", sound_ms / 1000,
                 100 * busy_ms / sound_ms, static_cast<double>(listener.stream().state_bytes()) / 1000);
  }
  return interrupted() ? 130 : 0;
}

}  // namespace

void add_transcribe_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("transcribe", "Write down what is said in a recording, chunk by chunk");
  command->add_option("FILE", options->file, "Sound file, or - for raw 16 kHz 16-bit mono samples on standard input")
      ->required();
  command->add_flag("--real-time", options->real_time, "Read the file at its own pace");
  command->add_flag("--json", options->json, "One JSON object a word: word, start_ms, end_ms, confidence");
  options->model.add_to(*command);
  command->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*options);
  });
}

}  // namespace catena::app
