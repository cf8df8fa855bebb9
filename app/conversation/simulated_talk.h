// A whole conversation in a simulated room: microphone, turn taking and voice as in a live one, a user who is played
// from samples.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "app/conversation/conversation.h"
#include "app/conversation/file_voice.h"
#include "app/conversation/simulated_room.h"

namespace catena::app {

/// What a reader makes of an update.
struct SimulatedReading {
  std::string settled;
  bool open = false;  ///< more words are on their way
};

/// Not thread-safe.
class SimulatedTalk {
 public:
  using Read = std::function<SimulatedReading(const audio::SoundUpdate&)>;

  /// needs: all but the voice, say() and silence(), which is the talk's own. `silenced` is called when the voice is
  /// held or stopped.
  SimulatedTalk(const RoomSettings& room, const audio::VoiceSettings& voice, const TurnSettings& turns,
                ConversationNeeds needs, Read read, std::function<void()> silenced = {});

  /// A step of the room goes by in which the user says this, 16 kHz; empty: nothing.
  void step(std::span<const float> said);

  Conversation& conversation() { return conversation_; }
  std::int64_t now_ms() const { return room_.now_ms(); }
  const audio::EchoFigures& echo() const { return echo_; }
  bool voice_active() const { return voice_active_; }  ///< at the microphone, in the last step

  /// How often the voice was held or stopped by nobody: the user had said nothing since it began.
  int self_interruptions() const { return self_interruptions_; }
  /// How often a turn was answered that nobody had taken.
  int self_questions() const { return self_questions_; }

 private:
  ConversationNeeds with_voice(ConversationNeeds needs);
  void silence();
  void tell(const audio::SpeakerEvent& event);

  SimulatedRoom room_;
  FileVoice voice_;
  Read read_;
  std::function<void()> silenced_;
  audio::EchoFigures echo_;
  bool voice_active_ = false;
  bool said_since_voice_ = false;     // the user, since the voice began
  bool said_since_question_ = false;  // since the last turn was taken
  int self_interruptions_ = 0, self_questions_ = 0;
  Conversation conversation_;
};

}  // namespace catena::app
