#include <catch2/catch.hpp>
#include <random>

#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;
using model::test::random_text;

namespace {

QByteArray some_text() {
  std::mt19937 random(11);
  const std::string text = random_text(random, 3000);
  return QByteArray(text.data(), static_cast<qsizetype>(text.size()));
}

ui::DocumentId open_and_read(AppSession& session, const QByteArray& text) {
  const ui::DocumentId document = session.openDocument("/a/list.cpp", text);
  session.setActiveDocument(document);
  session.cursorMoved(document, static_cast<int>(text.size()));
  REQUIRE(wait_until_read(session, document));
  return document;
}

/// Where the stream stands right after the document was opened, with the cursor at its beginning.
std::size_t position_after_opening(AppSession& session, const QByteArray& text) {
  return standing(session, session.openDocument("/a/list.cpp", text)).farthest;
}

}  // namespace

TEST_CASE("what was read is there again after a restart", "[keeping]") {
  const Fixture fixture;
  const QByteArray text = some_text();
  model::ChainState state;
  {
    const auto session = fixture.start_loaded(true);
    state = standing(*session, open_and_read(*session, text)).state;
  }
  const auto session = fixture.start_loaded(true);
  const ui::DocumentId document = session->openDocument("/a/list.cpp", text);
  session->cursorMoved(document, static_cast<int>(text.size()));
  const Standing now = standing(*session, document);
  CHECK(now.farthest == static_cast<std::size_t>(text.size()));
  CHECK(now.state == state);
}

TEST_CASE("a closed document is there again when it is opened in the same run", "[keeping]") {
  const Fixture fixture;
  const QByteArray text = some_text();
  const auto session = fixture.start_loaded(true);
  session->closeDocument(open_and_read(*session, text));
  CHECK(wait_until([&] { return position_after_opening(*session, text) == static_cast<std::size_t>(text.size()); }));
}

TEST_CASE("a changed text is read anew", "[keeping]") {
  const Fixture fixture;
  QByteArray text = some_text();
  { open_and_read(*fixture.start_loaded(true), text); }
  text[5] = text[5] == 'x' ? 'y' : 'x';
  CHECK(position_after_opening(*fixture.start_loaded(true), text) == 0);
}

TEST_CASE("a program that is killed has lost no more than the last seconds", "[keeping]") {
  const Fixture fixture;
  const QByteArray text = some_text();
  const auto killed = fixture.start_loaded(true);
  open_and_read(*killed, text);
  // Nothing of the first session ends in order: the second one sees what is on the disk while it still runs.
  const auto kept_ms = static_cast<int>(keep_every.count());
  const StreamStore store(fixture.folder / "streams");
  REQUIRE(wait_until([&] { return store.load("/a/list.cpp").has_value(); }, kept_ms + 2000));
  CHECK(position_after_opening(*fixture.start_loaded(true), text) == static_cast<std::size_t>(text.size()));
}

TEST_CASE("when nothing can be kept, one line says so and the work goes on", "[keeping]") {
  const Fixture fixture;
  model::test::write_text(fixture.folder / "streams", "a file where the folder should be");
  const auto session = fixture.start_loaded(true);
  Listener heard(*session);
  const QByteArray text = some_text();
  const ui::DocumentId document = open_and_read(*session, text);
  const auto complaint = [&] {
    return std::find_if(heard.notices.begin(), heard.notices.end(),
                        [](const ui::Notice& notice) { return notice.action_id == keep_notice; });
  };
  REQUIRE(wait_until([&] { return complaint() != heard.notices.end(); }, static_cast<int>(keep_every.count()) + 2000));
  CHECK_FALSE(complaint()->text.contains('\n'));
  CHECK(complaint()->text.contains("streams"));
  session->requestSuggestion(document, static_cast<int>(text.size()), true);
  CHECK(wait_until([&] { return !heard.suggestions.empty(); }));
}
