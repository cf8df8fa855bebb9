#include <catch2/catch.hpp>

#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;

namespace {

constexpr int most_bytes = 100000;

struct Writer {
  explicit Writer(AppSession& of) : session(of) {
    document = session.openDocument("/a/list.cpp", "");
    session.setActiveDocument(document);
  }
  /// Writes until `done`.
  bool write_until(const std::function<bool()>& done) {
    while (!done() && position < most_bytes) {
      session.textChanged(document, position, 0, "total += item.price;\n");
      position += 21;
      session.cursorMoved(document, position);
      if (!wait_until_read(session, document)) return false;
      QCoreApplication::processEvents();
    }
    return done();
  }
  AppSession& session;
  ui::DocumentId document = 0;
  int position = 0;
};

}  // namespace

TEST_CASE("a changed chunk length takes effect at the next boundary, and nothing is lost", "[settings]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  Writer writer(*session);
  REQUIRE(writer.write_until([&] { return standing(*session, writer.document).tokens > 200; }));
  const Standing before = standing(*session, writer.document);
  const auto at = before.state.counters();
  REQUIRE(at.chunk_length == 128);
  REQUIRE(at.position > 0);

  ui::ChunkSettings settings = session->settings();
  settings.chunk_length = 32;
  settings.carry = false;
  settings.gate_temperature = 0.25;
  session->applySettings(settings);
  CHECK(session->settings() == settings);
  const auto still = standing(*session, writer.document).state.counters();  // nothing happens in the middle of a chunk
  CHECK(still.tokens == at.tokens);
  CHECK(still.position == at.position);
  CHECK(still.chunk_length == at.chunk_length);
  CHECK(heard.marks.empty());
  REQUIRE(writer.write_until([&] { return heard.marks.size() >= 3; }));
  QStringList said;
  for (const ui::SettingsMark& mark : heard.marks) said.append(mark.text);
  CHECK(said.contains("chunk 128 -> 32"));
  CHECK(said.contains("carry on -> off"));
  CHECK(said.contains("gate temperature 0.50 -> 0.25"));
  const Standing after = standing(*session, writer.document);
  CHECK(after.tokens > before.tokens);
  CHECK(after.state.counters().chunk_length == 32);
  CHECK(after.state.bytes() < before.state.bytes());
}

TEST_CASE("precision and threads change under the running stream", "[settings]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  Writer writer(*session);
  REQUIRE(writer.write_until([&] { return standing(*session, writer.document).tokens > 150; }));
  const std::int64_t tokens = standing(*session, writer.document).tokens;
  ui::ChunkSettings settings = session->settings();
  settings.precision = ui::Precision::bfloat16;
  settings.threads = settings.threads == 1 ? 2 : 1;
  session->applySettings(settings);
  REQUIRE(wait_until([&] { return heard.marks.size() == 2; }));
  CHECK(heard.marks.front().text == "precision int8 -> bfloat16");
  CHECK(standing(*session, writer.document).tokens == tokens);
  session->requestSuggestion(writer.document, writer.position, true);
  CHECK(wait_until([&] { return !heard.suggestions.empty(); }));
}

TEST_CASE("a device that is not there is refused in one line, and all stays as it was", "[settings]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  REQUIRE_FALSE(session->model().cuda_available);
  Listener heard(*session);
  ui::ChunkSettings settings = session->settings();
  settings.device = ui::Device::cuda;
  settings.chunk_length = 64;
  session->applySettings(settings);
  REQUIRE(wait_until([&] { return !heard.notices.empty() && !heard.models.empty(); }));
  CHECK(heard.notices.front().panel == ui::Panel::chunk);
  CHECK(heard.notices.front().text.contains("cuda"));
  CHECK_FALSE(heard.notices.front().text.contains('\n'));
  CHECK(session->settings().device == ui::Device::cpu);
  CHECK(session->settings().chunk_length == 64);  // what can be had is had
}

TEST_CASE("under the pause policy a second without typing ends the chunk", "[settings]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  Writer writer(*session);
  ui::ChunkSettings settings = session->settings();
  settings.policy = ui::ChunkPolicy::pause;
  session->applySettings(settings);
  REQUIRE(wait_until([&] { return heard.marks.size() == 1; }));
  CHECK(heard.marks.front().text == "boundaries fixed -> pause");
  REQUIRE(writer.write_until([&] { return standing(*session, writer.document).tokens > 10; }));
  CHECK(standing(*session, writer.document).state.counters().chunks == 0);
  CHECK(wait_until([&] { return standing(*session, writer.document).state.counters().chunks == 1; }, 3000));
  CHECK(standing(*session, writer.document).state.counters().position == 0);
}
