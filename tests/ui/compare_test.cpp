// The Compare dock in a real window.
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QGuiApplication>
#include <QMenuBar>
#include <QSettings>
#include <QToolButton>

#include "tests/ui/window_fixture.h"
#include "ui/charts/token_chart.h"
#include "ui/panels/compare_panel.h"
#include "ui/panels/compare_table.h"

using namespace catena::ui;

namespace {

struct CompareFixture : WindowFixture {
  QDockWidget* dock() { return window->dockOf(Panel::compare); }
  ComparePanel& panel() { return window->compare(); }
  void toggle() {
    dock()->toggleViewAction()->trigger();
    QTest::qWait(50);
  }
  void tick(const QString& id, bool on) {
    panel().table().item(panel().table().rowOf(id), 0)->setCheckState(on ? Qt::Checked : Qt::Unchecked);
  }
  QString cell(const QString& id, int column) {
    return panel().table().item(panel().table().rowOf(id), column)->text().replace(QChar(0xa0), ' ');
  }

  /// The tracker and the Transformer after `tokens` tokens.
  CompareFigures figures(qint64 tokens) {
    CompareLane tracker, transformer;
    tracker.system = "tracker";
    tracker.state_bytes = 700'000;
    transformer.system = "transformer";
    transformer.state_bytes = tokens * 8192;
    for (CompareLane* lane : {&tracker, &transformer}) {
      lane->run = 1;
      lane->tokens = tokens;
      lane->held_bytes = 2 * lane->state_bytes;
      lane->p50_ms = 1.5;
      lane->p95_ms = 2.5;
      for (qint64 i = std::max<qint64>(1, tokens - 9); i <= tokens; ++i) lane->steps.append({i, 1.5});
    }
    return {{tracker, transformer}, "the document from its beginning"};
  }
  void send(const CompareFigures& figures) { Q_EMIT session.compared(figures); }
};

}  // namespace

TEST_CASE_METHOD(CompareFixture, "the Compare dock is hidden at first, and nothing is compared") {
  CHECK(dock()->isHidden());
  CHECK_FALSE(session.comparing);
  CHECK(session.compared_systems.isEmpty());
  CHECK(dock()->toggleViewAction()->shortcut() == QKeySequence(Qt::ALT | Qt::Key_6));
}

TEST_CASE_METHOD(CompareFixture, "showing the dock starts the tracker and the Transformer, hiding it stops them") {
  toggle();
  CHECK(panel().isVisible());
  CHECK(session.comparing);
  CHECK(session.compared_systems == QStringList{"tracker", "transformer"});
  window->dockOf(Panel::latency)->raise();  // behind another tab it is not seen either
  QTest::qWait(50);
  CHECK_FALSE(session.comparing);
  dock()->raise();
  QTest::qWait(50);
  CHECK(session.comparing);
  toggle();
  CHECK_FALSE(session.comparing);
}

TEST_CASE_METHOD(CompareFixture, "ticking a system starts it, unticking frees it") {
  toggle();
  tick("block", true);
  CHECK(session.compared_systems == QStringList{"tracker", "transformer", "block"});
  tick("tracker", false);
  CHECK(session.compared_systems == QStringList{"transformer", "block"});
  for (const char* id : {"transformer", "block"}) tick(id, false);
  CHECK(session.compared_systems.isEmpty());
  CHECK(panel().eventText().contains("nothing is computed"));
}

TEST_CASE_METHOD(CompareFixture, "figures arrive: tokens, bytes, times, and whether a system keeps up") {
  toggle();
  for (qint64 tokens = 10; tokens <= 1000; tokens += 10) send(figures(tokens));
  CompareFigures last = figures(1010);
  last.lanes[1].behind = 1234;
  send(last);
  REQUIRE(QTest::qWaitFor([&] { return cell("tracker", 1) == "1 010"; }, 2000));
  CHECK(cell("tracker", 2) == "700 kB");
  CHECK(cell("tracker", 4) == "1.50 ms");
  CHECK(cell("tracker", 6) == "keeps up");
  CHECK(cell("transformer", 2) == "8.27 MB");
  CHECK(cell("transformer", 3) == "16.5 MB");
  CHECK(cell("transformer", 6) == "1 234 behind");
  CHECK(cell("block", 1).isEmpty());
  CHECK(panel().eventText() == "the document from its beginning");
  CHECK(panel().memoryChart().line(0).last() == 700'000);
  CHECK(panel().memoryChart().line(1).last() == 1010 * 8192);
  CHECK(panel().timeChart().line(1).count() == 1010);
  panel().memoryChart().grab();
  CHECK(panel().memoryChart().valueAt(panel().memoryChart().width() / 3).contains("Transformer"));
  CHECK(panel().figuresText().replace(QChar(0xa0), ' ').contains("tracker: read 1 010, state 700 kB"));
  CHECK(
      panel().csv().startsWith("system,figure,tokens_from,tokens_to,min,mean,max\ntracker,state_bytes,10,10,700000,"));
}

TEST_CASE_METHOD(CompareFixture, "a system that stopped says why in its row") {
  toggle();
  CompareFigures now = figures(10);
  now.lanes[1].problem = "it could not keep up: the stream is more than 65536 tokens ahead";
  send(now);
  REQUIRE(QTest::qWaitFor([&] { return cell("transformer", 6) == "stopped"; }, 2000));
  CHECK(panel().eventText().startsWith("Transformer stopped: it could not keep up"));
  CHECK(cell("tracker", 6) == "keeps up");
}

TEST_CASE_METHOD(
    CompareFixture,
    "a system that begins anew begins its curves anew; one that goes back leaves out what it reads again") {
  toggle();
  send(figures(500));
  send(figures(400));
  CHECK(panel().memoryChart().line(1).lastMs() == 500);
  send(figures(510));
  CHECK(panel().memoryChart().line(1).count() == 2);
  CompareFigures anew = figures(20);
  for (CompareLane& lane : anew.lanes) lane.run = 2;
  send(anew);
  CHECK(panel().memoryChart().line(1).count() == 1);
  CHECK(panel().memoryChart().line(1).lastMs() == 20);
}

TEST_CASE_METHOD(CompareFixture, "a hidden Compare dock does not repaint, a shown one at most 30 times a second") {
  toggle();
  send(figures(10));
  toggle();
  TokenChart& chart = panel().memoryChart();
  const int before = chart.paintCount();
  for (int i = 2; i < 30; ++i) {
    send(figures(i * 10));
    QTest::qWait(5);
  }
  CHECK(chart.paintCount() == before);
  toggle();
  QTest::qWait(100);
  const int start = chart.paintCount();
  QElapsedTimer clock;
  clock.start();
  for (int i = 30; clock.elapsed() < 500; ++i) {
    send(figures(i * 10));
    QTest::qWait(1);
  }
  CHECK(chart.paintCount() - start <= 30 * double(clock.elapsed()) / 1000 + 2);
  CHECK(chart.paintCount() - start >= 3);
}

TEST_CASE_METHOD(CompareFixture, "what the systems read can be chosen, and the choice of systems is remembered") {
  toggle();
  panel().findChild<QComboBox*>()->setCurrentIndex(2);
  CHECK(session.compare_source == CompareSource::sound);
  tick("linear", true);
  tick("transformer", false);
  window->close();
  openWindow();
  CHECK(panel().chosen() == QStringList{"tracker", "linear"});
}

TEST_CASE_METHOD(CompareFixture, "the comparison can be copied and saved") {
  toggle();
  send(figures(100));
  REQUIRE(QTest::qWaitFor([&] { return cell("tracker", 1) == "100"; }, 2000));
  const QString path = folder.filePath("compare.csv");
  window->ask_save_path = [&](const QString&, const QString&, const QString&) { return path; };
  Q_EMIT panel().csvWanted();
  CHECK(read(path) == panel().csv());
  CHECK(read(path).contains("transformer,token_ms,"));
}
