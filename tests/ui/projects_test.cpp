// Remembered projects in the window: the menu, the progress line, and what a document says of its start.
#include <QMenuBar>
#include <QToolButton>

#include "tests/ui/window_fixture.h"
#include "ui/format.h"
#include "ui/project_menu.h"
#include "ui/status_line.h"

using namespace catena::ui;
using State = RememberingProgress::State;

namespace {

QAction* find(const QMenu* menu, const QString& text) {
  for (QAction* action : menu->actions())
    if (action->text().remove('&').contains(text)) return action;
  return nullptr;
}

struct ProjectsFixture : WindowFixture {
  QMenu* file() { return window->menuBar()->actions().first()->menu(); }
  QAction* entry(const QString& text) { return find(file(), text); }
  QMenu* remembered() {
    QMenu* menu = entry("Remembered projects")->menu();
    Q_EMIT menu->aboutToShow();
    return menu;
  }
  void progress(State state, int files = 0, qint64 read = 0) {
    Q_EMIT session.rememberingProgress({"/home/me/shop", state, files, read, 100});
  }
};

}  // namespace

TEST_CASE_METHOD(ProjectsFixture, "the file menu has a project folder remembered, beginning at the document's") {
  REQUIRE(tabs().open(write("a.cpp", "int a;\n")));
  QString asked_from;
  window->projects().ask_folder = [&](const QString& start) {
    asked_from = start;
    return QString("/home/me/shop");
  };
  entry("Remember project folder...")->trigger();
  CHECK(asked_from == folder.path());
  CHECK(session.project_calls == QStringList{"remember:/home/me/shop"});
  // No folder chosen, nothing asked for.
  window->projects().ask_folder = [](const QString&) { return QString(); };
  entry("Remember project folder...")->trigger();
  CHECK(session.project_calls.size() == 1);
}

TEST_CASE_METHOD(ProjectsFixture, "reading a project shows how far it is, can be cancelled, and goes when done") {
  CHECK_FALSE(entry("Stop remembering")->isVisible());
  progress(State::looking);
  CHECK(window->remembering().text() == "remembering shop: looking for files");
  progress(State::reading, 12, 42);
  CHECK(window->remembering().text() == "remembering shop: 42 %, 12 files");
  CHECK_FALSE(entry("Remember project folder...")->isEnabled());

  auto* button = window->remembering().findChild<QToolButton*>();
  REQUIRE(button->isVisible());
  CHECK(button->accessibleName() == "Stop remembering shop");
  CHECK(button->focusPolicy() == Qt::StrongFocus);
  QTest::mouseClick(button, Qt::LeftButton);
  REQUIRE(entry("Stop remembering shop")->isVisible());
  entry("Stop remembering shop")->trigger();
  CHECK(session.project_calls == QStringList{"cancel", "cancel"});

  // Reading the document has a line of its own.
  Q_EMIT session.readingProgress({page().document(), 10, 100});
  CHECK(window->progress().text() == "read 10 %");
  CHECK_FALSE(window->progress().findChild<QToolButton*>()->isVisible());

  progress(State::stopped);
  CHECK(window->remembering().text().isEmpty());
  CHECK_FALSE(entry("Stop remembering")->isVisible());
  CHECK(entry("Remember project folder...")->isEnabled());
}

TEST_CASE_METHOD(ProjectsFixture, "what is remembered is listed with its age, can be read again and forgotten") {
  CHECK_FALSE(entry("Remembered projects")->isEnabled());
  session.remembered = {{"/home/me/R&D", QDateTime::currentDateTime().addDays(-3), 1, {}},
                        {"/home/me/shop", QDateTime::currentDateTime(), 1200, "catena-text-0"}};
  Q_EMIT session.projectsChanged();
  REQUIRE(entry("Remembered projects")->isEnabled());
  REQUIRE(remembered()->actions().size() == 2);
  CHECK(remembered()->actions()[0]->text() == "/home/me/R&&D, read 3 days ago");
  CHECK(remembered()->actions()[1]->text() == "/home/me/shop, read just now");
  const QMenu* shop = remembered()->actions()[1]->menu();
  CHECK(shop->actions()[0]->text().contains("model catena-text-0: not used"));
  find(shop, "Read again")->trigger();
  find(shop, "Forget")->trigger();
  CHECK(session.project_calls == QStringList{"remember:/home/me/shop", "forget:/home/me/shop"});
  const QMenu* other = remembered()->actions()[0]->menu();
  CHECK(other->actions()[0]->text().startsWith("1 file, read "));
  // One folder at a time.
  progress(State::reading);
  CHECK_FALSE(find(remembered()->actions()[0]->menu(), "Read again")->isEnabled());

  session.remembered.clear();
  Q_EMIT session.projectsChanged();
  CHECK_FALSE(entry("Remembered projects")->isEnabled());
}

TEST_CASE_METHOD(ProjectsFixture, "a document says which project it starts from") {
  REQUIRE(tabs().open(write("a.cpp", "int a;\n")));
  const DocumentId document = page().document();
  const int tab = tabs().currentIndex();
  CHECK_FALSE(window->status().text().contains("starts from"));
  Q_EMIT session.documentStarts({document, "/home/me/shop"});
  CHECK(window->status().text().contains("starts from shop"));
  CHECK(tabs().tabToolTip(tab).contains("starts from what was read of /home/me/shop"));
  CHECK(editor().accessibleDescription() == "Starts from what was read of /home/me/shop");
  fresh();
  CHECK_FALSE(window->status().text().contains("starts from"));
  tabs().setCurrentIndex(tab);
  CHECK(window->status().text().contains("starts from shop"));
  Q_EMIT session.documentStarts({document, {}});
  CHECK_FALSE(window->status().text().contains("starts from"));
}

TEST_CASE("ages are told in words") {
  CHECK(formatAge(-5) == "just now");
  CHECK(formatAge(59) == "just now");
  CHECK(formatAge(60) == "1 minute ago");
  CHECK(formatAge(7199) == "1 hour ago");
  CHECK(formatAge(86400) == "1 day ago");
  CHECK(formatAge(10 * 86400) == "10 days ago");
  CHECK(folderName("/home/me/shop/") == "shop");
  CHECK(folderName("/") == "/");
}
