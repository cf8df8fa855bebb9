// Which keys controls claim with Alt.
#pragma once

#include <QAbstractButton>
#include <QKeySequence>
#include <QLabel>
#include <QStringList>
#include <QWidget>

namespace catena::ui {

/// Each key once for each control that claims it.
class AltKeys {
 public:
  void add(const QString& text) {
    const QKeySequence key = QKeySequence::mnemonic(text);
    if (!key.isEmpty()) keys_.append(key.toString());
  }
  /// Labels of knobs, and buttons.
  void addControls(const QWidget& parent) {
    for (const QLabel* label : parent.findChildren<QLabel*>())
      if (label->buddy()) add(label->text());
    for (const QAbstractButton* button : parent.findChildren<QAbstractButton*>()) add(button->text());
  }
  qsizetype count() const { return keys_.size(); }
  /// Those that are claimed more than once.
  QStringList disputed() const {
    QStringList more = keys_, once = keys_;
    once.removeDuplicates();
    for (const QString& key : once) more.removeOne(key);
    return more;
  }

 private:
  QStringList keys_;
};

}  // namespace catena::ui
