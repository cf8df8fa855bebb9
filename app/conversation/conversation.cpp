#include "app/conversation/conversation.h"

#include <algorithm>
#include <utility>

namespace catena::app {
namespace {

void append(std::string& text, std::string_view more) {
  if (more.empty()) return;
  if (!text.empty()) text += ' ';
  text += more;
}

}  // namespace

Conversation::Conversation(ConversationNeeds needs, const TurnSettings& settings)
    : needs_(std::move(needs)), turns_(settings) {}

void Conversation::listen(bool on, std::int64_t now) {
  if (on && turns_.turn() == Turn::idle) began_ = now;
  turns_.listen(on, now);
  act(now);
}

void Conversation::hear(bool voice, const std::string& settled, bool open, std::int64_t now) {
  const bool began = turns_.turn() == Turn::hearing;
  turns_.voice(voice, now);
  turns_.words(settled, open, now);
  if (!began && turns_.turn() == Turn::hearing) begin_turn();
  worded_ = worded_ || !settled.empty();
  act(now);
}

void Conversation::begin_turn() {
  phrase_.clear();
  utterances_ = 0;
  worded_ = false;
}

void Conversation::talk_key(bool down, std::int64_t now) {
  if (down) begin_turn();
  turns_.talk_key(down, now);
  act(now);
}

void Conversation::utterance_ended(const std::string& phrase) {
  if (!std::exchange(worded_, false) || turns_.turn() != Turn::hearing) return;
  ++utterances_;
  phrase_ = phrase;
}

void Conversation::tick(std::int64_t now) {
  turns_.tick(now);
  act(now);
}

void Conversation::act(std::int64_t now) {
  for (TurnAction& action : turns_.take_actions()) {
    switch (action.kind) {
      case TurnAction::Kind::ask:
        ask(action.text, now);
        break;
      case TurnAction::Kind::end_utterance:
        needs_.end_utterance();
        break;
      case TurnAction::Kind::hold_voice:
        held_ = true;
        needs_.silence();
        for (Sentence& sentence : sentences_) sentence.voice = 0;
        break;
      case TurnAction::Kind::resume_voice:
        held_ = false;
        // From the word that was being spoken.
        if (!sentences_.empty() && sentences_.front().heard > 0) {
          append(heard_, std::string_view(sentences_.front().text).substr(0, sentences_.front().heard));
          while (!heard_.empty() && heard_.back() == ' ') heard_.pop_back();
          sentences_.front().text.erase(0, sentences_.front().heard);
          sentences_.front().heard = 0;
        }
        say_on();
        break;
      case TurnAction::Kind::drop_answer:
        needs_.silence();
        if (talk_ && !complete_) needs_.cancel(number_);
        finish_answer(true, now);
        break;
    }
  }
}

void Conversation::ask(const std::string& words, std::int64_t now) {
  const std::string question = utterances_ == 1 && understand(phrase_) ? phrase_ : words;
  phrase_.clear();
  utterances_ = 0;
  needs_.line({true, question, false});
  last_said_ = std::exchange(this_said_, question);
  ++number_;
  answering_ = true;
  complete_ = held_ = talk_ = mute_answer_ = false;
  heard_.clear();
  sentences_.clear();
  const std::optional<Understood> understood = understand(question);
  if (!understood) {
    talk_ = true;
    needs_.ask(number_, question);
    return;
  }
  std::string answer;
  if (is_command(understood->what)) {
    const CommandResult result = needs_.carry_out(*understood);
    answer = result.line.empty() ? report_of(*understood, result.done) : result.line;
  } else {
    Facts facts = needs_.facts();
    facts.last_said = last_said_;
    facts.talking_ms = now - began_;
    answer = answer_to(understood->what, facts);
  }
  needs_.note(question, answer);
  if (!answer.empty()) sentence(number_, answer, now);
  answer_complete(number_, now);
}

void Conversation::sentence(std::uint64_t number, const std::string& text, std::int64_t) {
  if (number != number_ || !answering_) return;  // of an answer that is not wanted any more
  if (mute_answer_) {
    append(heard_, text);
    return;
  }
  sentences_.push_back({text, 0, 0});
  if (!held_) say_on();
}

void Conversation::answer_complete(std::uint64_t number, std::int64_t now) {
  if (number != number_ || !answering_) return;
  complete_ = true;
  if (sentences_.empty()) finish_answer(false, now);
}

void Conversation::say_on() {
  for (Sentence& sentence : sentences_) {
    if (sentence.voice == 0) sentence.voice = needs_.say(sentence.text);
  }
}

void Conversation::voice_started(std::uint64_t text, std::int64_t now) {
  if (sentences_.empty() || sentences_.front().voice != text) return;
  turns_.answer_begins(now);
}

void Conversation::voice_word(std::uint64_t text, std::size_t byte) {
  if (!sentences_.empty() && sentences_.front().voice == text) sentences_.front().heard = byte;
}

void Conversation::voice_finished(std::uint64_t text, std::int64_t now) {
  if (sentences_.empty() || sentences_.front().voice != text) return;
  append(heard_, sentences_.front().text);
  sentences_.pop_front();
  if (sentences_.empty() && complete_) finish_answer(false, now);
}

void Conversation::voice_failed(std::uint64_t text, std::int64_t now) {
  const auto spoken = [&](const Sentence& sentence) { return sentence.voice == text; };
  if (std::none_of(sentences_.begin(), sentences_.end(), spoken)) return;
  mute_answer_ = true;
  for (const Sentence& sentence : sentences_) append(heard_, sentence.text);
  sentences_.clear();
  if (complete_) finish_answer(false, now);
}

void Conversation::finish_answer(bool interrupted, std::int64_t now) {
  if (!answering_) return;
  answering_ = false;
  if (interrupted && !sentences_.empty()) {
    std::string_view part = std::string_view(sentences_.front().text).substr(0, sentences_.front().heard);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    append(heard_, part);
  }
  sentences_.clear();
  if (talk_) needs_.settle(heard_);
  if (!heard_.empty()) needs_.line({false, heard_, interrupted});
  if (!interrupted) turns_.answer_ends(now);
}

}  // namespace catena::app
