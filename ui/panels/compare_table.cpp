#include "ui/panels/compare_table.h"

#include <QEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QSignalBlocker>

#include "ui/charts/line_look.h"
#include "ui/format.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {

enum Column { system_column, tokens_column, state_column, held_column, p50_column, p95_column, word_column, columns };
constexpr int little_behind = 8;  // tokens: a word just typed

}  // namespace

QString compareWord(const CompareLane& lane) {
  if (!lane.problem.isEmpty()) return QObject::tr("stopped");
  if (lane.run == 0) return QObject::tr("starts");
  if (lane.behind > little_behind) return QObject::tr("%1 behind").arg(formatCount(lane.behind));
  return QObject::tr("keeps up");
}

CompareTable::CompareTable(const QVector<CompareSystem>& systems, QWidget* parent)
    : QTableWidget(static_cast<int>(systems.size()), columns, parent), systems_(systems) {
  setAccessibleName(tr("Compared systems"));
  const std::pair<QString, QString> heads[columns] = {
      {tr("System"), tr("Ticked systems read along; unticking one frees its memory.")},
      {tr("Read"), tr("Tokens, or frames of sound, read since it began: with the stream, or at most 8192 back.")},
      {tr("State"), tr("Bytes that the next token is computed from, beside the weights.")},
      {tr("Held"),
       tr("Bytes really held for it: a cache has room to grow, the others keep marks to go back to after an edit.")},
      {tr("p50"), tr("Processor time to read a token and predict the next, of the last 512: half take less.")},
      {tr("p95"), tr("Processor time to read a token and predict the next, of the last 512: 95 % take less.")},
      {tr("How it goes"), tr("Whether it keeps up with the stream.")}};
  for (int column = 0; column < columns; ++column) {
    auto* head = new QTableWidgetItem(heads[column].first);
    head->setToolTip(heads[column].second);
    head->setTextAlignment((column == system_column || column == word_column ? Qt::AlignLeft : Qt::AlignRight) |
                           Qt::AlignVCenter);
    setHorizontalHeaderItem(column, head);
  }
  verticalHeader()->hide();
  verticalHeader()->setDefaultSectionSize(fontMetrics().height() + grid / 2);
  verticalHeader()->setMinimumSectionSize(fontMetrics().height() + 2);
  horizontalHeader()->setHighlightSections(false);
  setShowGrid(false);
  setTabKeyNavigation(false);  // Tab leaves the list
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setWordWrap(false);
  setIconSize({28, 10});
  for (int row = 0; row < rowCount(); ++row) {
    for (int column = 0; column < columns; ++column) {
      auto* item = new QTableWidgetItem;
      item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
      if (column != system_column && column != word_column) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      setItem(row, column, item);
    }
    QTableWidgetItem* name = item(row, system_column);
    name->setText(systems_[row].name);
    name->setToolTip(systems_[row].about);
    name->setFlags(name->flags() | Qt::ItemIsUserCheckable);
    name->setCheckState(Qt::Unchecked);
  }
  paintSwatches();
  const auto room = [this](const QString& text) { return fontMetrics().horizontalAdvance(text) + grid; };
  resizeColumnToContents(system_column);
  setColumnWidth(tokens_column, room(QStringLiteral("100 000")));
  for (const int column : {state_column, held_column}) setColumnWidth(column, room(QStringLiteral("99.9 MB")));
  for (const int column : {p50_column, p95_column}) setColumnWidth(column, room(QStringLiteral("9.99 ms")));
  horizontalHeader()->setStretchLastSection(true);
  connect(this, &QTableWidget::itemChanged, this, [this](const QTableWidgetItem* item) {
    if (item->column() == system_column) Q_EMIT chosenChanged();
  });
}

void CompareTable::changeEvent(QEvent* event) {
  QTableWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) paintSwatches();
}

void CompareTable::keyPressEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Space || currentRow() < 0) {
    QTableWidget::keyPressEvent(event);
    return;
  }
  item(currentRow(), system_column)->setCheckState(isChosen(currentRow()) ? Qt::Unchecked : Qt::Checked);
}

void CompareTable::paintSwatches() {
  const QSignalBlocker quiet(this);
  for (int row = 0; row < rowCount(); ++row) {
    QPixmap picture(iconSize() * devicePixelRatioF());
    picture.setDevicePixelRatio(devicePixelRatioF());
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    paintSwatch(painter, QRectF(QPointF(0, 0), QSizeF(iconSize())), row, palette());
    painter.end();
    item(row, system_column)->setIcon(picture);
  }
}

void CompareTable::setChosen(const QStringList& ids) {
  const QSignalBlocker quiet(this);
  for (int row = 0; row < rowCount(); ++row)
    item(row, system_column)->setCheckState(ids.contains(systems_[row].id) ? Qt::Checked : Qt::Unchecked);
}

bool CompareTable::isChosen(int row) const { return item(row, system_column)->checkState() == Qt::Checked; }

QStringList CompareTable::chosen() const {
  QStringList ids;
  for (int row = 0; row < rowCount(); ++row)
    if (isChosen(row)) ids << systems_[row].id;
  return ids;
}

int CompareTable::rowOf(const QString& id) const {
  for (int row = 0; row < systems_.size(); ++row)
    if (systems_[row].id == id) return row;
  return -1;
}

void CompareTable::set(int row, int column, const QString& text) {
  QTableWidgetItem* cell = item(row, column);
  if (cell->text() != text) cell->setText(text);
}

void CompareTable::showLane(int row, const CompareLane& lane) {
  const QSignalBlocker quiet(this);
  const bool measured = lane.p50_ms > 0;
  set(row, tokens_column, formatCount(lane.tokens));
  set(row, state_column, formatBytes(double(lane.state_bytes)));
  set(row, held_column, formatBytes(double(lane.held_bytes)));
  set(row, p50_column, measured ? formatMs(lane.p50_ms) : QStringLiteral("-"));
  set(row, p95_column, measured ? formatMs(lane.p95_ms) : QStringLiteral("-"));
  const QString word = compareWord(lane);
  set(row, word_column, word);
  item(row, word_column)
      ->setToolTip(!lane.problem.isEmpty() ? lane.problem
                                           : tr("%1 tokens behind the stream").arg(formatCount(lane.behind)));
  const Colors& colors = colorsFor(palette());
  item(row, word_column)
      ->setForeground(!lane.problem.isEmpty()       ? colors.bad
                      : lane.behind > little_behind ? colors.warning
                                                    : colors.good);
  viewport()->update();
}

void CompareTable::showNothing(int row) {
  const QSignalBlocker quiet(this);
  for (int column = tokens_column; column < columns; ++column) set(row, column, {});
  viewport()->update();
}

QString CompareTable::text() const {
  QStringList lines;
  for (int row = 0; row < rowCount(); ++row) {
    if (!isChosen(row)) continue;
    QStringList cells;
    for (int column = tokens_column; column < word_column; ++column)
      cells << horizontalHeaderItem(column)->text().toLower() + u' ' + item(row, column)->text();
    lines << systems_[row].name + QStringLiteral(": ") + cells.join(QStringLiteral(", ")) +
                 QStringLiteral(" (%1)").arg(item(row, word_column)->text());
  }
  return lines.join(u'\n');
}

}  // namespace catena::ui
