// A line under the editor for finding text and going to a line.
#pragma once

#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;

namespace catena::ui {

class CodeEditor;

class FindBar : public QWidget {
  Q_OBJECT
 public:
  explicit FindBar(CodeEditor& editor, QWidget* parent = nullptr);

  void openFind();
  void openGoToLine();
  void findNext(bool forward);

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  enum class Mode { find, line };
  void open(Mode mode);
  void close();
  void textEdited();

  CodeEditor& editor_;
  Mode mode_ = Mode::find;
  QLabel* label_;
  QLineEdit* input_;
  QCheckBox* match_case_;
  QLabel* result_;
  QList<QWidget*> find_only_;
};

}  // namespace catena::ui
