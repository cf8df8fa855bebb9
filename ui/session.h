// What the window knows of everything behind it: plain values, and one interface.
// Implemented by app/session (real) and by a fake in tests/ui. All calls and signals are on the UI thread; none blocks.
#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QVector>
#include <functional>

namespace catena::ui {

using DocumentId = int;

enum class ChunkPolicy { fixed, line, pause };
enum class Device { cpu, cuda };
enum class Precision { float32, bfloat16, int8 };

/// Every knob of the chunk panel.
struct ChunkSettings {
  int chunk_length = 128;    ///< tokens, a power of two from 8 to 512
  int sound_chunk_ms = 320;  ///< 160 to 1280
  ChunkPolicy policy = ChunkPolicy::fixed;
  bool carry = true;
  double gate_temperature = 0.1;
  Precision precision = Precision::int8;  ///< of the text model's weights
  Device device = Device::cpu;
  int threads = 2;
  bool operator==(const ChunkSettings&) const = default;
};

struct ModelInfo {
  bool loaded = false;
  QString name;  ///< "catena-text-5"
  qint64 parameters = 0;
  QString carry;    ///< "delta", "vector" or "none"
  QString problem;  ///< one line when loading failed, else empty
  double default_gate_temperature = 0.1;
  bool cuda_available = false;
  int max_threads = 1;
};

struct Suggestion {
  quint64 request = 0;  ///< number of the request it answers
  DocumentId document = 0;
  int byte_position = 0;     ///< where it would be inserted (UTF-8 bytes from the start)
  QStringList alternatives;  ///< best first; empty: nothing worth suggesting
  double latency_ms = 0;     ///< request to answer
  int tokens = 0;
};

struct ReadingProgress {
  DocumentId document = 0;
  qint64 read_bytes = 0;
  qint64 total_bytes = 0;  ///< up to the cursor
};

/// A project folder whose files were read once. Documents below it start from what is remembered of it.
struct RememberedProject {
  QString folder;  ///< absolute path
  QDateTime read_at;
  qint64 files = 0;
  QString other_model;  ///< not empty: this model read it, not the one in use, so documents start without it
};

/// How far a project folder is read.
struct RememberingProgress {
  enum class State { looking, reading, done, stopped };  ///< looking: for files; done: documents start from it now
  QString folder;
  State state = State::looking;
  int files = 0;  ///< read
  qint64 read_bytes = 0;
  qint64 total_bytes = 0;
};

/// What a document's stream begins with.
struct DocumentStart {
  DocumentId document = 0;
  QString project;  ///< folder of the remembered project, empty: nothing was read before
};

/// One sample of the dashboards, at most 30 a second.
struct Figures {
  qint64 time_ms = 0;  ///< since the session started
  // memory
  qint64 state_bytes = 0;   ///< the chain state of the active stream
  qint64 marks_bytes = 0;   ///< its checkpoints
  qint64 tensor_bytes = 0;  ///< everything the counting allocator holds
  qint64 resident_bytes = 0;
  qint64 gpu_bytes = -1;      ///< -1: no GPU
  qint64 kv_cache_bytes = 0;  ///< what a same-size Transformer would hold on this stream
  // stream
  qint64 tokens = 0;
  qint64 chunks = 0;
  int chunk_length = 0;
  int queue = 0;  ///< jobs waiting for the model thread
  double tokens_per_s = 0;
  // new latency samples since the last sample, milliseconds
  QVector<double> chunk_ms;
  QVector<double> token_ms;
};

/// One sample of the sound path, at most 30 a second.
struct SoundFigures {
  qint64 time_ms = 0;
  bool running = false;
  QString device;
  double level_dbfs = -120;
  double peak_dbfs = -120;
  bool clipped = false;
  bool speech = false;          ///< voice activity now
  double real_time_factor = 0;  ///< processing time / audio time
  double buffer_fill = 0;       ///< 0 to 1
  qint64 overruns = 0;
  qint64 underruns = 0;
  double latency_ms = 0;            ///< capture to figures
  bool cancelling_echo = false;     ///< the loudspeaker is taken out of the microphone
  double echo_delay_ms = 0;         ///< from handing sound to the loudspeaker to reading its echo, as the devices tell
  double echo_loss_db = 0;          ///< echo return loss enhancement; 0: nothing was played yet
  QVector<QVector<float>> log_mel;  ///< new frames, 80 bands each, natural log
};

struct SoundSegment {
  qint64 start_ms = 0;  ///< since the source was opened
  qint64 end_ms = 0;
  bool speech = false;
  double detection_latency_ms = 0;
};

struct SpokenWord {
  QString text;
  qint64 start_ms = 0;  ///< since the source was opened
  qint64 end_ms = 0;
  double confidence = 0;  ///< 0 to 1
};

/// What was heard since the last one.
struct SpeechUpdate {
  QVector<SpokenWord> settled;   ///< will not change any more
  QVector<SpokenWord> open;      ///< how it goes on, as far as one can tell
  bool utterance_ended = false;  ///< behind the settled words
  QString phrase;                ///< then: the command or question about the program that all of it was, empty: none
  double latency_ms = 0;         ///< from the end of the sound that was read last to these words; 0: nothing was read
  double compute_percent = 0;    ///< of the sound's time
  qint64 state_bytes = 0;        ///< carried from chunk to chunk
};

enum class SoundCheck { test_tone, hear_yourself };

/// How far a check of the sound devices is.
struct SoundCheckStep {
  enum class State { recording, playing, done, failed };
  SoundCheck check = SoundCheck::test_tone;
  State state = State::done;
  QString line;  ///< of failed, and of done where something is to be said: one line
};

struct SoundDevice {
  QString name;  ///< stable name, without hw:X,Y
  bool is_default = false;
};

/// Whose turn it is in a spoken conversation.
enum class Turn {
  off,
  listening,
  hearing,   ///< the user speaks
  thinking,  ///< the user's turn is over, nothing of the answer is heard yet
  speaking,
  held  ///< a sound while the answer was heard: the voice waits until it is known whether those were words
};

struct TalkState {
  Turn turn = Turn::off;
  bool muted = false;      ///< nothing that is heard counts
  bool source = false;     ///< sound comes in
  bool reading = false;    ///< a text is read aloud
  bool dictating = false;  ///< what is said is typed instead of answered
  bool operator==(const TalkState&) const = default;
};

/// One turn of the conversation.
struct TalkLine {
  bool from_user = false;
  QString text;              ///< of an answer: what was heard of it
  bool interrupted = false;  ///< an answer that was not heard to its end
};

/// How long a turn's answer took, milliseconds from the end of speech; -1: it did not come to that.
struct TurnFigures {
  double words_ms = -1;        ///< the last of its words is settled
  double first_reply_ms = -1;  ///< the first token of the answer
  double first_sound_ms = -1;  ///< its first sample is played
};

/// How the program speaks and takes turns.
struct TalkSettings {
  QString voice = QStringLiteral("en");  ///< a voice's name or a language
  int words_a_minute = 175;              ///< 80 to 450
  int pitch = 50;                        ///< 0 to 100
  int volume = 100;                      ///< 0 to 200
  QString loudspeaker;                   ///< empty: the default device
  int patience_ms = 700;                 ///< silence that ends the user's turn, 200 to 5000
  bool hands_free = true;                ///< false: the user's turn lasts as long as the talk key is held
  /// Whoever speaks over the voice interrupts it. Without headphones the microphone hears the voice itself; false:
  /// hands-free, nothing is heard while it speaks.
  bool barge_in = true;
  bool operator==(const TalkSettings&) const = default;
};

struct VoiceName {
  QString name;
  QString language;  ///< "en-gb"
};

/// A spoken command that the window carries out.
struct SpokenCommand {
  enum class What { open, save, read_aloud, accept, undo, chunk_length };
  What what = What::save;
  int number = 0;  ///< chunk_length: tokens
};

struct CommandOutcome {
  bool done = false;
  QString line;  ///< what is said about it; empty: the usual
};

/// What dictation does at the cursor.
struct Dictated {
  QString text;       ///< to insert
  bool undo = false;  ///< takes the last insertion back
};

/// A system of the Compare dock.
struct CompareSystem {
  QString id;
  QString name;
  QString about;  ///< one line
};

/// What the compared systems read: tokens, or frames of sound, which count as tokens.
enum class CompareSource { document, conversation, sound };

struct CompareStep {
  qint64 tokens = 0;  ///< read with it
  double ms = 0;      ///< processor time
};

/// How a compared system stands.
struct CompareLane {
  QString system;     ///< its id
  int run = 0;        ///< counts its beginnings
  qint64 tokens = 0;  ///< read since it began
  qint64 behind = 0;  ///< tokens that the stream has read and the system has not
  qint64 state_bytes = 0;
  qint64 held_bytes = 0;          ///< with room to grow, and the marks that it goes back to after an edit
  double p50_ms = 0, p95_ms = 0;  ///< processor time a token, of the last hundreds
  QVector<CompareStep> steps;     ///< since the last sample
  QString problem;                ///< not empty: it has stopped, and why, in one line
};

/// One sample of the Compare dock, at most 30 a second.
struct CompareFigures {
  QVector<CompareLane> lanes;  ///< the chosen systems
  QString event;               ///< the last thing that happened to all of them, one line; empty: nothing
};

enum class Panel { editor, sound, memory, latency, chunk, transcript, compare };

/// What went wrong and the one thing to do about it.
struct Notice {
  Panel panel = Panel::editor;
  QString text;           ///< one line: what, where, what to do
  QString action;         ///< label of the button, empty: none
  QString action_id;      ///< passed to Session::act
  bool resolved = false;  ///< takes an earlier notice of the same action_id away
};

/// A setting took effect at this place of the timelines.
struct SettingsMark {
  qint64 time_ms = 0;
  QString text;  ///< "chunk 128 -> 64"
};

class Session : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  // Documents. Text is UTF-8; positions are bytes. The editor owns the text, the session reads along.
  /// `name` is the absolute path of a saved file, else "untitled N". A file may hold bytes that are no UTF-8: they come
  /// as they are.
  virtual DocumentId openDocument(const QString& name, const QByteArray& text) = 0;
  virtual void closeDocument(DocumentId document) = 0;
  virtual void setActiveDocument(DocumentId document) = 0;
  virtual void textChanged(DocumentId document, int byte_position, int removed_bytes, const QByteArray& inserted) = 0;
  virtual void cursorMoved(DocumentId document, int byte_position) = 0;

  /// Asks for suggestions at the cursor; returns the request's number. A newer request cancels an older one.
  virtual quint64 requestSuggestion(DocumentId document, int byte_position, bool explicitly) = 0;
  virtual void cancelSuggestion() = 0;

  // Projects. One folder is read at a time, in the background: whatever somebody waits for comes first.
  /// Reads a folder's files. What was remembered of it before stays until all of it is read, and when it cannot be.
  virtual void rememberProject(const QString& folder) = 0;
  virtual void cancelRemembering() = 0;
  virtual void forgetProject(const QString& folder) = 0;
  virtual QVector<RememberedProject> projects() const = 0;  ///< by folder

  // Sound.
  virtual QVector<SoundDevice> soundDevices() const = 0;
  virtual void startSound(const QString& device_name) = 0;  ///< empty name: the default device
  virtual void openSoundFile(const QString& path) = 0;      ///< plays a file through the sound path in real time
  virtual void stopSound() = 0;
  /// Tries the devices: a second of a tone, or three seconds of the microphone played back. Results come as
  /// soundCheck(). A check ends early by stopSoundCheck(); the running source is not disturbed.
  virtual void checkSound(SoundCheck check, const QString& microphone, const QString& loudspeaker) = 0;
  virtual void stopSoundCheck() = 0;

  // Conversation: with what is heard from the microphone or the file that runs.
  virtual TalkState talk() const = 0;
  virtual void setTalking(bool on) = 0;
  virtual void setMuted(bool muted) = 0;
  virtual void holdToTalk(bool down) = 0;  ///< the talk key, where not hands-free
  virtual void setDictating(bool on) = 0;
  virtual void readAloud(const QString& text) = 0;
  virtual void stopVoice() = 0;  ///< ends reading aloud, or the answer that is being spoken
  virtual TalkSettings talkSettings() const = 0;
  virtual void applyTalkSettings(const TalkSettings& settings) = 0;  ///< from the next sentence on
  virtual QVector<VoiceName> voices() const = 0;
  virtual QVector<SoundDevice> loudspeakers() const = 0;

  // Comparison: other systems read the very tokens of a stream, for their time and memory. Off at first.
  virtual QVector<CompareSystem> compareSystems() const = 0;
  virtual void chooseCompared(const QStringList& ids) = 0;  ///< what is not named is freed
  virtual void setCompareSource(CompareSource source) = 0;
  virtual void setComparing(bool on) = 0;  ///< false: nothing is computed; all keep their places

  // What a conversation asks of the window. The window sets them; unset, commands cannot be carried out. They must not
  // open a dialog before they return.
  std::function<CommandOutcome(const SpokenCommand&)> carry_out;
  std::function<QString()> open_file;  ///< name of the current document's file, empty when it has none

  // Settings.
  virtual ChunkSettings settings() const = 0;
  virtual void applySettings(const ChunkSettings& settings) = 0;  ///< takes effect at the next boundary

  virtual ModelInfo model() const = 0;
  virtual void act(const QString& action_id) = 0;  ///< the button of a notice

 Q_SIGNALS:
  void modelChanged(const catena::ui::ModelInfo& info);
  void suggestionReady(const catena::ui::Suggestion& suggestion);
  void readingProgress(const catena::ui::ReadingProgress& progress);
  void rememberingProgress(const catena::ui::RememberingProgress& progress);
  void projectsChanged();
  void documentStarts(const catena::ui::DocumentStart& start);
  void figures(const catena::ui::Figures& figures);
  void soundFigures(const catena::ui::SoundFigures& figures);
  void soundSegment(const catena::ui::SoundSegment& segment);
  void spoken(const catena::ui::SpeechUpdate& update);
  void soundDevicesChanged();
  void soundCheck(const catena::ui::SoundCheckStep& step);
  void talkChanged(const catena::ui::TalkState& state);
  void talkLine(const catena::ui::TalkLine& line);
  void turnFigures(const catena::ui::TurnFigures& figures);
  void dictated(const catena::ui::Dictated& dictated);
  void voicesChanged();  ///< voices() or loudspeakers()
  void compared(const catena::ui::CompareFigures& figures);
  void settingsApplied(const catena::ui::SettingsMark& mark);
  void notice(const catena::ui::Notice& notice);
};

}  // namespace catena::ui
