// A spoken conversation with the real reader and text model, over a loudspeaker that the microphone hears: how long
// everything takes, and whether the program interrupts itself.
//
// Time is simulated. A step of sound comes in every 30 ms; what computing on it takes is measured and added, and a step
// that comes while the one before is still being worked on waits for it. So a machine that does not keep up has
// latencies that grow, as in life.
#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "app/assets_folder.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "app/conversation/dialogue.h"
#include "app/conversation/simulated_talk.h"
#include "app/speech/speech_listener.h"

namespace catena::app {
namespace {

using Wall = std::chrono::steady_clock;

constexpr int kQuickTurns = 6;
constexpr int kLongestTurnMs = 15'000;
constexpr int kRestMs = 1500;       // between turns
constexpr int kBargeInMs = 1000;    // into the answer
constexpr double kLoudspeakerMs = 50;  // a callback's period and the latency that the player asks for
constexpr std::size_t kStepSamples = SimulatedRoom::kStepMs * audio::kRate / 1000;

const std::vector<std::string> kSaid = {"can you hear me now", "what do we have to do today",
                                        "tell me more about the weather", "where did you put the book",
                                        "how was your holiday"};
const std::string kLongAnswer =
    "There are three things on the list, and the first of them is the longest. The others can wait until tomorrow, "
    "when there is more time for them.";

double ms_since(Wall::time_point start) {
  return std::chrono::duration<double, std::milli>(Wall::now() - start).count();
}

/// The first time of each event of a turn, milliseconds of the simulated clock.
struct TurnTimes {
  std::optional<double> began, ended;  // sound of the user that can be heard
  std::optional<double> voice_over;    // voice activity knows that the user has ended
  std::optional<double> partial;       // a word is shown
  std::optional<double> text;          // the last word of the turn is settled
  std::optional<double> asked;         // the turn manager takes the turn
  std::optional<double> token;         // of the reply
  std::optional<double> sample;        // of the answer is heard
  std::optional<double> held;          // the sound is there by which the turn manager lets the user have the floor
  std::optional<double> silent;        // the answer is not heard any more
};

/// A conversation whose steps are timed.
class TimedTalk {
 public:
  TimedTalk(const SpeechModelOptions& options, const model::SpeechModel& reader, const RoomSettings& room,
            std::shared_ptr<model::WordModel> words, Dialogue* dialogue)
      : listener_(reader, options.executor(), options.speech, std::move(words),
                  options.phrases(reader, understood_phrases())),
        dialogue_(dialogue),
        talk_(
            room, {}, {}, needs(), [this](const audio::SoundUpdate& update) { return read(update); },
            [this] { silenced(); }) {
    for (const std::string& said : kSaid) utterances_.push_back(make_utterance(said, {.voice = "en-us", .pitch = 80}));
  }

  /// The user says something, is answered, and, if asked for, speaks over the answer.
  TurnTimes turn(int number, bool barge_in) {
    turn_ = {};
    scripted_ = barge_in || dialogue_ == nullptr;
    say(number);
    wait([this] { return turn_.sample.has_value() || talk_.conversation().turn() == Turn::listening; });
    TurnTimes result = turn_;
    if (barge_in && turn_.sample) {
      for (int ms = 0; ms < kBargeInMs; ms += SimulatedRoom::kStepMs) step({});
      turn_ = {};
      say(number + 1);
      barge_ = turn_;
      wait([this] {
        return talk_.conversation().turn() == Turn::listening || talk_.conversation().turn() == Turn::speaking;
      });
    } else {
      barge_ = {};
    }
    wait([this] { return talk_.conversation().turn() == Turn::listening && !talk_.voice_active(); });
    for (int ms = 0; ms < kRestMs; ms += SimulatedRoom::kStepMs) step({});
    return result;
  }

  const TurnTimes& barge_in() const { return barge_; }
  const SimulatedTalk& talk() const { return talk_; }
  int answered() const { return answered_; }
  double sound_percent() const { return 100 * sound_ms_ / static_cast<double>(talk_.now_ms()); }
  double all_percent() const { return 100 * all_ms_ / static_cast<double>(talk_.now_ms()); }

 private:
  ConversationNeeds needs() {
    ConversationNeeds needs;
    needs.end_utterance = [this] { listener_.end_utterance(); };
    needs.ask = [this](std::uint64_t number, const std::string& question) {
      note(turn_.asked);
      question_ = {number, question};
    };
    needs.cancel = [](std::uint64_t) {};
    needs.settle = [this](const std::string& heard) {
      if (!scripted_) dialogue_->settle(heard);
    };
    needs.note = [](const std::string&, const std::string&) {};
    needs.facts = [] { return Facts{}; };
    needs.carry_out = [](const Understood&) { return CommandResult{}; };
    return needs;
  }

  double now() const { return began_ms_ + ms_since(began_); }
  void note(std::optional<double>& event) const {
    if (!event) event = now();
  }

  void silenced() {
    if (turn_.held) return;
    turn_.held = static_cast<double>(talk_.now_ms());
    turn_.silent = now() + kLoudspeakerMs;
  }

  SimulatedReading read(const audio::SoundUpdate& update) {
    const SpeechListener::Heard heard = listener_.hear(update);
    if (!heard.settled.empty() || !heard.open.empty()) note(turn_.partial);
    if (!heard.settled.empty()) turn_.text = now();
    if (heard.utterance_ended) turn_.voice_over = static_cast<double>(talk_.now_ms());
    sound_ms_ += ms_since(began_);
    return {model::to_text(heard.settled), !heard.open.empty()};
  }

  void answer() {
    if (question_.second.empty()) return;
    const auto [number, question] = std::exchange(question_, {});
    ++answered_;
    const auto sentence = [&, number = number](const std::string& text) {
      talk_.conversation().sentence(number, text, talk_.now_ms());
      if (!turn_.sample) turn_.sample = now() + kLoudspeakerMs;
      return true;
    };
    if (scripted_) {
      sentence(kLongAnswer);
    } else {
      dialogue_->answer(question, sentence, [this](int tokens) {
        if (tokens > 0) note(turn_.token);
        return true;
      });
    }
    talk_.conversation().answer_complete(number, talk_.now_ms());
  }

  void step(std::span<const float> said) {
    began_ms_ = std::max(busy_until_, static_cast<double>(talk_.now_ms() + SimulatedRoom::kStepMs));
    began_ = Wall::now();
    talk_.step(said);
    answer();
    const double took = ms_since(began_);
    all_ms_ += took;
    busy_until_ = began_ms_ + took;
  }

  void say(int number) {
    const Utterance& utterance = utterances_[static_cast<std::size_t>(number) % utterances_.size()];
    turn_.began = static_cast<double>(talk_.now_ms() + utterance.begins_ms);
    turn_.ended = static_cast<double>(talk_.now_ms() + utterance.ends_ms);
    for (std::size_t i = 0; i < utterance.samples.size(); i += kStepSamples) {
      step(std::span(utterance.samples).subspan(i, std::min(kStepSamples, utterance.samples.size() - i)));
    }
  }

  template <typename Condition>
  void wait(Condition condition) {
    for (int ms = 0; ms < kLongestTurnMs && !condition() && !interrupted(); ms += SimulatedRoom::kStepMs) step({});
  }

  SpeechListener listener_;
  Dialogue* dialogue_;
  std::vector<Utterance> utterances_;
  std::pair<std::uint64_t, std::string> question_;
  TurnTimes turn_, barge_;
  bool scripted_ = false;  // this turn's answer is the long one
  int answered_ = 0;
  double busy_until_ = 0, began_ms_ = 0;  // simulated
  Wall::time_point began_;
  double sound_ms_ = 0, all_ms_ = 0;      // measured
  SimulatedTalk talk_;
};

/// Samples of a figure, told as p50 and p95 with the bound that the p95 should keep.
class Figure {
 public:
  void add(const std::optional<double>& from, const std::optional<double>& to) {
    if (from && to) samples_.push_back(*to - *from);
  }
  void tell(nlohmann::json& result, const std::string& name, std::optional<double> bound = std::nullopt) {
    result[name + "_p50_ms"] = samples_.empty() ? nlohmann::json() : nlohmann::json(percentile(samples_, 0.5));
    result[name + "_p95_ms"] = samples_.empty() ? nlohmann::json() : nlohmann::json(percentile(samples_, 0.95));
    result[name + "_count"] = samples_.size();
    if (bound) result[name + "_bound_ms"] = *bound;
  }

 private:
  std::vector<double> samples_;
};

}  // namespace

nlohmann::json bench_voice(const VoiceBenchOptions& options) {
  const int turns = options.quick ? std::min(options.turns, kQuickTurns) : options.turns;
  const model::SpeechModel reader = options.model.reader();
  const std::shared_ptr<model::WordModel> words = options.model.language();
  nlohmann::json result = {{"bench", "voice"},
                           {"turns", turns},
                           {"clock", "simulated, with measured computing added"},
                           {"patience_ms", TurnSettings{}.patience_ms}};

  Dialogue dialogue(model::TextModel::load(model_folder(options.model.language_folder)), options.model.executor());
  TimedTalk talk(options.model, reader, {}, words, &dialogue);
  Figure text_from_voice, text_from_sound, token, sample, sample_from_sound, silence, silence_from_sound, partial;
  for (int turn = 0; turn < turns && !interrupted(); ++turn) {
    const bool barge_in = turn % 2 == 1;
    const TurnTimes times = talk.turn(turn, barge_in);
    partial.add(times.began, times.partial);
    text_from_voice.add(times.voice_over, times.text);
    text_from_sound.add(times.ended, times.text);
    if (!barge_in) {
      token.add(times.asked, times.token);
      sample.add(times.asked, times.sample);
      sample_from_sound.add(times.ended, times.sample);
    }
    if (const TurnTimes& over = talk.barge_in(); over.held) {
      silence.add(over.held, over.silent);
      silence_from_sound.add(over.began, over.silent);
    }
  }
  text_from_voice.tell(result, "final_text", 250);
  text_from_sound.tell(result, "final_text_from_last_sound");
  token.tell(result, "first_token");
  sample.tell(result, "first_sample", 600);
  sample_from_sound.tell(result, "first_sample_from_last_sound");
  silence.tell(result, "barge_in_silence", 100);
  silence_from_sound.tell(result, "barge_in_silence_from_first_sound");
  partial.tell(result, "first_partial", 700);
  result["turns_answered"] = talk.answered();
  result["compute_percent_of_audio"] = talk.sound_percent();
  result["compute_percent_with_answers"] = talk.all_percent();
  result["compute_bound_percent"] = 25;

  for (const bool cancel : {true, false}) {
    TimedTalk echo(options.model, reader, {.cancel_echo = cancel}, words, nullptr);
    for (int turn = 0; turn < turns && !interrupted(); ++turn) echo.turn(turn, false);
    const std::string name = cancel ? "echo_" : "uncancelled_echo_";
    result[name + "self_interruptions"] = echo.talk().self_interruptions();
    result[name + "self_answers"] = echo.talk().self_questions();
    result[name + "turns_answered"] = echo.answered();
    if (cancel) {
      result["echo_self_interruptions_bound"] = 0;
      result["erle_db"] = echo.talk().echo().erle_db;
      result["echo_delay_ms"] = echo.talk().echo().delay_ms;
    }
  }
  return result;
}

}  // namespace catena::app
