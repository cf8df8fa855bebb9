#include "ui/panels/transcript_panel.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSaveFile>
#include <QToolButton>

#include "ui/format.h"
#include "ui/talk/talk_bar.h"
#include "ui/talk/talk_words.h"
#include "ui/theme.h"
#include "ui/transcript/transcript_view.h"

namespace catena::ui {

TranscriptPanel::TranscriptPanel(Session& session, QWidget* parent)
    : PanelWidget(tr("Transcript"), parent),
      talk_(new TalkBar(session, this)),
      view_(new TranscriptView(this)),
      search_(new QLineEdit(this)),
      not_found_(new QLabel(this)),
      confidence_(new QCheckBox(tr("Mark unsure words"), this)),
      latency_(new FigureLabel(tr("words after"), tr("From the end of the sound that was read to its words."), this)),
      compute_(new FigureLabel(tr("compute"), tr("Of the sound's time, on one core."), this)),
      carried_(new FigureLabel(tr("carried"), tr("All that is kept from chunk to chunk."), this)),
      turn_figures_(new QLabel(this)) {
  search_->setPlaceholderText(tr("Find in the transcript"));
  search_->setAccessibleName(search_->placeholderText());
  search_->setClearButtonEnabled(true);
  confidence_->setToolTip(tr("Words that were not heard clearly are underlined"));
  const auto button = [this](const QString& text, const QString& what, auto&& done) {
    auto* result = new QToolButton(this);
    result->setText(text);
    result->setToolTip(what);
    result->setAccessibleName(what);
    connect(result, &QToolButton::clicked, this, done);
    return result;
  };
  turn_figures_->setToolTip(
      tr("How long the last answer took, from the end of your speech; your patience is part of it"));
  turn_figures_->setAccessibleName(tr("Last answer"));
  turn_figures_->setWordWrap(true);
  turn_figures_->hide();
  auto* edge = new QHBoxLayout;
  edge->setSpacing(grid / 2);
  edge->addWidget(confidence_);
  edge->addStretch(1);
  edge->addWidget(button(tr("Copy"), tr("Copy the whole transcript"), [this] { copyAll(); }));
  edge->addWidget(
      button(tr("Export..."), tr("Save the transcript as text, subtitles or JSON"), [this] { Q_EMIT exportWanted(); }));
  edge->addWidget(button(tr("Clear"), tr("Forget the transcript"), [this] { clear(); }));
  auto* find = new QHBoxLayout;
  find->setSpacing(grid);
  find->addWidget(search_, 1);
  find->addWidget(not_found_);
  auto* figures = new QHBoxLayout;
  figures->setSpacing(2 * grid);
  for (FigureLabel* label : {latency_, compute_, carried_}) figures->addWidget(label);
  figures->addStretch(1);
  content()->addWidget(talk_);
  content()->addWidget(view_, 1);
  content()->addLayout(find);
  content()->addLayout(edge);
  content()->addLayout(figures);
  content()->addWidget(turn_figures_);
  connect(search_, &QLineEdit::returnPressed, this, [this] { findNext(true); });
  connect(search_, &QLineEdit::textChanged, not_found_, &QLabel::clear);
  connect(confidence_, &QCheckBox::toggled, this, [this](bool on) {
    view_->setConfidenceShown(on);
    view_->show(log_);
  });
}

void TranscriptPanel::add(const SpeechUpdate& update) {
  const bool to_program = turn_ == Turn::hearing || turn_ == Turn::thinking || turn_ == Turn::held;
  log_.add(update, QDateTime::currentDateTime(), to_program ? Who::user : Who::somebody);
  view_->add(update, log_.isEmpty() ? nullptr : &log_.utterances().last());
  talk_->setHearing(!update.open.isEmpty());
  if (!isVisible()) return;
  if (update.latency_ms > 0) latency_->set(formatMs(update.latency_ms));
  compute_->set(tr("%1 %").arg(update.compute_percent, 0, 'f', 1));
  carried_->set(formatBytes(update.state_bytes));
}

// What the user says is in the transcript as it is heard.
void TranscriptPanel::add(const TalkLine& line) {
  if (line.from_user) return;
  log_.addAnswer(line, QDateTime::currentDateTime());
  view_->addAnswer(log_.utterances().last());
}

void TranscriptPanel::add(const TurnFigures& figures) {
  const QString line = lineOf(figures);
  turn_figures_->setVisible(!line.isEmpty());
  turn_figures_->setText(line);
}

void TranscriptPanel::show(const TalkState& state) {
  turn_ = state.turn;
  talk_->show(state);
}

void TranscriptPanel::setListening(bool listening) { talk_->setRunning(listening); }

QString TranscriptPanel::stateText() const { return talk_->stateText(); }
QString TranscriptPanel::turnText() const { return turn_figures_->text(); }

void TranscriptPanel::findNext(bool forward) {
  not_found_->setText(view_->findNext(search_->text(), forward) ? QString() : tr("not found"));
}

void TranscriptPanel::copyAll() { QApplication::clipboard()->setText(log_.toText()); }

void TranscriptPanel::clear() {
  log_.clear();
  view_->show(log_);
}

QString TranscriptPanel::exportTo(const QString& path) const {
  const QByteArray bytes = path.endsWith(QLatin1String(".json"), Qt::CaseInsensitive)  ? log_.toJson()
                           : path.endsWith(QLatin1String(".srt"), Qt::CaseInsensitive) ? log_.toSrt().toUtf8()
                                                                                       : log_.toText().toUtf8();
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
    return tr("%1 cannot be written: %2").arg(path, file.errorString());
  return {};
}

}  // namespace catena::ui
