// The real session behind the window: joins the model thread, the sound path and the disk to the window's interface.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "app/session/answer_service.h"
#include "app/session/compare_service.h"
#include "app/session/conversation_service.h"
#include "app/session/job_thread.h"
#include "app/session/sound_check_service.h"
#include "app/session/sound_link.h"
#include "app/session/speech_service.h"
#include "app/session/stream_meters.h"
#include "app/session/stream_service.h"
#include "audio/speaker.h"
#include "ui/session.h"

namespace catena::app {

struct SessionOptions {
  std::filesystem::path model;  ///< folder with config.json, model.safetensors and tokenizer.model
  KeepFolders keep;             ///< for what was read
  SpeechFolders speech;
  /// Bytes that this process holds on the graphics card, -1 for none; asked on the UI thread, must not wait. May be
  /// empty.
  std::function<std::int64_t()> gpu_bytes = {};
};

/// On the UI thread, as ui::Session says. The model is loaded by the model thread; until then the documents only gather
/// their text.
class AppSession : public ui::Session {
  Q_OBJECT
 public:
  explicit AppSession(const SessionOptions& options, QObject* parent = nullptr);
  /// Ends what runs, keeps what was read. Takes the time of one token, and of writing.
  ~AppSession() override;

  ui::DocumentId openDocument(const QString& name, const QByteArray& text) override;
  void closeDocument(ui::DocumentId document) override;
  void setActiveDocument(ui::DocumentId document) override;
  void textChanged(ui::DocumentId document, int byte_position, int removed_bytes, const QByteArray& inserted) override;
  void cursorMoved(ui::DocumentId document, int byte_position) override;

  quint64 requestSuggestion(ui::DocumentId document, int byte_position, bool explicitly) override;
  void cancelSuggestion() override;

  void rememberProject(const QString& folder) override;
  void cancelRemembering() override;
  void forgetProject(const QString& folder) override;
  QVector<ui::RememberedProject> projects() const override { return projects_; }

  QVector<ui::SoundDevice> soundDevices() const override { return sound_.devices(); }
  void startSound(const QString& device_name) override { sound_.startMicrophone(device_name); }
  void openSoundFile(const QString& path) override { sound_.startFile(path); }
  void stopSound() override { sound_.stop(); }
  void checkSound(ui::SoundCheck check, const QString& microphone, const QString& loudspeaker) override {
    check_.start(check, microphone, loudspeaker);
  }
  void stopSoundCheck() override { check_.stop(); }

  ui::TalkState talk() const override { return conversation_.state(); }
  void setTalking(bool on) override;
  void setMuted(bool muted) override { conversation_.setMuted(muted); }
  void holdToTalk(bool down) override { conversation_.holdToTalk(down); }
  void setDictating(bool on) override { conversation_.setDictating(on); }
  void readAloud(const QString& text) override { conversation_.readAloud(text); }
  void stopVoice() override { conversation_.stopVoice(); }
  ui::TalkSettings talkSettings() const override { return conversation_.settings(); }
  void applyTalkSettings(const ui::TalkSettings& settings) override { conversation_.apply(settings); }
  QVector<ui::VoiceName> voices() const override { return sound_.voices(); }
  QVector<ui::SoundDevice> loudspeakers() const override { return sound_.loudspeakers(); }

  QVector<ui::CompareSystem> compareSystems() const override { return compare_systems(); }
  void chooseCompared(const QStringList& ids) override;
  void setCompareSource(ui::CompareSource source) override;
  void setComparing(bool on) override;

  ui::ChunkSettings settings() const override { return settings_; }
  void applySettings(const ui::ChunkSettings& settings) override;

  ui::ModelInfo model() const override { return model_; }
  void act(const QString& action_id) override;

  /// Another model; the documents are then read anew. A model that cannot be loaded leaves the old one in use.
  void loadModel(const std::filesystem::path& folder);

  /// The service itself, for tests: runs `look` on the model thread after all that was asked before, and waits for it.
  void inspect(const std::function<void(StreamService&)>& look);

 Q_SIGNALS:
  /// The user wants to choose a model folder: answer with loadModel().
  void modelFolderWanted();

 private:
  ServiceEvents serviceEvents();
  SpeechEvents speechEvents();
  AnswerEvents answerEvents();
  ConversationParts conversationParts();
  void connectConversation();
  Facts facts() const;
  void heard(ui::SpeechUpdate update);
  void sampleFigures();
  void tellStream();
  void mark(const QString& text);

  QElapsedTimer clock_;
  QTimer sampling_;
  ui::ModelInfo model_;
  ui::ChunkSettings settings_;
  QVector<ui::RememberedProject> projects_;
  ui::DocumentId last_document_ = 0;
  quint64 last_request_ = 0;
  quint64 wanted_request_ = 0;     // 0: no answer is wanted any more
  std::stop_source stop_request_;  // of the newest request
  std::stop_source stop_more_;     // of its further alternatives
  std::function<std::int64_t()> gpu_bytes_;
  StreamMeters meters_;
  ui::SpeechUpdate last_heard_;
  std::string utterance_;  // settled words of the one that is heard
  CompareService compare_;
  ConversationService conversation_;
  std::shared_ptr<audio::FarEnd> far_end_;  // what the loudspeaker plays, for the microphone; null without a voice
  audio::Speaker speaker_;
  AnswerService answers_;
  SpeechService speech_;
  SoundCheckService check_;
  SoundLink sound_;  // hands its updates to the speech service: ends first
  StreamService service_;  // of the model thread
  JobThread jobs_;         // the model thread; last: it ends before what it uses
};

}  // namespace catena::app
