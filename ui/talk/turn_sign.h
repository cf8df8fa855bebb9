// A small sign for the state of the conversation: a shape of its own for each, and a colour beside it.
#pragma once

#include <QWidget>

#include "ui/talk/talk_words.h"

namespace catena::ui {

class TurnSign : public QWidget {
  Q_OBJECT
 public:
  explicit TurnSign(QWidget* parent = nullptr);
  void set(TalkSign sign);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  TalkSign sign_ = TalkSign::off;
};

}  // namespace catena::ui
