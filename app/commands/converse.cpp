#include "app/commands/converse.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "app/assets_folder.h"
#include "app/commands/interrupt.h"
#include "app/commands/speech_options.h"
#include "app/conversation/conversation.h"
#include "app/conversation/dialogue.h"
#include "app/conversation/file_voice.h"
#include "app/speech/speech_listener.h"
#include "audio/file_source.h"
#include "audio/sound_pipeline.h"
#include "audio/speaker.h"

namespace catena::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kStepMs = 20;
constexpr int kLongestRestMs = 60'000;  // that an answer may take behind the end of the input

struct Options {
  SpeechModelOptions model;
  std::string input, output, microphone, loudspeaker;
  audio::VoiceSettings voice;
  TurnSettings turns;
  bool no_echo_cancellation = false;
  bool json = false;
};

/// What both ways of running it share: who answers, and what is printed.
class Talk {
 public:
  explicit Talk(const Options& options)
      : options_(options),
        dialogue_(model::TextModel::load(model_folder(options.model.language_folder)), options.model.executor()) {}

  /// say and silence: the voice's.
  ConversationNeeds needs(SpeechListener& listener, std::function<std::uint64_t(const std::string&)> say,
                          std::function<void()> silence) {
    ConversationNeeds needs;
    needs.say = std::move(say);
    needs.silence = std::move(silence);
    needs.end_utterance = [&listener] { listener.end_utterance(); };
    needs.ask = [this](std::uint64_t number, const std::string& question) { pending_ = {number, question}; };
    needs.cancel = [](std::uint64_t) {};
    needs.settle = [this](const std::string& heard) { dialogue_.settle(heard); };
    needs.note = [this](const std::string& question, const std::string& answer) { dialogue_.note(question, answer); };
    needs.facts = [this, &listener] {
      Facts facts = facts_of_the_moment();
      facts.state_bytes = static_cast<std::int64_t>(dialogue_.state_bytes() + listener.stream().state_bytes());
      facts.chunk_ms = chunk_ms_;
      return facts;
    };
    needs.carry_out = [](const Understood& command) {
      return CommandResult{command.what == Asked::stop};
    };  // there is no editor here
    needs.line = [this](const ConversationLine& line) { print(line); };
    return needs;
  }

  /// Answers what was asked since the last call.
  void answer(Conversation& conversation, std::int64_t now) {
    if (pending_.second.empty()) return;
    const auto [number, question] = std::exchange(pending_, {});
    dialogue_.answer(question, [&, number = number](const std::string& sentence) {
      conversation.sentence(number, sentence, now);
      return !interrupted();
    });
    conversation.answer_complete(number, now);
  }

  void took(double ms) { chunk_ms_ = chunk_ms_ == 0 ? ms : 0.9 * chunk_ms_ + 0.1 * ms; }

 private:
  void print(const ConversationLine& line) const {
    if (options_.json) {
      const nlohmann::json object = {
          {"who", line.from_user ? "you" : "catena"}, {"text", line.text}, {"interrupted", line.interrupted}};
      std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    } else {
      std::printf("%-7s %s%s\n", line.from_user ? "you" : "catena", line.text.c_str(), line.interrupted ? " -" : "");
    }
    std::fflush(stdout);
  }

  const Options& options_;
  Dialogue dialogue_;
  std::pair<std::uint64_t, std::string> pending_;
  double chunk_ms_ = 0;
};

void tell(Conversation& conversation, const audio::SpeakerEvent& event, std::int64_t now) {
  using Kind = audio::SpeakerEvent::Kind;
  if (event.kind == Kind::started) conversation.voice_started(event.number, now);
  if (event.kind == Kind::word) conversation.voice_word(event.number, event.byte);
  if (event.kind == Kind::finished) conversation.voice_finished(event.number, now);
  if (event.kind == Kind::failed) {
    std::fprintf(stderr, "catena: %s\n", event.text.c_str());
    conversation.voice_failed(event.number, now);
  }
}

/// From a file, as fast as it goes: time is the sound's.
int run_file(const Options& options) {
  audio::FileSource source(options.input, false);
  if (!options.output.empty()) {  // said before a long conversation, not behind it
    const std::filesystem::path place = std::filesystem::absolute(options.output).parent_path();
    if (access(place.c_str(), W_OK) != 0) {
      throw std::runtime_error(options.output + ": cannot be written, since its folder " +
                               (std::filesystem::exists(place) ? "is protected" : "does not exist") +
                               "; choose another place");
    }
  }
  const model::SpeechModel reader = options.model.reader();
  SpeechListener listener(reader, options.model.executor(), options.model.speech, options.model.language(),
                          options.model.phrases(reader, understood_phrases()));
  audio::SoundProcessor processor;
  FileVoice voice(options.voice);
  Talk talk(options);
  Conversation conversation(
      talk.needs(
          listener, [&](const std::string& text) { return voice.say(text); }, [&] { voice.stop(); }),
      options.turns);
  std::int64_t now = 0;
  conversation.listen(true, now);
  std::vector<float> block(static_cast<std::size_t>(source.rate() * kStepMs / 1000)), rest;
  const audio::ChunkSettings chunks{options.model.speech.chunk_ms, false};
  int quiet_ms = 0;
  bool clipped = false;
  while (!interrupted() && (!source.ended() || (quiet_ms < kLongestRestMs && conversation.turn() != Turn::listening))) {
    const std::size_t got = source.ended() ? 0 : source.read(block).count;
    std::fill(block.begin() + static_cast<std::ptrdiff_t>(got), block.end(), 0.0F);  // behind its end there is silence
    if (source.ended()) quiet_ms += kStepMs;
    const auto start = Clock::now();
    const std::int64_t chunks_before = listener.stream().chunks();
    processor.feed(block, source.rate(), chunks);
    const audio::SoundUpdate update = processor.take();
    clipped = clipped || update.clipped;
    const SpeechListener::Heard heard = listener.hear(update);
    if (listener.stream().chunks() > chunks_before)
      talk.took(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    now += kStepMs;
    conversation.hear(update.speech, model::to_text(heard.settled), !heard.open.empty(), now);
    if (heard.utterance_ended) conversation.utterance_ended(heard.phrase);
    for (const audio::SpeakerEvent& event : voice.pass(kStepMs)) tell(conversation, event, now);
    conversation.tick(now);
    talk.answer(conversation, now);
  }
  for (const audio::SourceEvent& event : source.take_events()) {
    if (event.kind == audio::SourceEventKind::truncated) std::fprintf(stderr, "catena: %s\n", event.text.c_str());
  }
  if (clipped)
    std::fprintf(stderr, "catena: %s is clipped in places, recorded too loud: words may be wrong there\n",
                 options.input.c_str());
  conversation.listen(false, now);
  if (!options.output.empty()) voice.write(options.output);
  return interrupted() ? 130 : 0;
}

/// With a microphone and a loudspeaker, until Ctrl-C.
int run_live(const Options& options) {
  const model::SpeechModel reader = options.model.reader();
  SpeechListener listener(reader, options.model.executor(), options.model.speech, options.model.language(),
                          options.model.phrases(reader, understood_phrases()));
  Talk talk(options);
  std::mutex mutex;
  std::vector<audio::SpeakerEvent> events;  // from the speaker's thread
  // What the loudspeaker plays, so that the microphone does not hear it.
  const auto far_end =
      options.no_echo_cancellation ? nullptr : std::make_shared<audio::FarEnd>(audio::Synthesizer::instance().rate());
  audio::Speaker speaker(
      [&](const audio::SpeakerEvent& event) {
        const std::lock_guard lock(mutex);
        events.push_back(event);
      },
      far_end);
  Conversation conversation(
      talk.needs(
          listener, [&](const std::string& text) { return speaker.say(text, options.voice, options.loudspeaker); },
          [&] { speaker.stop(); }),
      options.turns);
  const auto began = Clock::now();
  const auto now = [&] { return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count(); };
  audio::SoundPipeline pipeline;
  pipeline.set_chunks({options.model.speech.chunk_ms, false});
  pipeline.start_microphone(options.microphone, far_end);
  conversation.listen(true, now());
  std::fprintf(stderr, "listening; Ctrl-C ends\n");
  while (!interrupted()) {
    for (const audio::SoundUpdate& update : pipeline.poll()) {
      const auto start = Clock::now();
      const std::int64_t chunks_before = listener.stream().chunks();
      const SpeechListener::Heard heard = listener.hear(update);
      if (listener.stream().chunks() > chunks_before)
        talk.took(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
      conversation.hear(update.speech, model::to_text(heard.settled), !heard.open.empty(), now());
      if (heard.utterance_ended) conversation.utterance_ended(heard.phrase);
      for (const audio::SourceEvent& event : update.events) {
        if (event.kind != audio::SourceEventKind::finished) std::fprintf(stderr, "%s\n", event.text.c_str());
      }
    }
    std::vector<audio::SpeakerEvent> happened;
    {
      const std::lock_guard lock(mutex);
      happened.swap(events);
    }
    for (const audio::SpeakerEvent& event : happened) tell(conversation, event, now());
    conversation.tick(now());
    talk.answer(conversation, now());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  conversation.listen(false, now());
  pipeline.stop();
  return 130;
}

}  // namespace

void add_converse_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "converse",
      "Talk: what is said is read, answered and spoken. With microphone and loudspeaker, or from a file into one");
  auto* input = command->add_option("--input", options->input,
                                    "Sound file to listen to, as fast as it goes, instead of the microphone");
  command->add_option("--output", options->output, "WAV file for the answers' voice, in the time of the input")
      ->needs(input);
  command->add_option("--microphone", options->microphone, "Input device; default: the system's");
  command->add_option("--loudspeaker", options->loudspeaker, "Output device; default: the system's");
  command->add_option("--voice", options->voice.voice, "espeak-ng voice or language")->capture_default_str();
  command->add_option("--rate", options->voice.words_a_minute, "Words a minute")
      ->check(CLI::Range(80, 450))
      ->capture_default_str();
  command->add_option("--pitch", options->voice.pitch, "Pitch of the voice")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->add_option("--volume", options->voice.volume, "Loudness of the voice")
      ->check(CLI::Range(0, 200))
      ->capture_default_str();
  command->add_option("--patience", options->turns.patience_ms, "Silence that ends your turn, ms")
      ->check(CLI::Range(200, 5000))
      ->capture_default_str();
  command
      ->add_flag("--no-echo-cancellation", options->no_echo_cancellation,
                 "Take the microphone as it is: with headphones")
      ->excludes(input);
  command->add_flag("--json", options->json, "One JSON object a turn: who, text, interrupted");
  options->model.speech.chunk_ms = 320;  // words are seen sooner, for about a word in a hundred more that is wrong
  options->model.add_to(*command);
  command->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = options->input.empty() ? run_live(*options) : run_file(*options);
  });
}

}  // namespace catena::app
