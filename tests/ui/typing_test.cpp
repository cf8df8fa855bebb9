// Typing in a real window: suggestions come, are taken, cycled, dismissed, and never get in the way.
#include <QAccessible>
#include <QScrollBar>
#include <ctime>

#include "tests/ui/window_fixture.h"
#include "ui/editor/suggester.h"
#include "ui/status_line.h"

using namespace catena::ui;

TEST_CASE_METHOD(WindowFixture, "typing brings a suggestion, and Tab takes all of it in one undo step") {
  fresh();
  suggest("for ", {"(int i = 0; i < n; ++i) {\n  sum += i;\n}"});
  CHECK(session.requests.last().position == 4);
  CHECK(ghost().visible());
  CHECK(text() == "for ");
  CHECK(window->currentSuggestion() == "(int i = 0; i < n; ++i) {\n  sum += i;\n}");
  CHECK(window->status().text().contains("Tab accepts"));
  CHECK(editor().accessibleDescription().contains("(int i = 0;"));
  key(Qt::Key_Tab);
  CHECK(text() == "for (int i = 0; i < n; ++i) {\n  sum += i;\n}");
  CHECK_FALSE(ghost().visible());
  CHECK(editor().caret() == editor().byteCount());
  CHECK(editor().accessibleDescription().isEmpty());
  editor().command(QsciScintillaBase::SCI_UNDO);
  CHECK(text() == "for ");
  CHECK(session.texts[page().document()] == "for ");
}

TEST_CASE_METHOD(WindowFixture, "Ctrl+Right takes a word, Shift+Tab a line, each one undo step") {
  fresh();
  suggest("x", {" = alpha + beta;\nreturn x;"});
  key(Qt::Key_Right, Qt::ControlModifier);
  CHECK(text() == "x =");
  key(Qt::Key_Right, Qt::ControlModifier);
  CHECK(text() == "x = alpha");
  key(Qt::Key_Backtab, Qt::ShiftModifier);
  CHECK(text() == "x = alpha + beta;");
  CHECK(ghost().text() == "\nreturn x;");
  key(Qt::Key_Backtab, Qt::ShiftModifier);
  CHECK(text() == "x = alpha + beta;\nreturn x;");
  editor().command(QsciScintillaBase::SCI_UNDO);
  CHECK(text() == "x = alpha + beta;");
  editor().command(QsciScintillaBase::SCI_UNDO);
  CHECK(text() == "x = alpha");
}

TEST_CASE_METHOD(WindowFixture, "Alt+] and Alt+[ show other suggestions, and type nothing") {
  fresh();
  suggest("a", {"1", "2", "3"});
  CHECK(window->status().text().contains("1 of 3"));
  key(Qt::Key_BracketRight, Qt::AltModifier);
  CHECK(window->currentSuggestion() == "2");
  CHECK(window->status().text().contains("2 of 3"));
  key(Qt::Key_BracketLeft, Qt::AltModifier);
  key(Qt::Key_BracketLeft, Qt::AltModifier);
  CHECK(window->currentSuggestion() == "3");
  CHECK(text() == "a");
}

TEST_CASE_METHOD(WindowFixture, "Esc dismisses, Ctrl+Space asks now") {
  fresh();
  suggest("a", {"bc"});
  key(Qt::Key_Escape);
  CHECK_FALSE(ghost().visible());
  CHECK(text() == "a");
  const auto asked = session.requests.size();
  key(Qt::Key_Space, Qt::ControlModifier);
  REQUIRE(session.requests.size() == asked + 1);
  CHECK(session.requests.last().explicitly);
  CHECK(text() == "a");
  session.answer({"bd"});
  CHECK(window->currentSuggestion() == "bd");
}

TEST_CASE_METHOD(WindowFixture,
                 "typing along shrinks the suggestion at once, and it stays until another word is likelier") {
  fresh();
  suggest("he", {"llo world"});
  auto asked = session.requests.size();
  type("l");
  CHECK(window->currentSuggestion() == "lo world");
  REQUIRE(QTest::qWaitFor([&] { return session.requests.size() == asked + 1; }, 2000));
  CHECK(window->currentSuggestion() == "lo world");  // nothing is taken away while the answer is on its way
  session.answer({"lo there", "m"});
  CHECK(window->currentSuggestion() == "lo world");  // the same word: it stays
  CHECK(ghost().alternatives() == 3);
  asked = session.requests.size();
  type("l");
  REQUIRE(QTest::qWaitFor([&] { return session.requests.size() == asked + 1; }, 2000));
  session.answer({});
  CHECK(window->currentSuggestion() == "o world");  // no better one: it stays
  asked = session.requests.size();
  type("o");
  REQUIRE(QTest::qWaitFor([&] { return session.requests.size() == asked + 1; }, 2000));
  session.answer({"(): "});
  CHECK(window->currentSuggestion() == "(): ");  // another word
  type("!");
  CHECK(window->currentSuggestion().isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "without a suggestion Tab indents and Shift+Tab takes it back") {
  fresh();
  key(Qt::Key_Tab);
  CHECK(text() == "    ");
  key(Qt::Key_Backtab, Qt::ShiftModifier);
  CHECK(text().isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "a stale answer is ignored") {
  fresh();
  type("a");
  REQUIRE(QTest::qWaitFor([&] { return session.requests.size() == 1; }, 2000));
  const auto old = session.requests.last();
  type("b");
  REQUIRE(QTest::qWaitFor([&] { return session.requests.size() == 2; }, 2000));
  session.answer(old, {"b is old"});
  CHECK_FALSE(ghost().visible());
  session.answer({"c"});
  CHECK(window->currentSuggestion() == "c");
}

TEST_CASE_METHOD(WindowFixture, "moving the cursor takes the suggestion away") {
  fresh();
  suggest("ab", {"cd"});
  key(Qt::Key_Left);
  CHECK_FALSE(ghost().visible());
  CHECK(session.cursor == 1);
}

TEST_CASE_METHOD(WindowFixture, "a suggestion of one document does not show in another") {
  fresh();
  type("a");
  REQUIRE(QTest::qWaitFor([&] { return !session.requests.isEmpty(); }, 2000));
  const auto request = session.requests.last();
  fresh();
  session.answer(request, {"bc"});
  CHECK_FALSE(ghost().visible());
}

TEST_CASE_METHOD(WindowFixture, "while a popup is open Tab belongs to it") {
  fresh("word ");
  suggest("w", {"ording"});
  editor().SendScintilla(QsciScintillaBase::SCI_AUTOCSHOW, static_cast<uintptr_t>(1), "wombat");
  REQUIRE(editor().SendScintilla(QsciScintillaBase::SCI_AUTOCACTIVE) != 0);
  key(Qt::Key_Tab);
  CHECK(text() == "word wombat");
}

TEST_CASE_METHOD(WindowFixture, "Tab moves the focus when the user chose so") {
  fresh();
  suggest("a", {"bc"});
  editor().setTabMovesFocus(true);
  key(Qt::Key_Tab);
  CHECK(text() == "a");
  CHECK(ghost().visible());
  key(Qt::Key_Right, Qt::ControlModifier);  // still takes a word
  CHECK(text() == "abc");
}

TEST_CASE_METHOD(WindowFixture, "in a Windows text a suggestion is taken with its line ends") {
  fresh("one\r\ntwo\r\n");
  suggest("x", {"y\nz"});
  key(Qt::Key_Tab);
  CHECK(text() == "one\r\ntwo\r\nxy\r\nz");
}

TEST_CASE_METHOD(WindowFixture, "a new line keeps the indentation, also along a suggestion") {
  fresh("    ");
  suggest("a;", {"\n    b;"});
  key(Qt::Key_Return);
  CHECK(text() == "    a;\n    ");
  CHECK(window->currentSuggestion() == "b;");
}

TEST_CASE_METHOD(WindowFixture, "nothing is asked inside a word, with a selection, or while the model loads") {
  fresh("alphabet");
  editor().setCaret(3);
  type("x");
  QTest::qWait(40);
  CHECK(session.requests.isEmpty());
  session.info.loaded = false;
  editor().setCaret(editor().byteCount());
  type(" y");
  QTest::qWait(40);
  CHECK(session.requests.isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "suggestions while typing can be turned off, Ctrl+Space still asks") {
  fresh();
  page().suggester().setAutomatic(false);
  type("abc");
  QTest::qWait(40);
  CHECK(session.requests.isEmpty());
  key(Qt::Key_Space, Qt::ControlModifier);
  CHECK(session.requests.size() == 1);
}

TEST_CASE_METHOD(WindowFixture, "a suggestion changes neither text, modified state nor scroll position") {
  fresh();
  type("a\n");
  editor().setSaved();
  session.requests.clear();
  key(Qt::Key_Space, Qt::ControlModifier);
  const long width = editor().SendScintilla(QsciScintillaBase::SCI_GETSCROLLWIDTH);
  const int top = editor().verticalScrollBar()->value();
  session.answer({QString(200, 'x') + "\n" + QString(40, '\n')});
  QTest::qWait(50);
  REQUIRE(ghost().visible());
  CHECK(text() == "a\n");
  CHECK_FALSE(editor().isModified());
  CHECK(editor().SendScintilla(QsciScintillaBase::SCI_GETSCROLLWIDTH) == width);
  CHECK(editor().verticalScrollBar()->value() == top);
}

TEST_CASE_METHOD(WindowFixture, "the probe measures from the key press to the paint of the suggestion") {
  fresh();
  window->probe().reset();
  session.automatic_answer = {"suggested text"};
  window->typeText("a", 50);
  const UiProbe probe = window->probe();
  REQUIRE(QTest::qWaitFor([&] { return !probe.suggestionMs().empty(); }, 2000));
  CHECK(probe.keys() == 1);
  CHECK(probe.suggestionPercentileMs(0.95) > 0);
  CHECK(probe.suggestionPercentileMs(0.95) < 2000);
  window->typeText("s", 50);
  REQUIRE(QTest::qWaitFor([&] { return !probe.shrunkMs().empty(); }, 2000));
  CHECK(probe.suggestionMs().size() == 1);
}

TEST_CASE_METHOD(WindowFixture, "the usual key in a coloured megabyte costs well under 16 ms of processor time") {
  const QString path =
      write("large.cpp", QByteArray("int value = compute(1, \"text\");  // a line like many\n").repeated(19'000));
  REQUIRE(tabs().open(path));
  editor().goToLine(9'000);
  session.automatic_answer = {"suggested text\nand more"};
  window->typeText("a", 30);
  std::vector<double> costs;
  const auto now_ms = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) * 1e3 + double(t.tv_nsec) * 1e-6;
  };
  for (int i = 0; i < 60; ++i) {
    session.sendFigures(i);
    const double start = now_ms();
    window->typeText(i % 10 == 9 ? "\n" : "x", 1);
    costs.push_back(now_ms() - start);
  }
  INFO("p50 " << percentile(costs, 0.5) << " ms, most " << percentile(costs, 1) << " ms");
  CHECK(percentile(costs, 0.5) < 10);  // 5 ms; 14 ms when everything after the cursor is coloured again
}

TEST_CASE_METHOD(WindowFixture, "the watchdog sees a blocked event loop") {
  window->probe().reset();
  QTest::qWait(20);
  QTest::qSleep(80);
  CHECK(window->probe().longestBlockMs() >= 70);
  QTest::qWait(5);
  window->probe().reset();
  CHECK(window->probe().longestBlockMs() < 70);
}

TEST_CASE_METHOD(WindowFixture,
                 "a screen reader that comes later reads the text, and nothing is counted for it before") {
  const auto text_of = [&] { return QAccessible::queryAccessibleInterface(&editor())->textInterface(); };
  CHECK(text_of() == nullptr);  // nobody listens: nothing is counted
  QAccessible::setActive(true);
  window->typeText("grün");
  REQUIRE(text_of() != nullptr);
  const QString whole = text_of()->text(0, text_of()->characterCount());
  CHECK(whole.endsWith("grün"));
  QAccessible::setActive(false);
  CHECK(text_of() == nullptr);
}
