#include "app/conversation/turn_manager.h"

#include <algorithm>
#include <utility>

namespace catena::app {
namespace {

using Kind = TurnAction::Kind;

constexpr std::int64_t kLastWordsMs = 600;  // that words may take to come behind the end of a turn

}  // namespace

std::vector<TurnAction> TurnManager::take_actions() { return std::exchange(actions_, {}); }

void TurnManager::listen(bool on, std::int64_t now) {
  if (on == (turn_ != Turn::idle)) return;
  if (!on && answering()) act(Kind::drop_answer);
  turn_ = on ? Turn::listening : Turn::idle;
  voice_ = open_ = key_down_ = key_released_ = false;
  silent_since_ = now;
  heard_.clear();
  question_.clear();
}

void TurnManager::mute(bool muted, std::int64_t now) {
  if (muted_ == muted) return;
  muted_ = muted;
  if (!muted) return;
  voice(false, now);
  open_ = false;
  if (turn_ == Turn::hearing) {
    heard_.clear();
    turn_ = Turn::listening;
  }
}

void TurnManager::talk_key(bool down, std::int64_t now) {
  if (turn_ == Turn::idle || key_down_ == down) return;
  key_down_ = down;
  if (settings_.hands_free) return;
  if (down) {
    if (answering()) act(Kind::drop_answer);
    heard_.clear();
    key_released_ = false;
    turn_ = Turn::hearing;
  } else if (turn_ == Turn::hearing) {
    key_released_ = true;
    released_at_ = now;
    act(Kind::end_utterance);
  }
}

void TurnManager::voice(bool active, std::int64_t now) {
  if (turn_ == Turn::idle || (muted_ && active) || active == voice_) return;
  voice_ = active;
  (active ? voice_since_ : silent_since_) = now;
  if (active && turn_ == Turn::listening && settings_.hands_free) hear(now);
}

void TurnManager::hear(std::int64_t now) {
  turn_ = Turn::hearing;
  if (!voice_) silent_since_ = now;
}

void TurnManager::words(const std::string& settled, bool open, std::int64_t now) {
  if (turn_ == Turn::idle || muted_) return;
  open_ = open;
  const bool any = open || !settled.empty();
  const bool counts = settings_.hands_free || turn_ == Turn::hearing;
  if (!any || !counts) return;
  switch (turn_) {
    case Turn::listening:
      hear(now);
      break;
    case Turn::interrupted:  // those were words: it is the user's turn
      act(Kind::drop_answer);
      question_.clear();
      hear(now);
      break;
    case Turn::thinking:  // words that came late belong to the question
      if (settled.empty()) return;
      act(Kind::drop_answer);
      heard_ = std::exchange(question_, {});
      hear(now);
      break;
    default:
      break;
  }
  if (turn_ == Turn::hearing && !settled.empty()) heard_ += (heard_.empty() ? "" : " ") + settled;
}

void TurnManager::answer_begins(std::int64_t) {
  if (turn_ == Turn::thinking) turn_ = Turn::speaking;
}

void TurnManager::answer_ends(std::int64_t now) {
  if (turn_ != Turn::thinking && turn_ != Turn::speaking) return;
  question_.clear();
  turn_ = Turn::listening;
  silent_since_ = now;
}

void TurnManager::drop(std::int64_t now) {
  if (!answering()) return;
  act(Kind::drop_answer);
  question_.clear();
  turn_ = Turn::listening;
  silent_since_ = now;
}

void TurnManager::ask(std::int64_t now) {
  key_released_ = false;
  if (heard_.empty()) {
    turn_ = Turn::listening;
    return;
  }
  question_ = std::exchange(heard_, {});
  turn_ = Turn::thinking;
  voice_since_ = now;  // voice that goes on from before is not a new beginning
  act(Kind::ask, question_);
}

void TurnManager::tick(std::int64_t now) {
  switch (turn_) {
    case Turn::hearing:
      if (settings_.hands_free) {
        if (!voice_ && !open_ && now - silent_since_ >= settings_.patience_ms) ask(now);
      } else if (key_released_ && (!open_ || now - released_at_ >= kLastWordsMs) &&
                 (!heard_.empty() || now - released_at_ >= kLastWordsMs)) {
        ask(now);
      }
      break;
    case Turn::thinking:
      if (settings_.hands_free && voice_ && now - voice_since_ >= settings_.thinking_barge_in_ms) {
        act(Kind::drop_answer);
        heard_ = std::exchange(question_, {});
        turn_ = Turn::hearing;
      }
      break;
    case Turn::speaking:
      if (settings_.hands_free && voice_ && now - voice_since_ >= settings_.barge_in_ms) {
        act(Kind::hold_voice);
        turn_ = Turn::interrupted;
        held_at_ = now;
      }
      break;
    case Turn::interrupted:
      if (!voice_ && now - std::max(silent_since_, held_at_) >= settings_.resume_after_ms) {
        act(Kind::resume_voice);
        turn_ = Turn::speaking;
      }
      break;
    case Turn::idle:
    case Turn::listening:
      break;
  }
}

}  // namespace catena::app
