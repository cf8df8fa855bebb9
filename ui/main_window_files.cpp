// Files, exports, and what programs (demo, bench, tests) do with the window.
#include <QApplication>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QKeyEvent>
#include <QSaveFile>

#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/editor/text_file.h"
#include "ui/format.h"
#include "ui/main_window.h"
#include "ui/notice_bar.h"
#include "ui/panels/compare_panel.h"
#include "ui/panels/latency_panel.h"
#include "ui/panels/memory_panel.h"
#include "ui/panels/transcript_panel.h"
#include "ui/status_line.h"

namespace catena::ui {
namespace {

QString savePng(const QPixmap& picture, const QString& path) {
  QSaveFile file(path);
  if (file.open(QIODevice::WriteOnly) && picture.save(&file, "PNG") && file.commit()) return {};
  return QObject::tr("%1 could not be saved (%2): choose another place.").arg(shortName(path), file.errorString());
}

struct Key {
  int code;
  QString text;
};

Key keyFor(const QString& character) {
  if (character == QLatin1String("\n")) return {Qt::Key_Return, QStringLiteral("\r")};
  if (character == QLatin1String("\t")) return {Qt::Key_Tab, character};
  const QChar upper = character[0].toUpper();
  return {upper.unicode() < 0x80 ? int{upper.unicode()} : int{Qt::Key_unknown}, character};
}

}  // namespace

QString MainWindow::saveScreenshot(const QString& path) { return savePng(grab(), path); }
QString MainWindow::exportFiguresCsv(const QString& path) const { return log_.save(path); }
QString MainWindow::exportChart(const QString& path) { return savePng(latency_->grab(), path); }

QString MainWindow::openPath(const QString& path) {
  if (tabs_->open(path)) return {};
  return tabs_->page()->notices().text();
}

void MainWindow::typeText(const QString& text, int key_ms) {
  CodeEditor& editor = tabs_->page()->editor();
  QElapsedTimer clock;
  for (int i = 0; i < text.size();) {
    const int units = text[i].isHighSurrogate() && i + 1 < text.size() ? 2 : 1;
    const Key key = keyFor(text.mid(i, units));
    i += units;
    clock.start();
    QKeyEvent press(QEvent::KeyPress, key.code, Qt::NoModifier, key.text);
    QApplication::sendEvent(&editor, &press);
    QKeyEvent release(QEvent::KeyRelease, key.code, Qt::NoModifier, key.text);
    QApplication::sendEvent(&editor, &release);
    do {
      const int left = static_cast<int>(key_ms - clock.elapsed());
      QApplication::processEvents(left > 0 ? QEventLoop::WaitForMoreEvents : QEventLoop::AllEvents, qMax(0, left));
    } while (clock.elapsed() < key_ms);
  }
}

QString MainWindow::currentSuggestion() const { return QString::fromUtf8(tabs_->page()->editor().ghost().text()); }

QString MainWindow::figuresText() const { return memory_->figuresText() + u'\n' + latency_->figuresText(); }

QString MainWindow::currentFolder() const {
  const EditorPage* page = tabs_->page();
  return page && !page->path().isEmpty() ? QFileInfo(page->path()).path() : QString();
}

void MainWindow::chooseAndOpen() {
  for (const QString& path : ask_open_paths()) tabs_->open(path);
}

void MainWindow::saveCurrent(bool as) {
  EditorPage* page = tabs_->page();
  if (as ? tabs_->saveAs(page) : tabs_->save(page)) status_->say(tr("saved %1").arg(page->title()));
}

void MainWindow::saveCsv() {
  const QString path = ask_save_path(tr("Save figures"), QStringLiteral("catena-figures.csv"), tr("CSV (*.csv)"));
  if (!path.isEmpty()) say(exportFiguresCsv(path), tr("saved %1").arg(QFileInfo(path).fileName()));
}

void MainWindow::saveCompared() {
  const QString path =
      ask_save_path(tr("Save the comparison"), QStringLiteral("catena-compare.csv"), tr("CSV (*.csv)"));
  if (!path.isEmpty()) say(writeTextFile(path, compare_->csv(), false), tr("saved %1").arg(QFileInfo(path).fileName()));
}

void MainWindow::saveTranscript() {
  const QString path = ask_save_path(tr("Export the transcript"), QStringLiteral("transcript.txt"),
                                     tr("Text (*.txt);;Subtitles (*.srt);;JSON (*.json)"));
  if (!path.isEmpty()) say(transcript_->exportTo(path), tr("saved %1").arg(QFileInfo(path).fileName()));
}

void MainWindow::savePicture(QWidget* widget) {
  const QPixmap picture = widget->grab();  // before the dialog covers it
  const QString path = ask_save_path(tr("Save picture"), QStringLiteral("catena-chart.png"), tr("PNG (*.png)"));
  if (!path.isEmpty()) say(savePng(picture, path), tr("saved %1").arg(QFileInfo(path).fileName()));
}

void MainWindow::say(const QString& problem, const QString& done) {
  if (problem.isEmpty())
    status_->say(done);
  else
    noticesOf(Panel::editor).show({Panel::editor, problem, {}, {}, false});
}

}  // namespace catena::ui
