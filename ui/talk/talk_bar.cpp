#include "ui/talk/talk_bar.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/talk/talk_words.h"
#include "ui/talk/turn_sign.h"
#include "ui/theme.h"

namespace catena::ui {

TalkBar::TalkBar(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      sign_(new TurnSign(this)),
      word_(new QLabel(this)),
      detail_(new QLabel(this)),
      talk_(new QPushButton(tr("Talk"), this)) {
  const auto button = [this](const QString& text, const QString& what) {
    auto* result = new QToolButton(this);
    result->setText(text);
    result->setToolTip(what);
    result->setAccessibleName(what);
    result->setFocusPolicy(Qt::TabFocus);  // a click leaves the focus with the text
    return result;
  };
  talk_->setCheckable(true);
  talk_->setFocusPolicy(Qt::TabFocus);
  talk_->setAccessibleName(tr("Talk"));
  talk_->setToolTip(tr("A spoken conversation (F7)"));
  mute_ = button(tr("Mute"), tr("Mute: nothing that is said counts (Shift+F7)"));
  mute_->setCheckable(true);
  hold_ = button(tr("Hold to talk"), tr("Hold to talk (F9)"));
  stop_ = button(tr("Stop"), tr("Stop the voice (Shift+F4)"));
  QToolButton* settings = button(tr("Voice..."), tr("Voice, patience, loudspeaker"));
  QFont bold = word_->font();
  bold.setBold(true);
  word_->setFont(bold);
  word_->setAccessibleName(tr("Conversation"));
  detail_->setWordWrap(true);
  detail_->setForegroundRole(QPalette::PlaceholderText);

  auto* row = new QHBoxLayout;
  row->setSpacing(grid / 2);
  row->addWidget(talk_);
  for (QToolButton* each : {mute_, hold_, stop_}) row->addWidget(each);
  row->addStretch(1);
  row->addWidget(settings);
  auto* state = new QHBoxLayout;
  state->setSpacing(grid);
  state->addWidget(sign_);
  state->addWidget(word_);
  state->addStretch(1);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(grid / 2);
  layout->addLayout(row);
  layout->addLayout(state);
  layout->addWidget(detail_);

  connect(talk_, &QPushButton::clicked, this, [this](bool on) {
    talk_->setChecked(state_.turn != Turn::off);  // the session says whether it is
    Q_EMIT talkWanted(on);
  });
  connect(mute_, &QToolButton::clicked, this, [this](bool on) { session_.setMuted(on); });
  connect(hold_, &QToolButton::pressed, this, [this] { session_.holdToTalk(true); });
  connect(hold_, &QToolButton::released, this, [this] { session_.holdToTalk(false); });
  connect(stop_, &QToolButton::clicked, this, [this] { session_.stopVoice(); });
  connect(settings, &QToolButton::clicked, this, &TalkBar::settingsWanted);
  show(session_.talk());
}

void TalkBar::show(const TalkState& state) {
  state_ = state;
  talk_->setChecked(state.turn != Turn::off);
  mute_->setChecked(state.muted);
  mute_->setEnabled(state.turn != Turn::off || state.dictating || state.muted);
  stop_->setEnabled(state.reading || state.turn == Turn::thinking || state.turn == Turn::speaking ||
                    state.turn == Turn::held);
  refresh();
}

void TalkBar::setRunning(bool running) {
  running_ = running;
  hearing_ = hearing_ && running;
  refresh();
}

void TalkBar::setHearing(bool hearing) {
  if (hearing == hearing_) return;
  hearing_ = hearing;
  refresh();
}

void TalkBar::refresh() {
  const TalkSettings settings = session_.talkSettings();
  hold_->setVisible(!settings.hands_free);
  hold_->setEnabled(state_.turn != Turn::off);
  const TalkWords words = wordsFor(state_, settings, running_, hearing_);
  sign_->set(words.sign);
  detail_->setText(words.detail);
  if (words.word == word_->text()) return;
  word_->setText(words.word);
  word_->setAccessibleDescription(words.word);
  QAccessibleEvent changed(word_, QAccessible::DescriptionChanged);
  QAccessible::updateAccessibility(&changed);
}

QString TalkBar::stateText() const { return word_->text(); }
QString TalkBar::detailText() const { return detail_->text(); }

}  // namespace catena::ui
