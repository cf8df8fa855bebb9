// The state of the conversation in words: never in doubt, and never by colour alone.
#pragma once

#include <QString>

#include "ui/session.h"

namespace catena::ui {

enum class TalkSign { off, writing, no_sound, muted, listening, hearing, thinking, speaking };

struct TalkWords {
  TalkSign sign = TalkSign::off;
  QString word;    ///< "Listening"
  QString detail;  ///< what it means or what to do, one line
};

/// running: sound comes in, whatever for; hearing: words are on their way.
TalkWords wordsFor(const TalkState& state, const TalkSettings& settings, bool running, bool hearing);

/// "words 120 ms, first reply 340 ms, first sound 480 ms"; what did not happen is left out.
QString lineOf(const TurnFigures& figures);

}  // namespace catena::ui
