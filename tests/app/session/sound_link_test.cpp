#include <catch2/catch.hpp>

#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;

TEST_CASE("a sound file runs through the sound path as figures and segments, until it is stopped", "[sound]") {
  const Fixture fixture;
  const auto session = fixture.start();
  std::vector<ui::SoundFigures> figures;
  std::vector<ui::SoundSegment> segments;
  QObject::connect(session.get(), &ui::Session::soundFigures, [&](const auto& f) { figures.push_back(f); });
  QObject::connect(session.get(), &ui::Session::soundSegment, [&](const auto& s) { segments.push_back(s); });
  session->openSoundFile(QString(CATENA_SOURCE_DIR) + "/assets/sounds/demo.flac");
  REQUIRE(wait_until([&] { return !segments.empty(); }));  // it begins with a pause of 1.2 s
  CHECK_FALSE(segments.front().speech);
  CHECK(segments.front().start_ms == 0);
  CHECK(segments.front().end_ms == Approx(1200).margin(150));
  REQUIRE_FALSE(figures.empty());
  CHECK(figures.back().running);
  CHECK(figures.back().device == "demo.flac");
  CHECK(figures.back().speech);
  CHECK(figures.back().real_time_factor < 1);
  int frames = 0;
  for (const ui::SoundFigures& f : figures) frames += static_cast<int>(f.log_mel.size());
  CHECK(frames == Approx(120).margin(25));

  session->stopSound();
  REQUIRE(wait_until([&] { return !figures.back().running; }));
  CHECK(segments.back().speech);  // what was heard up to the end is not lost
}

TEST_CASE("a file that is no sound is refused in one line at the sound panel", "[sound]") {
  const Fixture fixture;
  const auto session = fixture.start();
  Listener heard(*session);
  model::test::write_text(fixture.folder / "no-sound.wav", "this is text");
  session->openSoundFile(QString::fromStdString((fixture.folder / "no-sound.wav").string()));
  REQUIRE(wait_until([&] { return !heard.notices.empty(); }));
  CHECK(heard.notices.front().panel == ui::Panel::sound);
  CHECK(heard.notices.front().text.contains("no-sound.wav"));
  CHECK_FALSE(heard.notices.front().text.contains('\n'));
}
