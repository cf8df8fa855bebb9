#include <catch2/catch.hpp>

#include "model/speech/frame_stack.h"
#include "model/speech/symbols.h"
#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;

namespace {

void write_reader(const std::filesystem::path& folder) {
  model::ModelConfig config = model::test::tiny_config(model::Carry::delta, model::kSymbols);
  config.features = model::kStackedFeatures;
  model::test::write_random_model(folder, config);
}

const QString demo = QString(CATENA_SOURCE_DIR) + "/assets/sounds/demo.flac";

}  // namespace

TEST_CASE("sound that runs is read, with the state and the time that it costs", "[speech]") {
  const Fixture fixture;
  write_reader(fixture.folder / "reader");
  AppSession session({fixture.folder / "model", {}, {fixture.folder / "reader", fixture.folder / "model"}, {}});
  Listener listener(session);
  std::vector<ui::SpeechUpdate> heard;
  QObject::connect(&session, &ui::Session::spoken, [&](const auto& update) { heard.push_back(update); });
  session.openSoundFile(demo);
  REQUIRE(wait_until([&] { return heard.size() > 60; }));
  CHECK(heard.back().state_bytes > 0);
  CHECK(heard.back().state_bytes == heard.front().state_bytes);
  CHECK(heard.back().compute_percent < 100);
  const bool timed = std::any_of(heard.begin(), heard.end(), [](const auto& update) { return update.latency_ms > 0; });
  CHECK(timed);
  session.stopSound();
  REQUIRE(wait_until([&] { return heard.back().utterance_ended && heard.back().open.isEmpty(); }));
  for (const ui::Notice& notice : listener.notices) CHECK(notice.panel != ui::Panel::transcript);
}

TEST_CASE("without a reader the rest goes on, and one line at the transcript says what is missing", "[speech]") {
  const Fixture fixture;
  AppSession session({fixture.folder / "model", {}, {fixture.folder / "nothing", {}}, {}});
  Listener listener(session);
  std::vector<ui::SoundFigures> figures;
  QObject::connect(&session, &ui::Session::soundFigures, [&](const auto& f) { figures.push_back(f); });
  REQUIRE(wait_until([&] { return !listener.notices.empty(); }));
  CHECK(listener.notices.front().panel == ui::Panel::transcript);
  CHECK(listener.notices.front().text.contains("nothing"));
  session.openSoundFile(demo);
  REQUIRE(wait_until([&] { return figures.size() > 3; }));
  CHECK(figures.back().running);
}

TEST_CASE("a model of text in the reader's place is refused in one line", "[speech]") {
  const Fixture fixture;
  AppSession session({fixture.folder / "model", {}, {fixture.folder / "model", {}}, {}});
  Listener listener(session);
  REQUIRE(wait_until([&] { return !listener.notices.empty(); }));
  CHECK(listener.notices.front().text.contains("no reader of speech"));
}
