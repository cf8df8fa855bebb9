#include "ui/editor/editor_accessible.h"

#include <QAccessibleWidget>
#include <QApplication>

#include "ui/editor/code_editor.h"

namespace catena::ui {
namespace {

bool listening = false;  // UI thread

/// Name and description only. Factories are asked from the newest on, and QScintilla's is older.
QAccessibleInterface* makePlain(const QString& class_name, QObject* object) {
  if (listening || class_name != QLatin1String(CodeEditor::staticMetaObject.className())) return nullptr;
  return new QAccessibleWidget(qobject_cast<QWidget*>(object), QAccessible::EditableText);
}

/// When a screen reader comes or goes the interfaces are made anew at the next question.
class Activation : public QAccessible::ActivationObserver {
  void accessibilityActiveChanged(bool active) override {
    listening = active;
    for (QWidget* widget : QApplication::allWidgets()) {
      if (qobject_cast<CodeEditor*>(widget) == nullptr) continue;
      if (QAccessibleInterface* known = QAccessible::queryAccessibleInterface(widget))
        QAccessible::deleteAccessibleInterface(QAccessible::uniqueId(known));
    }
  }
};

}  // namespace

void installEditorAccessibility() {
  static const bool installed = [] {
    static Activation activation;
    listening = QAccessible::isActive();
    QAccessible::installFactory(makePlain);
    QAccessible::installActivationObserver(&activation);
    return true;
  }();
  (void)installed;
}

bool screenReaderListens() { return listening; }

}  // namespace catena::ui
