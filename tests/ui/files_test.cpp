// Opening and saving: nothing is lost, nothing is asked that can wait, and every failure is one line.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QApplication>
#include <QDropEvent>
#include <QLineEdit>
#include <QMimeData>
#include <csignal>

#include "tests/ui/window_fixture.h"
#include "ui/editor/find_bar.h"
#include "ui/editor/text_file.h"

using namespace catena::ui;

TEST_CASE_METHOD(WindowFixture, "the first start shows a welcome text, later ones what was open") {
  CHECK(text().contains("Welcome"));
  CHECK(text().contains("microphone is off"));
  tabs().open(write("a.txt", "hello"));
  window->close();
  openWindow();
  REQUIRE(tabs().count() == 1);
  CHECK(text() == "hello");
}

TEST_CASE_METHOD(WindowFixture, "files and cursors are where they were") {
  const QString a = write("a.cpp", "int a;\nint b;\n"), b = write("b.py", "x = 1\n");
  tabs().open(a);
  editor().setCaret(9);
  tabs().open(b);
  tabs().open(a);
  CHECK(tabs().recentFiles().mid(0, 2) == QStringList{b, a});
  window->close();
  openWindow();
  REQUIRE(page().path() == a);
  CHECK(editor().caret() == 9);
}

TEST_CASE_METHOD(WindowFixture, "bad files give one notice line and open nothing") {
  fresh("typed");
  const auto open_before = tabs().count();
  const auto refused = [&](const QString& path, const QString& reason) {
    CHECK(tabs().open(path) == nullptr);
    CHECK(notice().replace(QChar(0xa0), ' ').contains(reason));
    CHECK_FALSE(notice().contains('\n'));
    CHECK(tabs().count() == open_before);
    CHECK(text() == "typed");
  };
  refused(write("binary", QByteArray("ELF\0\1\2", 6)), "binary");
  refused(folder.filePath("missing.txt"), "does not exist");
  refused(folder.path(), "is a folder");
  refused("/proc/self/mem", "could not be read");
  if (geteuid() != 0) {
    const QString secret = write("secret.txt", "x");
    REQUIRE(chmod(secret.toLocal8Bit().constData(), 0) == 0);
    refused(secret, "permissions");
  }
  QFile large(folder.filePath("large.txt"));
  REQUIRE(large.open(QIODevice::WriteOnly));
  REQUIRE(large.resize(200'000'000));  // sparse: takes no room
  refused(large.fileName(), "200 MB");
}

TEST_CASE_METHOD(WindowFixture, "bytes that are no UTF-8 are kept on save, with a notice") {
  const QByteArray bytes("good \xff\xfe bad \xc3\n", 14);
  const QString path = write("latin.txt", bytes);
  REQUIRE(tabs().open(path));
  CHECK(notice().contains("3 bytes"));
  CHECK(notice().contains("byte 5"));
  editor().setCaret(0);
  type("x");
  REQUIRE(tabs().save(&page()));
  CHECK(read(path) == "x" + bytes);
}

TEST_CASE_METHOD(WindowFixture, "a byte order mark survives") {
  const QString path = write("bom.txt", "\xef\xbb\xbfhello");
  REQUIRE(tabs().open(path));
  CHECK(text() == "hello");
  type("x");
  REQUIRE(tabs().save(&page()));
  CHECK(read(path) == "\xef\xbb\xbfxhello");
}

TEST_CASE_METHOD(WindowFixture, "five megabytes are there at once") {
  const QString path = write("five.txt", QByteArray("a line of text like many\n").repeated(200'000));
  QElapsedTimer clock;
  clock.start();
  REQUIRE(tabs().open(path));
  CHECK(editor().byteCount() == 5'000'000);
  CHECK(session.texts[page().document()].size() == 5'000'000);
  CHECK(clock.elapsed() < 2000);  // 0.1 s on a quiet machine
}

TEST_CASE_METHOD(WindowFixture, "a failed save says so, keeps the text and the old file") {
  const QString path = write("full.txt", "old");
  REQUIRE(tabs().open(path));
  editor().SendScintilla(QsciScintillaBase::SCI_REPLACESEL, QByteArray(100'000, 'x').constData());
  // A full disk: no file may grow beyond a few bytes.
  struct rlimit limit {};
  getrlimit(RLIMIT_FSIZE, &limit);
  const struct rlimit tiny { 4096, limit.rlim_max };
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &tiny) == 0);
  const bool saved = tabs().save(&page());
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  CHECK_FALSE(saved);
  CHECK(notice().contains("could not be saved"));
  CHECK(page().isModified());
  CHECK(editor().byteCount() == 100'003);
  CHECK(read(path) == "old");
  CHECK(tabs().save(&page()));
  CHECK(notice().isEmpty());
  CHECK(read(path).size() == 100'003);
}

TEST_CASE_METHOD(WindowFixture, "a file changed by another program is not overwritten unasked") {
  const QString path = write("shared.txt", "mine");
  REQUIRE(tabs().open(path));
  type("x");
  QTest::qSleep(20);
  write("shared.txt", "theirs");
  CHECK_FALSE(tabs().save(&page()));
  CHECK(notice().contains("another program"));
  CHECK(read(path) == "theirs");
  Q_EMIT page().notices().actionTriggered("ui:overwrite");
  CHECK(read(path) == "xmine");
  CHECK(notice().isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "a text never saved asks for a path") {
  fresh();
  type("new");
  const QString path = folder.filePath("new.txt");
  tabs().ask_path = [&](EditorPage*) { return path; };
  CHECK(tabs().save(&page()));
  CHECK(read(path) == "new");
  CHECK(tabs().tabText(tabs().currentIndex()) == "new.txt");
  tabs().ask_path = [&](EditorPage*) { return folder.filePath("no/such/folder.txt"); };
  CHECK_FALSE(tabs().saveAs(&page()));
  CHECK(notice().contains("could not be saved"));
}

TEST_CASE_METHOD(WindowFixture, "unsaved text survives kill -9 within about a second") {
  fresh();
  type("not saved");
  const QString path = write("file.txt", "saved");
  REQUIRE(tabs().open(path));
  type("and changed ");
  REQUIRE(QTest::qWaitFor([&] { return QDir(folder.filePath("recovery")).entryList(QDir::Files).size() == 2; }, 5000));
  // Nothing was closed: a second window stands for the next start.
  FakeSession next;
  MainWindow again(next, {folder.filePath("settings.ini"), folder.filePath("recovery")});
  QStringList texts;
  for (int i = 0; i < again.documents().count(); ++i) {
    texts << QString::fromUtf8(again.documents().page(i)->editor().textCopy());
    CHECK(again.documents().page(i)->isModified());
  }
  CHECK(texts.contains("not saved"));
  CHECK(texts.contains("and changed saved"));
  CHECK(read(path) == "saved");
}

TEST_CASE_METHOD(WindowFixture, "closing the window asks nothing and loses nothing") {
  fresh();
  type("kept");
  window->close();
  openWindow();
  CHECK(text() == "kept");
  CHECK(page().isModified());
}

TEST_CASE_METHOD(WindowFixture, "a closed tab with unsaved text can be had back") {
  fresh();
  type("precious");
  tabs().closeTab(tabs().currentIndex());
  CHECK(notice().contains("closed with unsaved changes"));
  Q_EMIT page().notices().actionTriggered("ui:reopen");
  CHECK(text() == "precious");
}

TEST_CASE_METHOD(WindowFixture, "what is saved leaves no recovery file behind") {
  const QString path = write("file.txt", "x");
  REQUIRE(tabs().open(path));
  type("y");
  tabs().keepEverything();
  CHECK(QDir(folder.filePath("recovery")).entryList(QDir::Files).size() == 1);
  REQUIRE(tabs().save(&page()));
  tabs().keepEverything();
  CHECK(QDir(folder.filePath("recovery")).entryList(QDir::Files).isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "find wraps around, go to line goes there") {
  fresh("one two\nthree two\nfour\n");
  editor().setCaret(0);
  CHECK(editor().find("two", true, true));
  CHECK(editor().caret() == 7);
  CHECK(editor().find("two", true, true));
  CHECK(editor().caret() == 17);
  CHECK(editor().find("TWO", true, false));
  CHECK(editor().caret() == 7);
  CHECK(editor().find("two", false, true));
  CHECK(editor().caret() == 17);
  CHECK_FALSE(editor().find("TWO", true, true));
  editor().goToLine(3);
  CHECK(editor().caret() == 18);
}

TEST_CASE_METHOD(WindowFixture, "the find bar finds while typing, and Esc leaves it") {
  fresh("alpha beta\nbeta\n");
  editor().setCaret(0);
  page().findBar().openFind();
  auto* input = page().findBar().findChild<QLineEdit*>();
  REQUIRE(page().findBar().isVisible());
  QTest::keyClicks(input, "beta");
  CHECK(editor().caret() == 10);
  QTest::keyClick(input, Qt::Key_Return);
  CHECK(editor().caret() == 15);
  QTest::keyClick(input, Qt::Key_Return, Qt::ShiftModifier);
  CHECK(editor().caret() == 10);
  QTest::keyClick(input, Qt::Key_Escape);
  CHECK_FALSE(page().findBar().isVisible());
  page().findBar().openGoToLine();
  QTest::keyClicks(input, "2");
  CHECK(editor().caret() == 11);
}

TEST_CASE_METHOD(WindowFixture, "a dropped file is opened, not pasted") {
  fresh("text");
  const QString path = write("dropped.txt", "dropped");
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(path)});
  QDragEnterEvent enter(QPoint(20, 20), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(editor().viewport(), &enter);
  REQUIRE(enter.isAccepted());
  QDropEvent drop(QPointF(20, 20), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(editor().viewport(), &drop);
  CHECK(page().path() == path);
  CHECK(text() == "dropped");
}

TEST_CASE("only valid UTF-8 passes as such") {
  qint64 first = 0;
  CHECK(countInvalidUtf8("aż漢😀", &first) == 0);
  CHECK(first == -1);
  CHECK(countInvalidUtf8(QByteArray("\xc0\x80"), &first) == 2);          // overlong
  CHECK(countInvalidUtf8(QByteArray("\xed\xa0\x80"), &first) == 3);      // surrogate
  CHECK(countInvalidUtf8(QByteArray("\xf4\x90\x80\x80"), &first) == 4);  // above U+10FFFF
  CHECK(countInvalidUtf8(QByteArray("ab\xe6\xbc"), &first) == 2);        // cut off
  CHECK(first == 2);
}

TEST_CASE_METHOD(WindowFixture, "a very long line is pointed out") {
  REQUIRE(tabs().open(write("one-line.json", QByteArray(60'000, 'x'))));
  CHECK(notice().contains("typing in such a line is slow"));
}

TEST_CASE("saving over something that is no file is refused") {
  CHECK(writeTextFile("/dev/null", "x", false).contains("not a regular file"));
}
