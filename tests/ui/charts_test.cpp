// The figures behind the dashboards: bounded, and right after any number of samples.
#include <catch2/catch.hpp>
#include <random>

#include "ui/charts/figures_log.h"
#include "ui/charts/latency_distribution.h"
#include "ui/charts/sample_ring.h"
#include "ui/charts/timeline_scale.h"
#include "ui/format.h"
#include "ui/typing_probe.h"

using namespace catena::ui;

TEST_CASE("a day of samples stays within bounds and keeps every extreme") {
  SampleRing ring(4, 64, 8);
  const int n = 300'000;
  for (int i = 0; i < n; ++i) ring.add(i * 33, i == 1234 ? 1000.0 : i == 250'000 ? -5.0 : 1.0);
  CHECK(ring.storedSamples() <= 4 * 65);
  MergedSample all;
  qint64 last_end = -1;
  for (const MergedSample& sample : ring.range(0, ring.lastMs())) {
    CHECK(sample.start_ms > last_end);
    last_end = sample.end_ms;
    all.merge(sample);
  }
  CHECK(all.count == n);
  CHECK(all.max == 1000.0);
  CHECK(all.min == -5.0);
  CHECK(all.sum == Approx(n - 2 + 1000.0 - 5.0));
}

TEST_CASE("columns hold the minimum and maximum of their time") {
  SampleRing ring;
  for (int i = 0; i < 1000; ++i) ring.add(i, i % 10);
  const auto columns = ring.columns(0, 1000, 100);
  for (const MergedSample& column : columns) {
    CHECK(column.min == 0);
    CHECK(column.max == 9);
  }
  CHECK(ring.columns(5000, 6000, 10)[3].count == 0);
  CHECK(ring.columns(5, 5, 10).size() == 10);
}

TEST_CASE("samples that are no numbers are left out, times never go back") {
  SampleRing ring;
  ring.add(10, 1);
  ring.add(5, 2);
  ring.add(20, std::numeric_limits<double>::quiet_NaN());
  CHECK(ring.count() == 2);
  CHECK(ring.lastMs() == 10);
}

TEST_CASE("flat, growing and falling are told apart") {
  const auto trend = [](auto value) {
    SampleRing ring;
    for (int i = 0; i < 500; ++i) ring.add(i * 10, value(i));
    return trendOf(ring);
  };
  CHECK(trend([](int i) { return 100.0 + i % 3; }) == Trend::flat);
  CHECK(trend([](int i) { return 100.0 + i; }) == Trend::growing);
  CHECK(trend([](int i) { return 1000.0 - i; }) == Trend::falling);
  CHECK(trendOf(SampleRing()) == Trend::unknown);
}

TEST_CASE("percentiles are within 2 % of the sorted truth") {
  LatencyDistribution distribution;
  std::vector<double> truth;
  std::mt19937 random(7);
  std::lognormal_distribution<double> latency(1.0, 0.8);
  for (int i = 0; i < 20'000; ++i) {
    truth.push_back(latency(random));
    distribution.add(truth.back());
  }
  for (const double q : {0.01, 0.5, 0.95, 0.99})
    CHECK(distribution.percentileMs(q) == Approx(percentile(truth, q)).epsilon(0.02));
  CHECK(distribution.percentileMs(1) == Approx(distribution.maxMs()).epsilon(0.02));
  qint64 sum = 0;
  for (const qint64 count : distribution.bars(0.01, 1000, 50)) sum += count;
  CHECK(sum == 20'000);
  distribution.clear();
  CHECK(distribution.count() == 0);
  CHECK(distribution.percentileMs(0.5) == 0);
}

TEST_CASE("values and pixels map back and forth") {
  TimelineScale s;
  s.area = QRectF(50, 10, 200, 100);
  s.from_ms = 1000;
  s.to_ms = 3000;
  s.high = 10;
  CHECK(s.x(1000) == 50);
  CHECK(s.x(3000) == 250);
  CHECK(s.y(0) == 110);
  CHECK(s.y(10) == 10);
  for (const double time : {1000.0, 1700.0, 2990.0}) CHECK(double(s.timeAt(s.x(time))) == Approx(time).margin(1));
}

TEST_CASE("ticks are round and few") {
  CHECK(roundTicks(0, 100, 5) == std::vector<double>{0, 20, 40, 60, 80, 100});
  CHECK(roundTicks(0, 0, 5).empty());
  for (const double high : {0.003, 7.0, 123456.0}) {
    const auto ticks = roundTicks(0, high, 4);
    CHECK(ticks.size() >= 2);
    CHECK(ticks.size() <= 5);
  }
  CHECK(roundUp(81) == 100);
  CHECK(roundUp(0) == 1);
}

TEST_CASE("the window of a chart follows until frozen, and zooms around what is pointed at") {
  TimeWindow window;
  window.follow(100'000);
  CHECK(window.to() == 100'000);
  window.setFrozen(true);
  window.follow(200'000);
  CHECK(window.to() == 100'000);
  const qint64 anchor = window.from() + window.span() / 4;
  window.zoom(0.5, anchor);
  CHECK(window.span() == 30'000);
  CHECK(double(anchor - window.from()) / double(window.span()) == Approx(0.25).margin(0.01));
  window.reset();
  CHECK(window.to() == 200'000);
}

TEST_CASE("the table of figures is bounded and loses no extreme, count or change of settings") {
  FiguresLog log(64);
  for (int i = 0; i < 1000; ++i) {
    Figures f;
    f.time_ms = i;
    f.token_ms = {i == 3 ? 500.0 : 1.0};
    if (i == 5) log.add(SettingsMark{5, "chunk 128 -> 64, \"quoted\""});
    log.add(f);
  }
  CHECK(log.rows() <= 64);
  const QList<QByteArray> lines = log.csv().split('\n');
  const auto header = lines[0].split(',');
  CHECK(header[0] == "time_ms");
  CHECK(lines[1].contains("\"chunk 128 -> 64, \"\"quoted\"\"\""));
  const auto count_at = header.indexOf("token_count"), max_at = header.indexOf("token_max_ms");
  qint64 count = 0;
  double max = 0;
  for (int i = 1; i < lines.size() - 1; ++i) {
    count += lines[i].split(',')[count_at].toLongLong();
    max = std::max(max, lines[i].split(',')[max_at].toDouble());
  }
  CHECK(count == 1000);
  CHECK(max == 500);
}

TEST_CASE("numbers are written with units and few digits") {
  const auto plain = [](QString text) { return text.replace(QChar(0xa0), ' ').toStdString(); };
  CHECK(plain(formatBytes(912)) == "912 B");
  CHECK(plain(formatBytes(918'528)) == "919 kB");
  CHECK(plain(formatBytes(1'250'000'000)) == "1.25 GB");
  CHECK(plain(formatBytes(999'999)) == "1.00 MB");
  CHECK(plain(formatMs(3.14159)) == "3.14 ms");
  CHECK(plain(formatMs(0.05)) == "50.0 µs");
  CHECK(plain(formatMs(1400)) == "1.40 s");
  CHECK(plain(formatCount(128412)) == "128 412");
  CHECK(plain(formatCount(-1234)) == "-1 234");
  CHECK(plain(withoutTrailingZeros(formatMs(50))) == "50 ms");
  CHECK(plain(withoutTrailingZeros(formatMs(20.5))) == "20.5 ms");
  CHECK(plain(withoutTrailingZeros(formatMs(100))) == "100 ms");
  CHECK(plain(withoutTrailingZeros(formatBytes(1.5e9))) == "1.5 GB");
  CHECK(plain(formatClock(11'220'000)) == "3:07:00");
}
