// The spoken conversation of the window: joins what is heard, whose turn it is, who answers, the voice, and reading
// aloud.
#pragma once

#include <QObject>
#include <QTimer>
#include <cstdint>
#include <functional>
#include <string>

#include "app/conversation/conversation.h"
#include "app/conversation/dictation.h"
#include "app/session/read_aloud.h"
#include "app/session/turn_timing.h"
#include "audio/speaker.h"
#include "ui/session.h"

namespace catena::app {

/// What the conversation uses. All must be set; none may wait.
struct ConversationParts {
  std::function<std::int64_t()> now;  ///< milliseconds
  /// The voice, whose events come back as voice().
  std::function<std::uint64_t(const std::string& text, const audio::VoiceSettings& settings,
                              const std::string& loudspeaker)>
      say;
  std::function<void()> silence;
  std::function<void()> end_utterance;  ///< the reader of speech should settle what it has
  /// Who answers: comes back as firstToken(), sentence(), answered().
  std::function<void(std::uint64_t number, const std::string& question)> ask;
  std::function<void(std::uint64_t number)> cancel;
  std::function<void(const std::string& heard)> settle;
  std::function<void(const std::string& question, const std::string& answer)> note;
  std::function<Facts()> facts;
  std::function<ui::CommandOutcome(const ui::SpokenCommand&)> carry_out;
};

/// On the UI thread, where sound and words pass anyway: what it does itself takes microseconds, whatever takes longer
/// is done by its parts.
class ConversationService : public QObject {
  Q_OBJECT
 public:
  ConversationService(ConversationParts parts, QObject* parent);

  ui::TalkState state() const;
  /// What is heard now does not count: muted, or the voice is heard and must not be taken for the user's.
  bool deaf() const;
  const ui::TalkSettings& settings() const { return settings_; }
  void apply(const ui::TalkSettings& settings);
  void setTalking(bool on);
  void setMuted(bool muted);
  void holdToTalk(bool down);
  void setDictating(bool on);
  void readAloud(const QString& text);
  void stopVoice();

  void hear(const ui::SoundFigures& figures);  ///< voice activity, and whether there is a source
  void hear(const ui::SoundSegment& segment);
  void hear(const ui::SpeechUpdate& update);
  void firstToken(std::uint64_t number);
  void sentence(std::uint64_t number, const std::string& text);
  void answered(std::uint64_t number);
  void voice(const audio::SpeakerEvent& event);
  /// Time goes by; called by a timer while a conversation is on.
  void tick();

 Q_SIGNALS:
  void changed(const catena::ui::TalkState& state);
  void line(const catena::ui::TalkLine& line);
  void figures(const catena::ui::TurnFigures& figures);
  void dictated(const catena::ui::Dictated& dictated);
  void notice(const catena::ui::Notice& notice);

 private:
  ConversationNeeds needs();
  std::uint64_t say(const std::string& text);
  CommandResult carryOut(const Understood& command);
  void show(const ConversationLine& line);
  void dictate(const std::vector<DictationEdit>& edits);
  void opened(const std::string& loudspeaker);
  void failed(const audio::SpeakerEvent& event);
  /// Behind everything that may have changed something.
  void settle();

  ConversationParts parts_;
  ui::TalkSettings settings_;
  Conversation conversation_;
  ReadAloud reading_;
  Dictation dictation_;
  TurnTiming timing_;
  QTimer ticking_;
  ui::TalkState told_;
  bool dictating_ = false;
  bool source_ = false, voice_ = false, open_ = false;  // as heard last
  std::uint64_t question_ = 0;                          // that is being answered by somebody
  std::int64_t voice_heard_until_ = 0;                  // echoes and words of it come that long
  bool sounded_ = false;                                // something of the last answer was heard
};

}  // namespace catena::app
