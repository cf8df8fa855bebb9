// The File menu's entries for remembered projects: read a folder, stop, see what is remembered, read it again, forget
// it.
#pragma once

#include <QObject>
#include <functional>

#include "ui/session.h"

class QAction;
class QMenu;
class QWidget;

namespace catena::ui {

class ProjectMenu : public QObject {
  Q_OBJECT
 public:
  /// Adds its entries to the end of `menu`.
  ProjectMenu(Session& session, QMenu* menu, QWidget* window);

  /// Asks for a folder and has it read.
  void chooseFolder();
  bool isReading() const { return reading_; }

  /// Where the folder dialog begins, and the dialog itself; the latter is replaced in tests. An empty answer: none
  /// chosen.
  std::function<QString()> start_folder;
  std::function<QString(const QString& start)> ask_folder;

 private:
  void show(const RememberingProgress& progress);
  void fill();

  Session& session_;
  QAction* remember_;
  QAction* stop_;
  QMenu* remembered_;
  bool reading_ = false;
};

}  // namespace catena::ui
