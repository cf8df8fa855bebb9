// A window over a fake session, with settings and recovery files of its own.
#pragma once

#include <QTemporaryDir>
#include <QtTest/QTest>
#include <catch2/catch.hpp>
#include <memory>

#include "tests/ui/fake_session.h"
#include "ui/editor/code_editor.h"
#include "ui/editor/document_tabs.h"
#include "ui/main_window.h"
#include "ui/notice_bar.h"

inline std::ostream& operator<<(std::ostream& out, const QString& text) { return out << text.toStdString(); }
inline std::ostream& operator<<(std::ostream& out, const QByteArray& text) { return out << text.toStdString(); }

namespace catena::ui {

struct WindowFixture {
  QTemporaryDir folder;
  FakeSession session;
  std::unique_ptr<MainWindow> window;

  WindowFixture() { openWindow(); }

  void openWindow() {
    window = std::make_unique<MainWindow>(session,
                                          WindowFiles{folder.filePath("settings.ini"), folder.filePath("recovery")});
    window->show();
    QCoreApplication::processEvents();
    window->activateWindow();
    editor().setFocus();
    QTest::qWait(20);
  }

  DocumentTabs& tabs() { return window->documents(); }
  EditorPage& page() { return *tabs().page(); }
  CodeEditor& editor() { return page().editor(); }
  const GhostModel& ghost() { return editor().ghost(); }
  QByteArray text() { return editor().textCopy(); }
  QString notice() { return page().notices().text(); }

  /// An empty document instead of the welcome text.
  void fresh(const QByteArray& text = {}) {
    tabs().newDocument("test", text);
    editor().setCaret(editor().byteCount());
    editor().setFocus();
  }
  void type(const QString& keys) { window->typeText(keys); }
  void key(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QTest::keyClick(&editor(), key, modifiers);
  }

  /// Types, waits for the question about all that was typed and answers it.
  void suggest(const QString& keys, const QStringList& alternatives) {
    const auto asked = session.requests.size();
    type(keys);
    REQUIRE(QTest::qWaitFor(
        [&] { return session.requests.size() > asked && session.requests.last().position == editor().caret(); }, 5000));
    session.answer(alternatives);
    QCoreApplication::processEvents();
  }

  QString write(const QString& name, const QByteArray& content) {
    QFile file(folder.filePath(name));
    REQUIRE(file.open(QIODevice::WriteOnly));
    file.write(content);
    return file.fileName();
  }
  static QByteArray read(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }
};

}  // namespace catena::ui
