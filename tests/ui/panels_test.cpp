// Dashboards, knobs and notices in a real window.
#include <QAccessible>
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QGuiApplication>
#include <QImage>
#include <QLabel>
#include <QMenuBar>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QToolButton>
#include <cmath>

#include "tests/ui/alt_keys.h"
#include "tests/ui/window_fixture.h"
#include "ui/about.h"
#include "ui/charts/timeline.h"
#include "ui/panels/chunk_panel.h"
#include "ui/panels/latency_panel.h"
#include "ui/panels/memory_panel.h"
#include "ui/panels/sound_meters.h"
#include "ui/panels/sound_panel.h"
#include "ui/status_line.h"

using namespace catena::ui;

namespace {

template <typename T>
T* named(QWidget& parent, const QString& accessible_name) {
  for (T* child : parent.findChildren<T*>())
    if (child->accessibleName() == accessible_name) return child;
  FAIL("no control named " << accessible_name.toStdString());
  return nullptr;
}

QAction* menuAction(QMenuBar* bar, const QString& start) {
  for (QAction* menu : bar->actions())
    for (QAction* action : menu->menu()->actions())
      if (QString(action->text()).remove('&').startsWith(start)) return action;
  FAIL("no menu entry " << start.toStdString());
  return nullptr;
}

}  // namespace

TEST_CASE_METHOD(WindowFixture, "every knob reaches the session") {
  ChunkPanel& panel = window->chunks();
  named<QSlider>(panel, "Text chunk")->setValue(6);
  REQUIRE(session.applied.size() == 1);
  CHECK(session.applied.last().chunk_length == 64);
  named<QSlider>(panel, "Sound chunk")->setValue(4);
  CHECK(session.applied.last().sound_chunk_ms == 640);
  named<QComboBox>(panel, "Boundaries")->setCurrentIndex(2);
  CHECK(session.applied.last().policy == ChunkPolicy::pause);
  named<QComboBox>(panel, "Carry")->setCurrentIndex(1);
  CHECK_FALSE(session.applied.last().carry);
  named<QDoubleSpinBox>(panel, "Gate temperature")->setValue(0.5);
  CHECK(session.applied.last().gate_temperature == 0.5);
  named<QComboBox>(panel, "Precision")->setCurrentIndex(1);
  CHECK(session.applied.last().precision == Precision::bfloat16);
  named<QComboBox>(panel, "Precision")->setCurrentIndex(2);
  CHECK(session.applied.last().precision == Precision::int8);
  named<QSpinBox>(panel, "Threads")->setValue(3);
  CHECK(session.applied.last().threads == 3);
  CHECK(session.applied.size() == 8);
  CHECK(session.applied.last().chunk_length == 64);

  QTest::mouseClick(named<QPushButton>(panel, "Defaults"), Qt::LeftButton);
  CHECK(session.applied.last() == [] {
    ChunkSettings s;
    s.threads = 4;
    return s;
  }());
}

TEST_CASE_METHOD(WindowFixture, "CUDA can be chosen only where it is, and says why not") {
  auto* device = named<QComboBox>(window->chunks(), "Device");
  const auto* items = qobject_cast<QStandardItemModel*>(device->model());
  CHECK_FALSE(items->item(1)->isEnabled());
  CHECK(device->accessibleDescription().contains("no usable NVIDIA"));
  session.info.cuda_available = true;
  Q_EMIT session.modelChanged(session.info);
  CHECK(items->item(1)->isEnabled());
  device->setCurrentIndex(1);
  CHECK(session.applied.last().device == Device::cuda);
}

TEST_CASE_METHOD(WindowFixture, "settings changed by the session are shown and not sent back") {
  session.current.chunk_length = 32;
  Q_EMIT session.settingsApplied({100, "chunk 128 -> 32"});
  CHECK(window->chunks().shown().chunk_length == 32);
  CHECK(session.applied.isEmpty());
  CHECK(window->latency().timelines()[0]->marks().size() == 1);
  CHECK(window->memory().timelines()[0]->marks()[0].text == "chunk 128 -> 32");
}

TEST_CASE_METHOD(WindowFixture, "a notice shows in its panel, its button acts, and it goes when resolved") {
  Q_EMIT session.notice({Panel::sound, "No microphone was found: connect one.", "Try again", "retry-sound", false});
  NoticeBar& bar = window->noticesOf(Panel::sound);
  CHECK(bar.isVisible());
  CHECK(bar.text().contains("No microphone"));
  Q_EMIT session.notice({Panel::sound, {}, {}, "retry-sound", true});
  CHECK_FALSE(bar.isVisible());
  Q_EMIT session.notice({Panel::sound, "No microphone was found: connect one.", "Try again", "retry-sound", false});
  QTest::mouseClick(named<QPushButton>(bar, "Try again"), Qt::LeftButton);
  CHECK(session.actions == QStringList{"retry-sound"});
  CHECK_FALSE(bar.isVisible());
}

TEST_CASE_METHOD(WindowFixture, "several notices wait behind the newest; the same matter shows once") {
  NoticeBar& bar = window->noticesOf(Panel::memory);
  bar.show({Panel::memory, "first", {}, {}, false});
  bar.show({Panel::memory, "second", "Do", "x", false});
  bar.show({Panel::memory, "second again", "Do", "x", false});
  CHECK(bar.count() == 2);
  CHECK(bar.text() == "second again");
  QTest::mouseClick(named<QToolButton>(bar, "Dismiss this notice"), Qt::LeftButton);
  CHECK(bar.text() == "first");
}

TEST_CASE_METHOD(WindowFixture, "a notice of a hidden panel is still seen") {
  window->dockOf(Panel::sound)->hide();
  Q_EMIT session.notice({Panel::sound, "The device went away.", {}, "gone", false});
  CHECK(notice() == "The device went away.");
}

TEST_CASE_METHOD(WindowFixture, "a model that cannot be loaded is said in the editor, and typing goes on") {
  session.info.loaded = false;
  Q_EMIT session.modelChanged(session.info);
  CHECK(window->progress().text() == "loading model");
  session.info.problem = "model.safetensors is cut off: fetch it again.";
  Q_EMIT session.modelChanged(session.info);
  CHECK(window->progress().text().isEmpty());
  CHECK(notice() == session.info.problem);
  fresh();
  type("still here");
  CHECK(text() == "still here");
}

TEST_CASE_METHOD(WindowFixture, "reading shows how far it is, and goes when done") {
  const DocumentId document = page().document();
  Q_EMIT session.readingProgress({document, 42, 100});
  CHECK(window->progress().text() == "read 42 %");
  Q_EMIT session.readingProgress({document, 100, 100});
  CHECK(window->progress().text().isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "how far one document is read does not stay when another one comes to the front") {
  Q_EMIT session.readingProgress({page().document(), 42, 100});
  REQUIRE(window->progress().text() == "read 42 %");
  fresh();
  CHECK(window->progress().text().isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "no two menus, knobs and buttons claim the same key with Alt") {
  AltKeys keys;
  for (const QAction* menu : window->menuBar()->actions()) keys.add(menu->text());
  for (const QDockWidget* dock : window->findChildren<QDockWidget*>()) keys.addControls(*dock);
  CHECK(keys.count() > 12);
  CHECK(keys.disputed().join(' ').toStdString().empty());
}

TEST_CASE_METHOD(WindowFixture, "the dashboards say flat and growing in words") {
  for (int i = 1; i <= 300; ++i) session.sendFigures(i);
  REQUIRE(QTest::qWaitFor([&] { return window->memory().figuresText().contains("growing"); }, 2000));
  const QString memory = window->memory().figuresText().replace(QChar(0xa0), ' ');
  CHECK(memory.contains("state: 919 kB (flat)"));
  CHECK(memory.contains("KV cache: 295 MB (growing)"));
  CHECK_FALSE(memory.contains("GPU"));
  CHECK(window->latency().figuresText().contains("within budget"));
  CHECK(window->latency().tokenDistribution().count() == 600);
  REQUIRE(QTest::qWaitFor([&] { return window->status().text().contains("chunk 128"); }, 2000));
  window->latency().resetBaseline();
  CHECK(window->latency().tokenDistribution().count() == 0);
  CHECK(window->latency().timelines()[0]->series(0).empty());
}

TEST_CASE_METHOD(WindowFixture, "hidden docks do not repaint, shown ones at most 30 times a second") {
  Timeline* chart = window->memory().timelines()[0];
  QDockWidget* dock = window->dockOf(Panel::memory);
  dock->hide();
  QTest::qWait(50);
  const int before = chart->paintCount();
  for (int i = 0; i < 30; ++i) {
    session.sendFigures(i);
    QTest::qWait(5);
  }
  CHECK(chart->paintCount() == before);
  dock->show();
  dock->raise();
  QTest::qWait(100);
  CHECK(chart->paintCount() > before);
  const int start = chart->paintCount();
  QElapsedTimer clock;
  clock.start();
  for (int i = 30; clock.elapsed() < 500; ++i) {
    session.sendFigures(i);
    QTest::qWait(1);
  }
  const double seconds = double(clock.elapsed()) / 1000;
  CHECK(chart->paintCount() - start <= 30 * seconds + 2);
  CHECK(chart->paintCount() - start >= 3);
}

TEST_CASE_METHOD(WindowFixture, "freezing stops the charts, not the measuring") {
  for (int i = 0; i < 100; ++i) session.sendFigures(i);
  Timeline* chart = window->latency().timelines()[1];
  window->latency().setFrozen(true);
  const qint64 to = chart->window().to();
  for (int i = 100; i < 4000; ++i) session.sendFigures(i);
  CHECK(chart->window().to() == to);
  CHECK(chart->series(0).count() == 8000);
  window->latency().setFrozen(false);
  session.sendFigures(4000);
  CHECK(chart->window().to() == 4000 * 33);
}

TEST_CASE_METHOD(WindowFixture, "hovering reads a value") {
  for (int i = 0; i < 1000; ++i) session.sendFigures(i);
  const QString value = window->latency().timelines()[1]->valueAt(window->latency().timelines()[1]->width() / 2);
  CHECK(value.contains("per token"));
  CHECK(value.contains("ms"));
  CHECK(window->latency().timelines()[1]->valueAt(0).isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "figures and pictures can be saved, and failing says so") {
  for (int i = 0; i < 50; ++i) session.sendFigures(i);
  const QString csv = folder.filePath("f.csv"), png = folder.filePath("c.png"), all = folder.filePath("w.png");
  CHECK(window->exportFiguresCsv(csv).isEmpty());
  CHECK(read(csv).count('\n') == 51);
  CHECK(read(csv).startsWith("time_ms,state_bytes"));
  CHECK(window->exportChart(png).isEmpty());
  CHECK(QImage(png).width() > 100);
  CHECK(window->saveScreenshot(all).isEmpty());
  CHECK(QImage(all).width() >= 800);
  CHECK_FALSE(window->exportFiguresCsv(folder.filePath("no/such/f.csv")).isEmpty());
  CHECK_FALSE(window->exportChart(folder.filePath("no/such/c.png")).isEmpty());
  window->ask_save_path = [&](const QString&, const QString&, const QString&) { return folder.filePath("no/such/f"); };
  Q_EMIT window->memory().csvWanted();
  CHECK(notice().contains("could not be saved"));
}

TEST_CASE("digital silence is dark in the spectrogram, and sound after it is not") {
  Spectrogram spectrogram;
  spectrogram.resize(200, 80);
  const auto brightest = [&] {
    const QImage image = spectrogram.grab().toImage();
    int most = 0;
    for (int x = 0; x < image.width(); ++x) most = std::max(most, qGray(image.pixel(x, image.height() / 2)));
    return most;
  };
  spectrogram.add(QVector<QVector<float>>(600, QVector<float>(80, std::log(1e-10F))));
  CHECK(brightest() < 20);
  spectrogram.add(QVector<QVector<float>>(50, QVector<float>(80, -4.0F)));
  CHECK(brightest() > 150);
}

TEST_CASE_METHOD(WindowFixture, "the microphone is off at the start and says so") {
  SoundPanel& panel = window->sound();
  CHECK(session.sound_calls.isEmpty());
  CHECK(panel.stateText() == "The microphone is off.");
  panel.setDevice("USB microphone");
  QTest::mouseClick(named<QPushButton>(panel, "Microphone"), Qt::LeftButton);
  CHECK(session.sound_calls == QStringList{"start:USB microphone"});
  CHECK(panel.stateText() == "The microphone is off.");  // until sound really comes
  for (int i = 0; i < 10; ++i) session.sendSound(i);
  CHECK(panel.stateText() == "Listening to USB microphone.");
  CHECK(panel.spectrogram().timeMs() == 300);
  QTest::mouseClick(named<QPushButton>(panel, "Microphone"), Qt::LeftButton);
  CHECK(session.sound_calls.last() == "stop");
  SoundFigures stopped;
  Q_EMIT session.soundFigures(stopped);
  CHECK(panel.stateText() == "The microphone is off.");
}

TEST_CASE_METHOD(WindowFixture, "a silent microphone is pointed out, and the hint goes when something is heard") {
  window->sound().setMicrophone(true);
  SoundFigures s;
  s.running = true;
  s.device = "Built-in";
  s.level_dbfs = -100;
  for (s.time_ms = 0; s.time_ms < 12'000; s.time_ms += 100) Q_EMIT session.soundFigures(s);
  NoticeBar& bar = window->noticesOf(Panel::sound);
  CHECK(bar.text() == "Microphone 'Built-in' is silent: choose another?");
  s.level_dbfs = -30;
  Q_EMIT session.soundFigures(s);
  CHECK(bar.text().isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "devices that come and go keep the choice where possible") {
  window->sound().setDevice("USB microphone");
  session.devices = {{"Built-in", true}, {"Headset", false}, {"USB microphone", false}};
  Q_EMIT session.soundDevicesChanged();
  CHECK(window->sound().device() == "USB microphone");
  session.devices = {{"Built-in", true}};
  Q_EMIT session.soundDevicesChanged();
  CHECK(window->sound().device().isEmpty());
}

TEST_CASE_METHOD(WindowFixture, "a segment announced open and then closed is one segment") {
  Q_EMIT session.soundSegment({0, 400, true, 90});
  Q_EMIT session.soundSegment({0, 900, true, 90});
  Q_EMIT session.soundSegment({900, 1500, false, 200});
  CHECK(window->sound().strip().segments().size() == 2);
  CHECK(window->sound().strip().segments()[0].end_ms == 900);
}

TEST_CASE_METHOD(WindowFixture, "every control has a name and can be reached by the keyboard") {
  int controls = 0;
  for (QWidget* widget : window->findChildren<QWidget*>()) {
    if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || widget->focusProxy()) continue;
    QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
    REQUIRE(accessible);
    INFO(widget->metaObject()->className() << " " << widget->objectName().toStdString());
    const bool inside_named = widget->parentWidget() && !widget->parentWidget()->accessibleName().isEmpty();
    CHECK((!accessible->text(QAccessible::Name).isEmpty() || inside_named));
    CHECK((widget->focusPolicy() & Qt::TabFocus) != 0);
    ++controls;
  }
  CHECK(controls > 20);
}

TEST_CASE_METHOD(WindowFixture, "F6 goes round the panes") {
  QSet<QWidget*> reached;
  for (int i = 0; i < 6; ++i) {
    menuAction(window->menuBar(), "Next pane")->trigger();
    for (const Panel panel : {Panel::sound, Panel::memory, Panel::latency, Panel::chunk})
      if (window->dockOf(panel)->isAncestorOf(window->focusWidget())) reached.insert(window->dockOf(panel));
  }
  int shown = 0;
  for (const Panel panel : {Panel::sound, Panel::memory, Panel::latency, Panel::chunk})
    shown += window->dockOf(panel)->isVisible() ? 1 : 0;
  CHECK(reached.size() == shown);
}

TEST_CASE_METHOD(WindowFixture, "light and dark change the paper under the text") {
  const auto paper = [&] {
    QTest::qWait(50);
    return editor().grab().toImage().pixelColor(editor().width() / 2, editor().height() - 30).lightness();
  };
  window->setTheme(Theme::dark);
  CHECK(paper() < 80);
  window->setTheme(Theme::light);
  CHECK(paper() > 200);
}

TEST_CASE_METHOD(WindowFixture, "menu entries do what they say") {
  fresh("abc");
  menuAction(window->menuBar(), "Select all")->trigger();
  menuAction(window->menuBar(), "Cut")->trigger();
  CHECK(text().isEmpty());
  menuAction(window->menuBar(), "Undo")->trigger();
  CHECK(text() == "abc");
  menuAction(window->menuBar(), "Microphone")->trigger();
  CHECK(session.sound_calls == QStringList{"start:"});
}

TEST_CASE("the About text says that nothing leaves the machine") {
  CHECK(aboutText({}, {}).contains("Nothing leaves this machine"));
}

TEST_CASE_METHOD(WindowFixture, "what the model runs with on this processor is shown beside the device and in About") {
  CHECK(aboutText({}, "avx2").contains("On this processor it runs with avx2."));
  CHECK_FALSE(aboutText({}, {}).contains("On this processor"));
  const auto shown = [&] {
    const auto* label = qobject_cast<QLabel*>(window->menuBar()->cornerWidget());
    return label ? label->toolTip() : QString("no label");
  };
  window->setKernels("avx2");
  CHECK(shown() == "int8 on avx2");
  session.current.precision = Precision::float32;
  Q_EMIT session.modelChanged(session.info);
  CHECK(shown() == "fp32 on avx2");
  session.current.device = Device::cuda;
  Q_EMIT session.modelChanged(session.info);
  CHECK(shown().isEmpty());
}
