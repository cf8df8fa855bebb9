#include <catch2/catch.hpp>

#include "app/project/project_reader.h"
#include "tests/app/session/session_fixture.h"

namespace fs = std::filesystem;
using namespace catena;
using namespace catena::app;
using namespace catena::app::test;
using model::test::read_text;
using model::test::write_text;
using State = ui::RememberingProgress::State;

namespace {

const QByteArray some_text = "int total = count(items);\n";

/// A session folder with a small project in it.
struct ProjectFixture : Fixture {
  ProjectFixture() {
    fs::create_directories(project / "src");
    write_text(project / "a.cpp", "int count = 0;\nfor (const auto& item : items) {\n  count += item.size();\n}\n");
    write_text(project / "src/b.py", "def total(items):\n    return sum(items)\n");
  }
  /// Enough that reading takes a while.
  void grow() const {
    std::string text;
    for (int line = 0; text.size() < 200'000; ++line)
      text += "item" + std::to_string(line % 997) + " = total(items);\n";
    for (int i = 0; i < 60; ++i) write_text(project / ("src/long" + std::to_string(i) + ".txt"), text);
  }
  QString path() const { return QString::fromStdString(project.string()); }
  /// The one file of the store.
  fs::path memory_file() const {
    const fs::directory_iterator files(folder / "projects");
    REQUIRE(std::distance(begin(files), end(files)) == 1);
    return fs::directory_iterator(folder / "projects")->path();
  }
  fs::path project = fs::canonical(folder.path()) / "shop";
};

bool finished(const Listener& heard, State state) {
  return !heard.remembering.empty() && heard.remembering.back().state == state;
}

void remember(AppSession& session, const QString& folder) {
  Listener heard(session);
  session.rememberProject(folder);
  REQUIRE(wait_until([&] { return finished(heard, State::done); }));
}

/// The state after a document was read to its end.
model::ChainState state_of(AppSession& session, const std::string& name, const QByteArray& text = some_text) {
  const ui::DocumentId document = session.openDocument(QString::fromStdString(name), text);
  session.setActiveDocument(document);
  session.cursorMoved(document, static_cast<int>(text.size()));
  REQUIRE(wait_until_read(session, document));
  model::ChainState state = standing(session, document).state;
  session.closeDocument(document);
  return state;
}

/// What the state should be, by hand: in a model of its own, cold or after the project's files.
model::ChainState by_hand(const fs::path& model_folder, const std::string& name, const fs::path& project = {}) {
  const auto model = model::TextModel::load(model_folder);
  const std::shared_ptr<model::Executor> executor =
      make_executor(model->weights(), {.precision = model::Precision::int8, .threads = 1});
  model::TextStream::Options options{{.chunk_length = ui::ChunkSettings().chunk_length}};
  if (!project.empty()) {
    ProjectReader reader(project, model, executor, options.settings);
    REQUIRE(reader.read(Clock::time_point::max()));
    options.memory = std::make_shared<model::ProjectMemory>(reader.result());
  }
  model::TextStream stream(model, executor, options);
  stream.begin_document(document_head(name));
  stream.feed({some_text.constData(), static_cast<std::size_t>(some_text.size())});
  return stream.state();
}

}  // namespace

TEST_CASE("documents below a remembered folder start from what was read of it, others do not", "[projects]") {
  const ProjectFixture fixture;
  const auto session = fixture.start_loaded(true);
  Listener heard(*session);
  remember(*session, fixture.path());
  CHECK(heard.remembering.front().state == State::looking);
  REQUIRE_FALSE(heard.notices.empty());
  CHECK(heard.notices.back().resolved);  // nothing to complain of
  REQUIRE(session->projects().size() == 1);
  const ui::RememberedProject project = session->projects().constFirst();
  CHECK(project.folder == fixture.path());
  CHECK(project.files == 2);
  CHECK(project.other_model.isEmpty());
  CHECK(std::abs(project.read_at.secsTo(QDateTime::currentDateTime())) < 60);

  const fs::path model = fixture.folder / "model";
  const std::string inside = (fixture.project / "src/new.cpp").string(),
                    beside = fixture.project.string() + "s/new.cpp";
  CHECK(state_of(*session, inside) == by_hand(model, inside, fixture.project));
  CHECK_FALSE(state_of(*session, inside) == by_hand(model, inside));
  CHECK(state_of(*session, beside) == by_hand(model, beside));
  CHECK(state_of(*session, "untitled 1") == by_hand(model, "untitled 1"));
  REQUIRE(wait_until([&] { return heard.starts.size() == 4; }));
  CHECK(heard.starts[0].project == fixture.path());
  CHECK(heard.starts[2].project.isEmpty());
}

TEST_CASE("what is remembered survives a restart, and forgetting it as well", "[projects]") {
  const ProjectFixture fixture;
  const std::string inside = (fixture.project / "new.cpp").string();
  remember(*fixture.start_loaded(true), fixture.path());
  {
    const auto session = fixture.start_loaded(true);
    CHECK(state_of(*session, inside) == by_hand(fixture.folder / "model", inside, fixture.project));
    CHECK(session->projects().size() == 1);
    session->forgetProject(fixture.path());
    REQUIRE(wait_until([&] { return session->projects().isEmpty(); }));
  }
  CHECK(fs::is_empty(fixture.folder / "projects"));
  const auto session = fixture.start_loaded(true);
  CHECK(session->projects().isEmpty());
  CHECK(state_of(*session, inside) == by_hand(fixture.folder / "model", inside));
}

TEST_CASE("documents that are open begin anew; what was kept of them before is not gone on with", "[projects]") {
  const ProjectFixture fixture;
  const std::string inside = (fixture.project / "new.cpp").string();
  const auto session = fixture.start_loaded(true);
  const ui::DocumentId open = session->openDocument(QString::fromStdString(inside), some_text);
  session->setActiveDocument(open);
  session->cursorMoved(open, static_cast<int>(some_text.size()));
  REQUIRE(wait_until_read(*session, open));
  Listener heard(*session);
  remember(*session, fixture.path());
  REQUIRE(wait_until_read(*session, open));
  CHECK(standing(*session, open).state == by_hand(fixture.folder / "model", inside, fixture.project));
  CHECK(heard.starts.back().project == fixture.path());

  session->closeDocument(open);
  session->forgetProject(fixture.path());
  CHECK(state_of(*session, inside) == by_hand(fixture.folder / "model", inside));
}

TEST_CASE("a document's own reading is gone on with after a restart, behind the same project", "[projects]") {
  const ProjectFixture fixture;
  const QString inside = QString::fromStdString((fixture.project / "new.cpp").string());
  {
    const auto session = fixture.start_loaded(true);
    remember(*session, fixture.path());
    state_of(*session, inside.toStdString());
  }
  const auto session = fixture.start_loaded(true);
  const ui::DocumentId document = session->openDocument(inside, some_text);
  CHECK(standing(*session, document).farthest == static_cast<std::size_t>(some_text.size()));
}

TEST_CASE("of remembered folders inside each other the inner one counts", "[projects]") {
  const ProjectFixture fixture;
  const auto session = fixture.start_loaded(true);
  remember(*session, fixture.path());
  remember(*session, fixture.path() + "/src");
  const std::string inner = (fixture.project / "src/new.cpp").string(), outer = (fixture.project / "new.cpp").string();
  CHECK(state_of(*session, inner) == by_hand(fixture.folder / "model", inner, fixture.project / "src"));
  CHECK(state_of(*session, outer) == by_hand(fixture.folder / "model", outer, fixture.project));
}

TEST_CASE("a cancelled reading leaves what was remembered before", "[projects]") {
  const ProjectFixture fixture;
  const auto session = fixture.start_loaded(true);
  remember(*session, fixture.path());
  const std::string before = read_text(fixture.memory_file());
  fixture.grow();
  Listener heard(*session);
  session->rememberProject(fixture.path());
  REQUIRE(wait_until([&] { return finished(heard, State::reading) && heard.remembering.back().files > 0; }));
  session->cancelRemembering();
  REQUIRE(wait_until([&] { return finished(heard, State::stopped); }));
  CHECK(heard.notices.empty());  // whoever cancels knows
  CHECK(read_text(fixture.memory_file()) == before);
  const auto progress = heard.remembering.size();
  standing(*session, 0);
  QCoreApplication::processEvents();
  CHECK(heard.remembering.size() == progress);
}

TEST_CASE("a question is answered while a folder is read", "[projects]") {
  const ProjectFixture fixture;
  fixture.grow();
  const auto session = fixture.start_loaded(true);
  Listener heard(*session);
  const ui::DocumentId document = session->openDocument("/a/list.cpp", "int total = 0;\nint co");
  session->setActiveDocument(document);
  session->rememberProject(fixture.path());
  for (int i = 0; i < 5; ++i) {
    REQUIRE(wait_until([&] { return finished(heard, State::reading); }));
    heard.suggestions.clear();
    session->requestSuggestion(document, 21, true);
    REQUIRE(wait_until([&] { return !heard.suggestions.empty(); }));
    CHECK(heard.remembering.back().state == State::reading);
  }
  // And reading goes on by itself afterwards.
  const qint64 read = heard.remembering.back().read_bytes;
  CHECK(wait_until([&] { return heard.remembering.back().read_bytes > read; }));
  session->cancelRemembering();
}

TEST_CASE("a folder that cannot be remembered is one line, and the old memory stays", "[projects]") {
  const ProjectFixture fixture;
  const auto session = fixture.start_loaded(true);
  remember(*session, fixture.path());
  const std::string before = read_text(fixture.memory_file());
  Listener heard(*session);
  const auto refusal = [&](const QString& folder) {
    heard.notices.clear();
    session->rememberProject(folder);
    REQUIRE(wait_until([&] { return !heard.notices.empty(); }));
    CHECK(finished(heard, State::stopped));
    CHECK_FALSE(heard.notices.back().text.contains('\n'));
    CHECK(heard.notices.back().action == "Try again");
    return heard.notices.back().text.toStdString();
  };
  CHECK(refusal(fixture.path() + "/missing").find("is no folder") != std::string::npos);
  fs::create_directory(fixture.project / "empty");
  CHECK(refusal(fixture.path() + "/empty").find("holds no text files") != std::string::npos);
  // The project itself, emptied.
  fs::remove(fixture.project / "a.cpp");
  fs::remove(fixture.project / "src/b.py");
  CHECK(refusal(fixture.path()).find("shop was not remembered") == 0);
  CHECK(read_text(fixture.memory_file()) == before);
  // The button of the notice asks again; once it works the notice goes.
  write_text(fixture.project / "a.cpp", "int a;\n");
  session->act(heard.notices.back().action_id);
  REQUIRE(wait_until([&] { return finished(heard, State::done); }));
  CHECK(heard.notices.back().resolved);
  CHECK(heard.notices.back().action_id == remember_action + fixture.path());
}

TEST_CASE("what cannot be written is one line, and documents start without it", "[projects]") {
  const ProjectFixture fixture;
  write_text(fixture.folder / "projects", "a file where the folder should be");
  const auto session = fixture.start_loaded(true);
  Listener heard(*session);
  session->rememberProject(fixture.path());
  REQUIRE(wait_until([&] { return finished(heard, State::stopped) && !heard.notices.empty(); }));
  CHECK(heard.notices.back().text.contains("cannot create"));
  const std::string inside = (fixture.project / "new.cpp").string();
  CHECK(state_of(*session, inside) == by_hand(fixture.folder / "model", inside));
}

TEST_CASE("another model's memory is not used, which one line says", "[projects]") {
  const ProjectFixture fixture;
  const auto session = fixture.start_loaded(true);
  remember(*session, fixture.path());
  write_model(fixture.folder / "other", 2);
  Listener heard(*session);
  session->loadModel(fixture.folder / "other");
  REQUIRE(wait_until([&] { return !heard.models.empty(); }));
  REQUIRE(session->projects().size() == 1);
  CHECK(session->projects().constFirst().other_model == "tiny-delta");
  const std::string inside = (fixture.project / "new.cpp").string();
  CHECK(state_of(*session, inside) == by_hand(fixture.folder / "other", inside));
  state_of(*session, inside);
  REQUIRE(wait_until([&] { return !heard.notices.empty(); }));
  CHECK(heard.notices.size() == 1);
  CHECK(heard.notices.front().text.contains("was remembered by model"));
  CHECK(heard.notices.front().action == "Remember again");

  // Read by both, each has its own.
  remember(*session, fixture.path());
  CHECK(session->projects().size() == 1);
  CHECK(session->projects().constFirst().other_model.isEmpty());
  CHECK(state_of(*session, inside) == by_hand(fixture.folder / "other", inside, fixture.project));
  session->loadModel(fixture.folder / "model");
  CHECK(state_of(*session, inside) == by_hand(fixture.folder / "model", inside, fixture.project));
}

TEST_CASE("a damaged memory is not used, which one line says", "[projects]") {
  const ProjectFixture fixture;
  remember(*fixture.start_loaded(true), fixture.path());
  std::string bytes = read_text(fixture.memory_file());
  const bool header = GENERATE(true, false);
  bytes[header ? 20 : bytes.size() - 40] ^= 1;
  write_text(fixture.memory_file(), bytes);
  const auto session = fixture.start(true);
  Listener heard(*session);
  REQUIRE(wait_until([&] { return session->model().loaded; }));
  const std::string inside = (fixture.project / "new.cpp").string();
  CHECK(state_of(*session, inside) == by_hand(fixture.folder / "model", inside));
  state_of(*session, inside);
  REQUIRE(wait_until([&] { return !heard.notices.empty(); }));
  CHECK(heard.notices.size() == 1);
  CHECK(heard.notices.front().text.contains("damaged"));
  CHECK_FALSE(heard.notices.front().text.contains('\n'));
}

TEST_CASE("another model ends the reading of a folder", "[projects]") {
  const ProjectFixture fixture;
  fixture.grow();
  const auto session = fixture.start_loaded(true);
  write_model(fixture.folder / "other", 2);
  Listener heard(*session);
  session->rememberProject(fixture.path());
  REQUIRE(wait_until([&] { return finished(heard, State::reading); }));
  session->loadModel(fixture.folder / "other");
  REQUIRE(wait_until([&] { return finished(heard, State::stopped) && !heard.notices.empty(); }));
  CHECK(heard.notices.back().text.contains("another model was loaded"));
  CHECK(session->projects().isEmpty());
}

TEST_CASE("the program ends while a folder is read", "[projects]") {
  const ProjectFixture fixture;
  fixture.grow();
  {
    const auto session = fixture.start_loaded(true);
    Listener heard(*session);
    session->rememberProject(fixture.path());
    if (GENERATE(true, false)) REQUIRE(wait_until([&] { return finished(heard, State::reading); }));
  }
  CHECK_FALSE(fs::exists(fixture.folder / "projects"));
}
