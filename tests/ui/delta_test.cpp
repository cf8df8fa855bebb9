// What the session is told reproduces the editor's text exactly, whatever is done to it.
#include <QClipboard>
#include <QGuiApplication>
#include <random>

#include "tests/ui/window_fixture.h"

using namespace catena::ui;

TEST_CASE_METHOD(WindowFixture, "deltas reproduce the text under random edits, undo, redo, paste and key strokes") {
  const QByteArrayList pieces{
      "a", " ", "\n", "\t", "ż", "漢字", "😀", "word and word\nline", "\r\n", "}", "\xc3\xa9\xc3\xa8"};
  for (unsigned seed = 1; seed <= 6; ++seed) {
    fresh("start of the text\nżółw 漢字\n");
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(std::max(1, n))); };
    const auto place = [&] {  // a character boundary
      const int raw = below(editor().byteCount() + 1);
      return editor().SendScintilla(QsciScintillaBase::SCI_POSITIONBEFORE,
                                    static_cast<unsigned long>(editor().SendScintilla(
                                        QsciScintillaBase::SCI_POSITIONAFTER, static_cast<unsigned long>(raw))));
    };
    for (int step = 0; step < 150; ++step) {
      const QByteArray piece = pieces[below(static_cast<int>(pieces.size()))];
      switch (below(9)) {
        case 0:
        case 1:
          editor().setCaret(static_cast<int>(place()));
          editor().SendScintilla(QsciScintillaBase::SCI_REPLACESEL, piece.constData());
          break;
        case 2:  // replace a selection
          editor().SendScintilla(QsciScintillaBase::SCI_SETSEL, static_cast<unsigned long>(place()), place());
          editor().SendScintilla(QsciScintillaBase::SCI_REPLACESEL, piece.constData());
          break;
        case 3:
          editor().command(QsciScintillaBase::SCI_UNDO);
          break;
        case 4:
          editor().command(QsciScintillaBase::SCI_REDO);
          break;
        case 5:
          QGuiApplication::clipboard()->setText(QString::fromUtf8(piece));
          editor().command(QsciScintillaBase::SCI_PASTE);
          break;
        case 6:
          type(QString::fromUtf8(piece));
          break;
        case 7:
          key(below(2) ? Qt::Key_Backspace : Qt::Key_Delete);
          break;
        case 8:  // a block of text at once, over several lines
          editor().SendScintilla(QsciScintillaBase::SCI_SETSEL, static_cast<unsigned long>(place()), place());
          key(below(2) ? Qt::Key_Tab : Qt::Key_Backtab);
          break;
      }
      if (!session.requests.isEmpty() && below(3) == 0) {
        session.answer({QString::fromUtf8(piece) + "suggested\nlines"});
        if (below(2)) editor().acceptWord();
        if (below(3) == 0) editor().acceptAll();
      }
      QCoreApplication::processEvents();  // an edit made past the editor's own functions is told at the latest now
      REQUIRE_FALSE(session.broken_delta);
      REQUIRE(session.texts[page().document()] == text());
    }
  }
}

TEST_CASE_METHOD(WindowFixture, "typing into a megabyte reports only what was typed") {
  fresh(QByteArray(1'000'000, 'x').replace(500'000, 1, "\n"));
  QList<QByteArray> inserted;
  QObject::connect(&editor(), &CodeEditor::edited, &editor(),
                   [&](int, int, const QByteArray& bytes, bool) { inserted.append(bytes); });
  editor().setCaret(500'000);
  type("ab");
  CHECK(inserted == QList<QByteArray>{"a", "b"});
}
