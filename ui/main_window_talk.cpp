// Talking with the window: the conversation's menu and keys, what is said to do, reading aloud and dictation.
#include <QDockWidget>
#include <QFileInfo>
#include <QMenu>
#include <QSettings>
#include <QTimer>

#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/main_window.h"
#include "ui/panels/chunk_panel.h"
#include "ui/panels/sound_panel.h"
#include "ui/panels/transcript_panel.h"
#include "ui/status_line.h"
#include "ui/talk/talk_bar.h"
#include "ui/talk/talk_key.h"
#include "ui/talk/talk_settings_dialog.h"

namespace catena::ui {
namespace {

constexpr int most_read_aloud = 1'000'000;  // bytes: many hours

bool answering(const TalkState& state) {
  return state.turn == Turn::thinking || state.turn == Turn::speaking || state.turn == Turn::held;
}

}  // namespace

void MainWindow::buildTalkMenu(QMenu* menu) {
  const auto toggle = [&](const QString& text, const QKeySequence& keys, auto&& triggered) {
    QAction* action = menu->addAction(text);
    action->setShortcut(keys);
    action->setCheckable(true);
    connect(action, &QAction::triggered, this, triggered);
    return action;
  };
  talk_ = toggle(tr("&Talk"), QKeySequence(Qt::Key_F7), [this](bool on) { setTalking(on); });
  mute_ = toggle(tr("M&ute"), QKeySequence(Qt::SHIFT | Qt::Key_F7), [this](bool on) { session_.setMuted(on); });
  hands_free_ = toggle(tr("&Hands-free (else hold F9 to talk)"), {}, [this](bool on) {
    TalkSettings settings = session_.talkSettings();
    settings.hands_free = on;
    session_.applyTalkSettings(settings);
    transcript_->talk().refresh();
  });
  dictate_ = toggle(tr("&Dictate"), QKeySequence(Qt::CTRL | Qt::Key_F7), [this](bool on) { setDictating(on); });
  menu->addSeparator();
  menu->addAction(tr("&Read aloud"), QKeySequence(Qt::Key_F4), this, [this] {
    const QString problem = readAloud();
    if (!problem.isEmpty()) status_->say(problem);
  });
  stop_voice_ = menu->addAction(tr("&Stop the voice"), QKeySequence(Qt::SHIFT | Qt::Key_F4), this,
                                [this] { session_.stopVoice(); });
  menu->addAction(tr("&Voice settings..."), this, &MainWindow::showTalkSettings);
}

void MainWindow::connectTalk() {
  connect(&session_, &Session::talkChanged, this, &MainWindow::showTalk);
  connect(&session_, &Session::talkLine, transcript_, qOverload<const TalkLine&>(&TranscriptPanel::add));
  connect(&session_, &Session::turnFigures, transcript_, qOverload<const TurnFigures&>(&TranscriptPanel::add));
  connect(&session_, &Session::dictated, this, &MainWindow::insertDictated);
  connect(sound_, &SoundPanel::runningChanged, this,
          [this](bool running) { microphone_for_talk_ = microphone_for_talk_ && running; });
  connect(&transcript_->talk(), &TalkBar::talkWanted, this, &MainWindow::setTalking);
  connect(&transcript_->talk(), &TalkBar::settingsWanted, this, &MainWindow::showTalkSettings);
  connect(new TalkKey(this), &TalkKey::held, this, &MainWindow::holdToTalk);
  session_.carry_out = [this](const SpokenCommand& command) { return carryOut(command); };
  session_.open_file = [this] {
    const EditorPage* page = tabs_->page();
    return page && !page->path().isEmpty() ? QFileInfo(page->path()).fileName() : QString();
  };
  showTalk(session_.talk());
}

void MainWindow::restoreTalk() {
  TalkSettings s;
  s.voice = settings_->value("talk/voice", s.voice).toString();
  s.words_a_minute = qBound(80, settings_->value("talk/words_a_minute", s.words_a_minute).toInt(), 450);
  s.pitch = qBound(0, settings_->value("talk/pitch", s.pitch).toInt(), 100);
  s.volume = qBound(0, settings_->value("talk/volume", s.volume).toInt(), 200);
  s.loudspeaker = settings_->value("talk/loudspeaker").toString();
  s.patience_ms = qBound(200, settings_->value("talk/patience_ms", s.patience_ms).toInt(), 5000);
  s.hands_free = settings_->value("talk/hands_free", s.hands_free).toBool();
  s.barge_in = settings_->value("talk/barge_in", s.barge_in).toBool();
  session_.applyTalkSettings(s);
  hands_free_->setChecked(s.hands_free);
  transcript_->talk().refresh();
}

void MainWindow::rememberTalk() {
  const TalkSettings s = session_.talkSettings();
  settings_->setValue("talk/voice", s.voice);
  settings_->setValue("talk/words_a_minute", s.words_a_minute);
  settings_->setValue("talk/pitch", s.pitch);
  settings_->setValue("talk/volume", s.volume);
  settings_->setValue("talk/loudspeaker", s.loudspeaker);
  settings_->setValue("talk/patience_ms", s.patience_ms);
  settings_->setValue("talk/hands_free", s.hands_free);
  settings_->setValue("talk/barge_in", s.barge_in);
}

void MainWindow::useMicrophone(bool on) {
  if (on == microphone_for_talk_ || (on && sound_->running())) return;
  microphone_for_talk_ = on;
  sound_->setMicrophone(on);
}

void MainWindow::setTalking(bool on) {
  if (on) {
    dockOf(Panel::transcript)->show();
    dockOf(Panel::transcript)->raise();
    useMicrophone(true);
  }
  session_.setTalking(on);
  talk_->setChecked(session_.talk().turn != Turn::off);
}

void MainWindow::setDictating(bool on) {
  if (on) useMicrophone(true);
  session_.setDictating(on);
  dictate_->setChecked(session_.talk().dictating);
}

void MainWindow::showTalk(const TalkState& state) {
  talk_->setChecked(state.turn != Turn::off);
  mute_->setChecked(state.muted);
  dictate_->setChecked(state.dictating);
  stop_voice_->setEnabled(state.reading || answering(state));
  transcript_->show(state);
  if (state.turn == Turn::off && !state.dictating) useMicrophone(false);
}

void MainWindow::showTalkSettings() {
  if (!talk_settings_) {
    talk_settings_ = new TalkSettingsDialog(session_, this);
    talk_settings_->microphone = [this] { return sound_->device(); };
    connect(talk_settings_, &TalkSettingsDialog::settingsChanged, this, [this] {
      hands_free_->setChecked(session_.talkSettings().hands_free);
      transcript_->talk().refresh();
      rememberTalk();
    });
  }
  talk_settings_->refresh();
  talk_settings_->show();
  talk_settings_->raise();
  talk_settings_->activateWindow();
}

void MainWindow::holdToTalk(bool down) {
  const bool hands_free = session_.talkSettings().hands_free;
  if (down && session_.talk().turn == Turn::off)
    status_->say(tr("Talk is off: F7 begins a conversation."));
  else if (down && hands_free)
    status_->say(tr("Talking is hands-free: just speak. The Voice menu changes that."));
  session_.holdToTalk(down);
}

QString MainWindow::readAloud() {
  const CodeEditor& editor = tabs_->page()->editor();
  QByteArray text = editor.selectedText();
  if (text.trimmed().isEmpty())
    text = editor.textRange(editor.caret(), qMin(most_read_aloud, editor.byteCount() - editor.caret()));
  if (text.trimmed().isEmpty())
    text = editor.textRange(0, qMin(most_read_aloud, editor.byteCount()));  // nothing behind the cursor
  if (text.trimmed().isEmpty()) return tr("There is nothing to read.");
  session_.readAloud(QString::fromUtf8(text));
  return {};
}

CommandOutcome MainWindow::carryOut(const SpokenCommand& command) {
  EditorPage* page = tabs_->page();
  CodeEditor& editor = page->editor();
  switch (command.what) {
    case SpokenCommand::What::open:
      QTimer::singleShot(0, this, &MainWindow::chooseAndOpen);
      return {true, {}};
    case SpokenCommand::What::save:
      if (page->path().isEmpty()) {
        QTimer::singleShot(0, this, [this] { saveCurrent(true); });
        return {true, tr("Choose a name for it.")};
      }
      if (!tabs_->save(page)) return {false, tr("It could not be saved. The line above the text says why.")};
      status_->say(tr("saved %1").arg(page->title()));
      return {true, {}};
    case SpokenCommand::What::read_aloud: {
      const QString problem = readAloud();
      return {problem.isEmpty(), problem};
    }
    case SpokenCommand::What::accept:
      if (!editor.ghost().visible()) return {false, tr("There is no suggestion.")};
      if (!editor.acceptAll()) return {false, tr("This text is read-only.")};
      return {true, {}};
    case SpokenCommand::What::undo:
      if (editor.SendScintilla(QsciScintillaBase::SCI_CANUNDO) == 0) return {false, tr("There is nothing to undo.")};
      editor.command(QsciScintillaBase::SCI_UNDO);
      return {true, {}};
    case SpokenCommand::What::chunk_length:
      if (!chunks_->setChunkLength(command.number))
        return {false, tr("The chunk length can be 8, 16, 32, 64, 128, 256 or 512.")};
      return {true, {}};
  }
  return {};
}

void MainWindow::insertDictated(const Dictated& dictated) {
  CodeEditor& editor = tabs_->page()->editor();
  if (dictated.undo) {
    editor.command(QsciScintillaBase::SCI_UNDO);
    return;
  }
  QByteArray text = dictated.text.toUtf8();
  const QByteArray before = editor.textRange(qMax(0, editor.caret() - 1), qMin(1, editor.caret()));
  if (!before.trimmed().isEmpty() && dictated.text.front().isLetterOrNumber()) text.prepend(' ');
  if (!editor.insertText(text)) status_->say(tr("This text is read-only."));
}

}  // namespace catena::ui
