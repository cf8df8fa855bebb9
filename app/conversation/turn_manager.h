// Whose turn it is in a spoken conversation. A state machine without sound, threads or clocks: events go in with their
// time, actions come out, so that every rule can be tested.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace catena::app {

enum class Turn {
  idle,        ///< not listening
  listening,   ///< nobody speaks
  hearing,     ///< the user speaks
  thinking,    ///< the question is asked, nothing of the answer is heard yet
  speaking,    ///< the answer is heard
  interrupted  ///< somebody made a sound while the answer was heard: the voice waits until it is known whether those
               ///< were words
};

struct TurnSettings {
  int patience_ms = 700;       ///< silence behind words that ends the user's turn
  int barge_in_ms = 150;       ///< of voice that stop the answer's voice
  int thinking_barge_in_ms = 350;  ///< of voice that take a question back: a cough while waiting should not
  int resume_after_ms = 900;   ///< of silence without words after which the voice goes on
  bool hands_free = true;      ///< false: the user's turn lasts as long as the talk key is down
};

struct TurnAction {
  enum class Kind {
    ask,            ///< `text` is a whole turn of the user's
    end_utterance,  ///< the reader should settle what it has
    hold_voice,     ///< silence at once, but what is left may still be said
    resume_voice,   ///< go on where it was held
    drop_answer     ///< the answer is not wanted any more, spoken or not
  };
  Kind kind = Kind::ask;
  std::string text = {};
  bool operator==(const TurnAction&) const = default;
};

/// Times are milliseconds of one clock that does not go back.
class TurnManager {
 public:
  explicit TurnManager(const TurnSettings& settings = {}) : settings_(settings) {}

  void set(const TurnSettings& settings) { settings_ = settings; }
  void listen(bool on, std::int64_t now);
  /// Muted: nothing that is heard counts.
  void mute(bool muted, std::int64_t now);
  void talk_key(bool down, std::int64_t now);

  void voice(bool active, std::int64_t now);                        ///< voice activity at the microphone
  void words(const std::string& settled, bool open,
             std::int64_t now);  ///< newly settled ones, and whether more are on their way
  void answer_begins(std::int64_t now);                             ///< its first sample is heard
  void answer_ends(std::int64_t now);                               ///< its last one was, or there is none
  /// The answer is not wanted any more, though nobody said so: a key, a menu.
  void drop(std::int64_t now);
  /// Time goes by: call at least ten times a second.
  void tick(std::int64_t now);

  Turn turn() const { return turn_; }
  bool muted() const { return muted_; }
  std::vector<TurnAction> take_actions();

 private:
  void act(TurnAction::Kind kind, const std::string& text = {}) { actions_.push_back({kind, text}); }
  bool answering() const { return turn_ == Turn::thinking || turn_ == Turn::speaking || turn_ == Turn::interrupted; }
  void hear(std::int64_t now);
  void ask(std::int64_t now);

  TurnSettings settings_;
  Turn turn_ = Turn::idle;
  bool muted_ = false, key_down_ = false, voice_ = false, open_ = false, key_released_ = false;
  std::int64_t voice_since_ = 0, silent_since_ = 0, released_at_ = 0, held_at_ = 0;
  std::string heard_;     // settled words of the user's turn
  std::string question_;  // that is being answered
  std::vector<TurnAction> actions_;
};

}  // namespace catena::app
