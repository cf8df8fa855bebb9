#include <catch2/catch.hpp>

#include <fstream>

#include "app/suggest/word_ranker.h"
#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;

TEST_CASE("without a usable model the session says so in one line and offers to choose one", "[loading]") {
  application();
  const TemporaryFolder folder;
  const std::string broken = GENERATE("missing", "no weights", "cut short", "no tokenizer", "foreign ranker");
  if (broken != "missing") write_model(folder / "model");
  if (broken == "no weights") std::filesystem::remove(folder / "model" / "model.safetensors");
  if (broken == "cut short") std::filesystem::resize_file(folder / "model" / "model.safetensors", 1000);
  if (broken == "no tokenizer") std::filesystem::remove(folder / "model" / "tokenizer.model");
  if (broken == "foreign ranker") std::ofstream(folder / "model" / WordRanker::file_name) << "{\"features\": []}";
  INFO(broken);
  AppSession session({folder / "model", {}, {}, {}});
  Listener heard(session);
  REQUIRE(wait_until([&] { return !heard.notices.empty() && !heard.models.empty(); }));
  const ui::Notice& notice = heard.notices.front();
  CHECK(notice.action == "Choose model folder...");
  CHECK(notice.text.contains("model"));
  CHECK_FALSE(notice.text.contains('\n'));
  CHECK_FALSE(session.model().loaded);
  CHECK(session.model().problem == notice.text);

  // The editor works on, and the text is there for the model that is chosen then.
  const ui::DocumentId document = session.openDocument("/a/list.cpp", "int a;\n");
  session.setActiveDocument(document);
  session.textChanged(document, 7, 0, "int b;\n");
  session.cursorMoved(document, 14);
  session.requestSuggestion(document, 14, true);
  int wanted = 0;
  QObject::connect(&session, &AppSession::modelFolderWanted, [&] { ++wanted; });
  session.act(notice.action_id);
  CHECK(wanted == 1);
  write_model(folder / "other");
  session.loadModel(folder / "other");
  REQUIRE(wait_until([&] { return session.model().loaded; }));
  CHECK(heard.notices.back().resolved);
  REQUIRE(wait_until_read(session, document));
  CHECK(standing(session, document).position == 14);
}

TEST_CASE("a model that cannot be loaded leaves the one in use", "[loading]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  session->loadModel(fixture.folder / "missing");
  REQUIRE(wait_until([&] { return !heard.notices.empty(); }));
  CHECK(session->model().loaded);
  const ui::DocumentId document = session->openDocument("/a/list.cpp", "int a;\n");
  session->setActiveDocument(document);
  session->requestSuggestion(document, 7, true);
  CHECK(wait_until([&] { return !heard.suggestions.empty(); }));
}
