// A session without a model: deterministic, answers when told to. What the window asked for is recorded.
#pragma once

#include <QHash>
#include <cmath>

#include "ui/session.h"

namespace catena::ui {

class FakeSession : public Session {
 public:
  struct Request {
    quint64 number;
    DocumentId document;
    int position;
    bool explicitly;
  };

  QHash<DocumentId, QByteArray> texts;  ///< rebuilt from textChanged alone
  QHash<DocumentId, QString> names;
  QVector<Request> requests;
  QVector<ChunkSettings> applied;
  QStringList actions;
  QStringList sound_calls;
  DocumentId active = 0;
  int cancels = 0;
  bool broken_delta = false;  ///< a delta did not fit the text
  ChunkSettings current;
  ModelInfo info;
  QVector<SoundDevice> devices{{"Built-in", true}, {"USB microphone", false}};
  /// Answers each request at once (from the event loop) with this, when not empty.
  QStringList automatic_answer;

  FakeSession() {
    info.loaded = true;
    info.name = "fake-1";
    info.parameters = 12'345'678;
    info.carry = "delta";
    info.max_threads = 4;
    current.threads = 4;
  }

  DocumentId openDocument(const QString& name, const QByteArray& text) override {
    texts.insert(++last_document_, text);
    names.insert(last_document_, name);
    return last_document_;
  }
  void closeDocument(DocumentId document) override { texts.remove(document); }
  void setActiveDocument(DocumentId document) override { active = document; }
  void textChanged(DocumentId document, int position, int removed, const QByteArray& inserted) override {
    QByteArray& text = texts[document];
    if (position < 0 || removed < 0 || position + removed > text.size()) {
      broken_delta = true;
      return;
    }
    text.replace(position, removed, inserted);
  }
  void cursorMoved(DocumentId, int position) override { cursor = position; }
  int cursor = 0;

  quint64 requestSuggestion(DocumentId document, int position, bool explicitly) override {
    requests.append({++last_request_, document, position, explicitly});
    if (!automatic_answer.isEmpty()) {
      const Request request = requests.last();
      QMetaObject::invokeMethod(
          this, [this, request] { answer(request, automatic_answer); }, Qt::QueuedConnection);
    }
    return last_request_;
  }
  void cancelSuggestion() override { ++cancels; }

  void answer(const Request& request, const QStringList& alternatives) {
    Suggestion s;
    s.request = request.number;
    s.document = request.document;
    s.byte_position = request.position;
    s.alternatives = alternatives;
    s.latency_ms = 5;
    Q_EMIT suggestionReady(s);
  }
  void answer(const QStringList& alternatives) { answer(requests.last(), alternatives); }

  void rememberProject(const QString& folder) override { project_calls << "remember:" + folder; }
  void cancelRemembering() override { project_calls << "cancel"; }
  void forgetProject(const QString& folder) override { project_calls << "forget:" + folder; }
  QVector<RememberedProject> projects() const override { return remembered; }
  QVector<RememberedProject> remembered;
  QStringList project_calls;

  QVector<SoundDevice> soundDevices() const override { return devices; }
  void startSound(const QString& device) override { sound_calls << "start:" + device; }
  void openSoundFile(const QString& path) override { sound_calls << "file:" + path; }
  void stopSound() override { sound_calls << "stop"; }
  void checkSound(catena::ui::SoundCheck check, const QString& microphone, const QString& loudspeaker) override {
    sound_calls << (check == catena::ui::SoundCheck::test_tone ? "tone:" : "hear:" + microphone + ">") + loudspeaker;
  }
  void stopSoundCheck() override { sound_calls << "stop check"; }

  TalkState talk() const override { return talk_state; }
  void setTalking(bool on) override {
    talk_calls << (on ? "talk" : "silence");
    talk_state.turn = on ? Turn::listening : Turn::off;
    if (on) talk_state.dictating = false;
    Q_EMIT talkChanged(talk_state);
  }
  void setMuted(bool muted) override {
    talk_state.muted = muted;
    Q_EMIT talkChanged(talk_state);
  }
  void holdToTalk(bool down) override { talk_calls << (down ? "hold" : "release"); }
  void setDictating(bool on) override {
    talk_state.dictating = on;
    if (on) talk_state.turn = Turn::off;
    Q_EMIT talkChanged(talk_state);
  }
  void readAloud(const QString& text) override { read << text; }
  void stopVoice() override { talk_calls << "stop"; }
  TalkSettings talkSettings() const override { return talk_settings; }
  void applyTalkSettings(const TalkSettings& settings) override { talk_settings = settings; }
  QVector<VoiceName> voices() const override { return {{"German", "de"}, {"English (Scotland)", "en-gb-scotland"}}; }
  QVector<SoundDevice> loudspeakers() const override { return {{"Built-in", true}, {"Headset", false}}; }
  /// The conversation goes on to this turn.
  void turn(Turn turn, bool source = true) {
    talk_state.turn = turn;
    talk_state.source = source;
    Q_EMIT talkChanged(talk_state);
  }
  TalkState talk_state;
  TalkSettings talk_settings;
  QStringList talk_calls;
  QStringList read;

  QVector<CompareSystem> compareSystems() const override {
    QVector<CompareSystem> systems;
    for (const char* id : {"tracker", "transformer", "block", "linear"})
      systems.append({id, QLatin1String(id) == QLatin1String("transformer") ? "Transformer" : id, "Reads along."});
    return systems;
  }
  void chooseCompared(const QStringList& ids) override { compared_systems = ids; }
  void setCompareSource(CompareSource source) override { compare_source = source; }
  void setComparing(bool on) override { comparing = on; }
  QStringList compared_systems;
  CompareSource compare_source = CompareSource::document;
  bool comparing = false;

  ChunkSettings settings() const override { return current; }
  void applySettings(const ChunkSettings& settings) override {
    applied.append(settings);
    current = settings;
  }
  ModelInfo model() const override { return info; }
  void act(const QString& id) override { actions << id; }

  /// One sample of the dashboards, `i` of a running session at 30 Hz.
  void sendFigures(int i) {
    Figures f;
    f.time_ms = i * 33;
    f.state_bytes = 918'528;
    f.marks_bytes = 4'200'000;
    f.tensor_bytes = 61'000'000;
    f.resident_bytes = 312'000'000;
    f.tokens = i * 40;
    f.kv_cache_bytes = f.tokens * 24'576;
    f.chunks = f.tokens / 128;
    f.chunk_length = 128;
    f.queue = i % 3;
    f.tokens_per_s = 1212;
    f.token_ms = {3.0 + std::sin(i * 0.7), 3.2 + 0.5 * std::sin(i * 1.3)};
    if (i % 3 == 0) f.chunk_ms = {38 + 6 * std::sin(i * 0.37) + (i % 97 == 0 ? 40 : 0)};
    Q_EMIT figures(f);
  }

  /// One sample of the sound path: three frames of a moving tone.
  void sendSound(int i) {
    SoundFigures s;
    s.time_ms = i * 30;
    s.running = true;
    s.device = "USB microphone";
    s.level_dbfs = -24 + 10 * std::sin(i * 0.2);
    s.peak_dbfs = s.level_dbfs + 6;
    s.clipped = i % 400 == 399;
    s.real_time_factor = 0.12;
    s.buffer_fill = 0.2;
    s.latency_ms = 24;
    for (int k = 0; k < 3; ++k) {
      QVector<float> frame(80);
      const double tone = 30 + 20 * std::sin((i * 3 + k) * 0.02);
      for (int b = 0; b < 80; ++b)
        frame[b] =
            static_cast<float>(-8 + 7 * std::exp(-std::pow((b - tone) / 4, 2)) +
                               4 * std::exp(-std::pow((b - 2 * tone + 10) / 5, 2)) + 0.8 * std::sin(b * 12.9 + i));
      s.log_mel.append(frame);
    }
    Q_EMIT soundFigures(s);
  }

 private:
  DocumentId last_document_ = 0;
  quint64 last_request_ = 0;
};

}  // namespace catena::ui
