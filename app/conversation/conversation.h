// A spoken conversation: joins what is heard, whose turn it is, who answers and the voice. No sound, threads or clock
// of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "app/conversation/questions.h"
#include "app/conversation/turn_manager.h"

namespace catena::app {

/// One turn, as it belongs into a transcript.
struct ConversationLine {
  bool from_user = false;
  std::string text;          ///< of an answer: what was heard of it
  bool interrupted = false;  ///< an answer that was not heard to its end
};

/// What became of a command.
struct CommandResult {
  bool done = false;
  std::string line = {};  ///< what is said about it; empty: report_of()
};

/// What the conversation asks of the rest of the program. All must be set.
struct ConversationNeeds {
  std::function<std::uint64_t(const std::string& text)>
      say;  ///< hands a text to the voice; its events come back as voice_*()
  std::function<void()> silence;                              ///< the voice stops at once and forgets what waits
  std::function<void()> end_utterance;                        ///< the reader should settle what it has
  /// Somebody who talks is asked: answer with sentence() and answer_complete(), now or later, until another question or
  /// cancel().
  std::function<void(std::uint64_t number, const std::string& question)> ask;
  std::function<void(std::uint64_t number)> cancel;
  /// What was heard of an answer to ask(), or a fact and its question: to go on from.
  std::function<void(const std::string& heard)> settle;
  std::function<void(const std::string& question, const std::string& answer)> note;
  std::function<Facts()> facts;                               ///< last_said and talking_ms are filled in here
  std::function<CommandResult(const Understood&)> carry_out;  ///< a command
  std::function<void(const ConversationLine&)> line;
};

/// Times are milliseconds of one clock.
class Conversation {
 public:
  Conversation(ConversationNeeds needs, const TurnSettings& settings);

  void set(const TurnSettings& settings) { turns_.set(settings); }
  void listen(bool on, std::int64_t now);
  void mute(bool muted, std::int64_t now) { turns_.mute(muted, now), act(now); }
  void talk_key(bool down, std::int64_t now);
  void hear(bool voice, const std::string& settled, bool open, std::int64_t now);
  /// Behind the words of an utterance. phrase: the known one (understood_phrases()) that all of it was, empty: none. A
  /// turn that is nothing else is taken for it, whatever words were read.
  void utterance_ended(const std::string& phrase);

  void sentence(std::uint64_t number, const std::string& text, std::int64_t now);
  void answer_complete(std::uint64_t number, std::int64_t now);

  void voice_started(std::uint64_t text, std::int64_t now);
  void voice_word(std::uint64_t text, std::size_t byte);
  void voice_finished(std::uint64_t text, std::int64_t now);
  /// The voice cannot speak: this answer is only written, all of it.
  void voice_failed(std::uint64_t text, std::int64_t now);

  /// Ends the answer that is made or spoken.
  void drop(std::int64_t now) { turns_.drop(now), act(now); }

  void tick(std::int64_t now);

  Turn turn() const { return turns_.turn(); }
  bool muted() const { return turns_.muted(); }

 private:
  struct Sentence {
    std::string text;
    std::uint64_t voice = 0;  // number that the voice knows it by; 0: not handed over
    std::size_t heard = 0;    // bytes
  };
  void begin_turn();
  void act(std::int64_t now);
  void ask(const std::string& words, std::int64_t now);
  void say_on();
  void finish_answer(bool interrupted, std::int64_t now);

  ConversationNeeds needs_;
  TurnManager turns_;
  std::int64_t began_ = 0;
  std::string last_said_, this_said_;
  std::string phrase_;               // that the turn's only utterance was
  int utterances_ = 0;               // with words, of the turn
  bool worded_ = false;              // words of the running utterance were heard
  std::uint64_t number_ = 0;     // of the question
  bool answering_ = false, complete_ = false, talk_ = false;  // talk_: somebody was asked; else a fact or command
  bool held_ = false;
  bool mute_answer_ = false;     // there is no voice for it
  std::string heard_;            // of the answer, whole sentences
  std::deque<Sentence> sentences_;  // that were not heard to their end
};

}  // namespace catena::app
