// How long a turn's answer takes, from the end of speech. Plain arithmetic on times of one clock.
#pragma once

#include "ui/session.h"

namespace catena::app {

/// Times are milliseconds.
class TurnTiming {
 public:
  /// The user stopped speaking at `at`, or let go of the talk key.
  void speech_ended(double at) { ended_ = at; }
  /// Words of the turn are settled. Speech may go on behind them.
  void words(double now) { words_ = now; }
  /// The turn is a question now; what belongs to its answer follows.
  void asked() {
    asked_ended_ = ended_;
    asked_words_ = words_;
    first_reply_ = first_sound_ = -1;
    ended_ = words_ = -1;
  }
  void first_reply(double now) { keep_first(first_reply_, now); }
  void first_sound(double now) { keep_first(first_sound_, now); }

  /// Of the last question. Nothing is known of one whose end was not noticed.
  ui::TurnFigures figures() const { return {since(asked_words_), since(first_reply_), since(first_sound_)}; }

 private:
  static void keep_first(double& time, double now) {
    if (time < 0) time = now;
  }
  double since(double time) const {
    return asked_ended_ < 0 || time < 0 ? -1 : time > asked_ended_ ? time - asked_ended_ : 0;
  }

  double ended_ = -1, words_ = -1;                                                    // of the turn that is being heard
  double asked_ended_ = -1, asked_words_ = -1, first_reply_ = -1, first_sound_ = -1;  // of the last question
};

}  // namespace catena::app
