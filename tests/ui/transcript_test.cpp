// The transcript: what is settled, what is open, and what becomes of it.
#include <QClipboard>
#include <QFile>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QTemporaryDir>

#include "tests/ui/window_fixture.h"
#include "ui/panels/transcript_panel.h"
#include "ui/transcript/transcript_view.h"

using namespace catena::ui;

namespace {

SpeechUpdate heard(const QStringList& settled, const QStringList& open = {}, bool ended = false) {
  SpeechUpdate update;
  qint64 at = 1000;
  for (const QString& text : settled) update.settled.append({text, at, at + 200, 0.9}), at += 300;
  for (const QString& text : open) update.open.append({text, at, at + 200, 0.5}), at += 300;
  update.utterance_ended = ended;
  return update;
}

QString shown(TranscriptPanel& panel) { return panel.view().toPlainText(); }

}  // namespace

TEST_CASE_METHOD(WindowFixture, "open words are replaced, settled ones stay, an utterance has a line") {
  TranscriptPanel& panel = window->transcript();
  Q_EMIT session.spoken(heard({}, {"helo"}));
  CHECK(shown(panel) == "helo");
  CHECK(panel.log().isEmpty());
  Q_EMIT session.spoken(heard({"hello"}, {"wor"}));
  CHECK(shown(panel).endsWith("  hello wor"));
  Q_EMIT session.spoken(heard({"world"}, {}, true));
  CHECK(shown(panel).endsWith("  hello world"));
  Q_EMIT session.spoken(heard({}, {"an"}));
  CHECK(shown(panel).endsWith("hello world\nan"));
  Q_EMIT session.spoken(heard({"and"}, {}, true));
  CHECK(shown(panel).count('\n') == 1);
  REQUIRE(panel.log().utterances().size() == 2);
  CHECK(panel.log().utterances()[0].text() == "hello world");
}

TEST_CASE_METHOD(WindowFixture, "the panel says whether it writes down, hears, or neither") {
  TranscriptPanel& panel = window->transcript();
  CHECK(panel.stateText() == "Off");
  SoundFigures figures;
  figures.running = true;
  Q_EMIT session.soundFigures(figures);
  CHECK(panel.stateText() == "Writing down");
  Q_EMIT session.spoken(heard({}, {"so"}));
  CHECK(panel.stateText() == "Hearing you");
  Q_EMIT session.spoken(heard({"so"}, {}, true));
  CHECK(panel.stateText() == "Writing down");
  figures.running = false;
  Q_EMIT session.soundFigures(figures);
  CHECK(panel.stateText() == "Off");
}

TEST_CASE_METHOD(WindowFixture, "a transcript is found in, copied and cleared") {
  TranscriptPanel& panel = window->transcript();
  Q_EMIT session.spoken(heard({"one", "two"}, {}, true));
  Q_EMIT session.spoken(heard({"three"}, {}, true));
  CHECK(panel.view().findNext("two", true));
  CHECK(panel.view().textCursor().selectedText() == "two");
  CHECK(panel.view().findNext("one", true));  // goes on from the top
  CHECK_FALSE(panel.view().findNext("four", true));
  panel.copyAll();
  CHECK(QGuiApplication::clipboard()->text().contains("  one two\n"));
  panel.clear();
  CHECK(shown(panel).isEmpty());
  Q_EMIT session.spoken(heard({"again"}, {}, true));
  CHECK(shown(panel).endsWith("  again"));
}

TEST_CASE_METHOD(WindowFixture,
                 "a transcript is exported as text, subtitles and JSON, and a place that cannot be written is told") {
  TranscriptPanel& panel = window->transcript();
  Q_EMIT session.spoken(heard({"one", "two"}, {}, true));
  const QTemporaryDir folder;
  const auto exported = [&](const QString& name) {
    REQUIRE(panel.exportTo(folder.filePath(name)).isEmpty());
    QFile file(folder.filePath(name));
    REQUIRE(file.open(QIODevice::ReadOnly));
    return file.readAll();
  };
  CHECK(exported("a.txt").endsWith("  one two\n"));
  CHECK(exported("a.srt") == "1\n00:00:01,000 --> 00:00:01,500\none two\n\n");
  const QJsonObject first = QJsonDocument::fromJson(exported("a.json")).array().at(0).toObject();
  CHECK(first["text"].toString() == "one two");
  CHECK(first["words"].toArray().at(1).toObject()["start_ms"].toInt() == 1300);
  CHECK(panel.exportTo("/nowhere/a.txt").contains("/nowhere/a.txt"));
}

TEST_CASE_METHOD(WindowFixture, "what goes wrong with reading speech stands at the transcript") {
  Q_EMIT session.notice({Panel::transcript, "no reader", {}, {}, false});
  CHECK(window->transcript().notices().text() == "no reader");
}
