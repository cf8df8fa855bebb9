// Talking with the window: what it shows of the conversation, its keys, and what is said to do.
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QMenuBar>
#include <QPushButton>
#include <QSlider>
#include <QStatusBar>
#include <QToolButton>
#include <algorithm>

#include "tests/ui/alt_keys.h"
#include "tests/ui/window_fixture.h"
#include "ui/panels/chunk_panel.h"
#include "ui/panels/transcript_panel.h"
#include "ui/talk/talk_bar.h"
#include "ui/talk/talk_settings_dialog.h"
#include "ui/talk/talk_words.h"
#include "ui/transcript/transcript_view.h"

using namespace catena::ui;
using What = SpokenCommand::What;

namespace {

template <typename T>
T* named(QWidget& parent, const QString& start) {
  for (T* child : parent.findChildren<T*>())
    if (child->accessibleName().startsWith(start)) return child;
  FAIL("no control named " << start.toStdString());
  return nullptr;
}

QAction* voiceAction(MainWindow& window, const QString& start) {
  for (QAction* menu : window.menuBar()->actions()) {
    if (menu->text() != "V&oice") continue;
    for (QAction* action : menu->menu()->actions())
      if (QString(action->text()).remove('&').startsWith(start)) return action;
  }
  FAIL("no entry " << start.toStdString());
  return nullptr;
}

struct TalkFixture : WindowFixture {
  TranscriptPanel& panel = window->transcript();
  QString state() { return panel.stateText(); }
  void microphone(bool running) {
    SoundFigures figures;
    figures.running = running;
    figures.device = running ? "Built-in" : "";
    Q_EMIT session.soundFigures(figures);
  }
  void words(const QStringList& settled) {
    SpeechUpdate update;
    for (const QString& text : settled) update.settled.append({text, 1000, 1200, 0.9});
    update.utterance_ended = true;
    Q_EMIT session.spoken(update);
  }
};

}  // namespace

TEST_CASE_METHOD(TalkFixture, "the state of the conversation is told in words, each its own") {
  const auto tell = [&](Turn turn, bool source = true) {
    session.turn(turn, source);
    return state();
  };
  QStringList words{tell(Turn::off, false), tell(Turn::listening, false)};
  for (const Turn turn : {Turn::listening, Turn::hearing, Turn::thinking, Turn::speaking, Turn::held})
    words << tell(turn);
  CHECK(words ==
        QStringList{"Off", "No microphone", "Listening", "Hearing you", "Thinking", "Speaking", "Interrupted"});
  session.turn(Turn::listening);
  session.setMuted(true);
  CHECK(state() == "Muted");
  CHECK(tell(Turn::speaking) == "Speaking, muted");
  session.setMuted(false);
  session.turn(Turn::listening);
  session.talk_settings.hands_free = false;
  panel.talk().refresh();
  CHECK(panel.talk().detailText().contains("F9"));
}

TEST_CASE_METHOD(TalkFixture, "Talk turns the microphone on, and off again what it turned on") {
  QTest::mouseClick(named<QPushButton>(panel, "Talk"), Qt::LeftButton);
  CHECK(session.talk_calls == QStringList{"talk"});
  CHECK(session.sound_calls == QStringList{"start:"});
  CHECK(voiceAction(*window, "Talk")->isChecked());
  microphone(true);
  voiceAction(*window, "Talk")->trigger();
  CHECK(session.talk_calls.last() == "silence");
  CHECK(session.sound_calls.last() == "stop");
  CHECK_FALSE(named<QPushButton>(panel, "Talk")->isChecked());
  microphone(false);

  session.sound_calls.clear();
  microphone(true);  // somebody else turned it on
  voiceAction(*window, "Talk")->trigger();
  voiceAction(*window, "Talk")->trigger();
  CHECK(session.sound_calls.isEmpty());
}

TEST_CASE_METHOD(TalkFixture, "keys: F7 talks, Shift+F7 mutes, F9 is held, Shift+F4 stops") {
  key(Qt::Key_F7);
  CHECK(session.talk_calls == QStringList{"talk"});
  key(Qt::Key_F7, Qt::ShiftModifier);
  CHECK(session.talk_state.muted);
  session.talk_settings.hands_free = false;
  QTest::keyPress(&editor(), Qt::Key_F9);
  CHECK(session.talk_calls.last() == "hold");
  for (int i = 0; i < 3; ++i) {  // as X11 tells a key that is held
    QTest::keyRelease(&editor(), Qt::Key_F9);
    QTest::keyPress(&editor(), Qt::Key_F9);
  }
  QTest::qWait(150);
  CHECK(session.talk_calls.last() == "hold");
  QTest::keyRelease(&editor(), Qt::Key_F9);
  CHECK(QTest::qWaitFor([&] { return session.talk_calls.last() == "release"; }));
  CHECK(session.talk_calls.count("hold") == 1);
  session.turn(Turn::speaking);
  key(Qt::Key_F4, Qt::ShiftModifier);
  CHECK(session.talk_calls.last() == "stop");
  CHECK(editor().textCopy() == text());
}

TEST_CASE_METHOD(TalkFixture, "the talk key says why it does nothing") {
  QTest::keyPress(&editor(), Qt::Key_F9);
  QTest::keyRelease(&editor(), Qt::Key_F9);
  CHECK(window->statusBar()->currentMessage().contains("F7"));
}

TEST_CASE_METHOD(TalkFixture, "who said what stands in the transcript, and what was heard of an interrupted answer") {
  words({"to", "nobody"});
  session.turn(Turn::hearing);
  words({"how", "are", "you"});
  Q_EMIT session.talkLine({true, "how are you", false});
  Q_EMIT session.talkLine({false, "I am quite", true});
  words({"wait"});
  const QStringList lines = panel.view().toPlainText().split('\n');
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].endsWith("  to nobody"));
  CHECK(lines[1].endsWith("  you: how are you"));
  CHECK(lines[2].endsWith("  Catena: I am quite - (interrupted)"));
  CHECK(lines[3].endsWith("  you: wait"));
  const QString before = panel.view().toPlainText();
  panel.view().show(panel.log());
  CHECK(panel.view().toPlainText() == before);
  CHECK(panel.log().toText().contains("  Catena: I am quite - (interrupted)\n"));
  CHECK(panel.log().toSrt().count("-->") == 3);
  CHECK(panel.log().toJson().contains("\"interrupted\": true"));
}

TEST_CASE_METHOD(TalkFixture, "an answer comes before words that are still open") {
  session.turn(Turn::held);
  SpeechUpdate update;
  update.open.append({"wai", 0, 0, 0.5});
  Q_EMIT session.spoken(update);
  Q_EMIT session.talkLine({false, "It is", true});
  const QStringList lines = panel.view().toPlainText().split('\n');
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].contains("Catena: It is"));
  CHECK(lines[1] == "wai");
}

TEST_CASE_METHOD(TalkFixture, "how long an answer took is one line, without what did not happen") {
  CHECK(panel.turnText().isEmpty());
  Q_EMIT session.turnFigures({120, 340, 480});
  CHECK(panel.turnText().replace(QChar::Nbsp, ' ') == "words 120 ms, first reply 340 ms, first sound 480 ms");
  CHECK(lineOf({-1, 340, -1}).replace(QChar::Nbsp, ' ') == "first reply 340 ms");
}

TEST_CASE_METHOD(TalkFixture, "spoken commands act in the window") {
  fresh("one\n");
  const QString path = write("list.txt", "old");
  window->openPath(path);
  editor().setCaret(0);
  type("new ");
  CHECK(session.open_file() == "list.txt");
  CHECK(session.carry_out({What::save, 0}).done);
  CHECK(read(path) == "new old");
  CHECK(session.carry_out({What::undo, 0}).done);
  CHECK(text() == "old");
  const CommandOutcome nothing = session.carry_out({What::undo, 0});
  CHECK_FALSE(nothing.done);
  CHECK(nothing.line.contains("nothing to undo"));
  CHECK_FALSE(session.carry_out({What::accept, 0}).done);
  editor().setCaret(3);
  suggest("e", {"r than that"});
  CHECK(session.carry_out({What::accept, 0}).done);
  CHECK(text() == "older than that");
  CHECK(session.carry_out({What::chunk_length, 64}).done);
  CHECK(session.applied.last().chunk_length == 64);
  CHECK_FALSE(session.carry_out({What::chunk_length, 100}).done);
  CHECK_FALSE(session.carry_out({What::chunk_length, 1024}).done);
}

TEST_CASE_METHOD(TalkFixture, "saving a text without a name and opening ask behind the answer, not before it") {
  fresh("text");
  CHECK(session.open_file().isEmpty());
  int asked = 0;
  tabs().ask_path = [&](EditorPage*) {
    ++asked;
    return folder.filePath("named.txt");
  };
  const CommandOutcome outcome = session.carry_out({What::save, 0});
  CHECK(outcome.done);
  CHECK(outcome.line.contains("name"));
  CHECK(asked == 0);
  REQUIRE(QTest::qWaitFor([&] { return asked == 1; }));
  CHECK(read(folder.filePath("named.txt")) == "text");
  const QString other = write("other.txt", "other");
  window->ask_open_paths = [&] { return QStringList{other}; };
  CHECK(session.carry_out({What::open, 0}).done);
  CHECK(QTest::qWaitFor([&] { return session.open_file() == "other.txt"; }));
}

TEST_CASE_METHOD(TalkFixture,
                 "reading aloud begins at the cursor, or is the selection, or all when nothing is behind the cursor") {
  fresh("First line.\nSecond line.\n");
  editor().setCaret(12);
  key(Qt::Key_F4);
  CHECK(session.read.last() == "Second line.\n");
  editor().SendScintilla(QsciScintillaBase::SCI_SETSEL, 0UL, 5L);
  CHECK(session.carry_out({What::read_aloud, 0}).done);
  CHECK(session.read.last() == "First");
  editor().setCaret(editor().byteCount());
  voiceAction(*window, "Read aloud")->trigger();
  CHECK(session.read.last() == "First line.\nSecond line.\n");
  fresh("  ");
  const CommandOutcome empty = session.carry_out({What::read_aloud, 0});
  CHECK_FALSE(empty.done);
  CHECK(empty.line.contains("nothing to read"));
}

TEST_CASE_METHOD(TalkFixture, "no two controls of the voice settings claim the same key with Alt") {
  voiceAction(*window, "Voice settings")->trigger();
  AltKeys keys;
  keys.addControls(*window->findChild<TalkSettingsDialog*>());
  CHECK(keys.count() > 9);
  CHECK(keys.disputed().join(' ').toStdString().empty());
}

TEST_CASE_METHOD(TalkFixture, "voice settings reach the session, and are there again after a restart") {
  voiceAction(*window, "Voice settings")->trigger();
  auto* dialog = window->findChild<TalkSettingsDialog*>();
  REQUIRE(dialog);
  CHECK(dialog->isVisible());
  named<QSlider>(*dialog, "Rate")->setValue(200);
  named<QSlider>(*dialog, "Patience")->setValue(1000);
  auto* voice = named<QComboBox>(*dialog, "Voice");
  CHECK(voice->itemText(1).contains("Scotland"));  // English ones first
  voice->setCurrentIndex(1);
  Q_EMIT voice->activated(1);
  auto* loudspeaker = named<QComboBox>(*dialog, "Loudspeaker");
  loudspeaker->setCurrentIndex(2);
  Q_EMIT loudspeaker->activated(2);
  voiceAction(*window, "Hands-free")->trigger();
  CHECK(session.talk_settings.words_a_minute == 200);
  CHECK(session.talk_settings.patience_ms == 1000);
  CHECK(session.talk_settings.voice == "English (Scotland)");
  CHECK(session.talk_settings.loudspeaker == "Headset");
  CHECK_FALSE(session.talk_settings.hands_free);
  const TalkSettings chosen = session.talk_settings;
  window->close();
  window.reset();
  session.talk_settings = {};
  openWindow();
  CHECK(session.talk_settings == chosen);
}

TEST_CASE_METHOD(TalkFixture, "a voice that fails is a notice at the transcript, whose button leads to its settings") {
  Q_EMIT session.notice({Panel::transcript, "there is no loudspeaker", "Voice settings", "ui:voice-settings", false});
  CHECK(panel.notices().text() == "there is no loudspeaker");
  Q_EMIT panel.notices().actionTriggered("ui:voice-settings");
  CHECK(window->findChild<TalkSettingsDialog*>()->isVisible());
}

TEST_CASE_METHOD(TalkFixture, "dictated text is typed at the cursor, and taken back") {
  fresh("hello");
  voiceAction(*window, "Dictate")->trigger();
  CHECK(session.talk_state.dictating);
  CHECK(session.sound_calls == QStringList{"start:"});
  microphone(true);
  CHECK(state() == "Dictating");
  Q_EMIT session.dictated({"Dear", false});
  CHECK(text() == "hello Dear");
  Q_EMIT session.dictated({" ann,\nhow", false});
  CHECK(text() == "hello Dear ann,\nhow");
  Q_EMIT session.dictated({{}, true});
  CHECK(text() == "hello Dear");
  session.setDictating(false);
  CHECK(session.sound_calls.last() == "stop");
  CHECK_FALSE(voiceAction(*window, "Dictate")->isChecked());
}

TEST_CASE_METHOD(TalkFixture, "the voice settings try loudspeaker and microphone, and say how it went") {
  voiceAction(*window, "Voice settings")->trigger();
  auto* dialog = window->findChild<TalkSettingsDialog*>();
  REQUIRE(dialog != nullptr);
  const auto button = [&](const QString& start) {
    for (QPushButton* each : dialog->findChildren<QPushButton*>())
      if (QString(each->text()).remove('&').startsWith(start)) return each;
    FAIL("no button " << start.toStdString());
    return static_cast<QPushButton*>(nullptr);
  };
  const auto shows = [&](const QString& text) {
    const QList<QLabel*> labels = dialog->findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(), [&](QLabel* label) { return label->text().contains(text); });
  };
  session.sound_calls.clear();
  button("Test tone")->click();
  button("Hear yourself")->click();
  CHECK(session.sound_calls == QStringList{"tone:", "hear:>"});
  Q_EMIT session.soundCheck({SoundCheck::hear_yourself, SoundCheckStep::State::recording, {}});
  CHECK(shows("recording"));
  Q_EMIT session.soundCheck({SoundCheck::hear_yourself, SoundCheckStep::State::failed, "no such microphone"});
  CHECK(shows("no such microphone"));
  dialog->hide();
  CHECK(session.sound_calls.last() == "stop check");
  CHECK_FALSE(shows("no such microphone"));
}
