#include <catch2/catch.hpp>
#include <random>

#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;
using model::test::random_text;

namespace {

QByteArray bytes(const std::string& text) { return QByteArray(text.data(), static_cast<qsizetype>(text.size())); }

/// The state of a stream that reads this text from its beginning, in a model of its own.
model::ChainState fresh_state(const std::filesystem::path& folder, const std::string& name, std::string_view text) {
  const auto model = model::TextModel::load(folder);
  model::TextStream stream(model, make_executor(model->weights(), {.precision = model::Precision::int8, .threads = 1}),
                           {{.chunk_length = ui::ChunkSettings().chunk_length}, model::Marks::default_limit});
  stream.begin_document(document_head(name));
  stream.feed(text);
  return stream.state();
}

}  // namespace

TEST_CASE("documents opened before the model is there are read once it is", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start();
  const ui::DocumentId document = session->openDocument("/a/list.cpp", "int total = 0;\n");
  session->setActiveDocument(document);
  session->cursorMoved(document, 15);
  REQUIRE(wait_until([&] { return session->model().loaded; }));
  CHECK(session->model().name == "tiny-delta");
  CHECK(session->model().parameters > 0);
  REQUIRE(wait_until_read(*session, document));
  CHECK(standing(*session, document).position == 15);
}

TEST_CASE("after edits anywhere the stream is that of a fresh reading", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  std::mt19937 random(4);
  std::string text = random_text(random, 4000);
  const std::string name = "/a/list.cpp";
  const ui::DocumentId document = session->openDocument(QString::fromStdString(name), bytes(text));
  session->setActiveDocument(document);
  for (int round = 0; round < 8; ++round) {
    int cursor = 0;
    for (int i = 0; i < 12; ++i) {
      const std::size_t at = random() % (text.size() + 1);
      const std::size_t removed = random() % std::min<std::size_t>(text.size() - at + 1, 30);
      const std::string inserted = random_text(random, random() % 30);
      text.replace(at, removed, inserted);
      session->textChanged(document, static_cast<int>(at), static_cast<int>(removed), bytes(inserted));
      cursor = static_cast<int>(random() % (text.size() + 1));
      session->cursorMoved(document, cursor);
      if (i % 4 == 0) session->requestSuggestion(document, cursor, true);
    }
    REQUIRE(wait_until_read(*session, document));
    const Standing now = standing(*session, document);
    REQUIRE(now.position == static_cast<std::size_t>(cursor));
    REQUIRE(now.state == fresh_state(fixture.folder / "model", name, std::string_view(text).substr(0, now.position)));
  }
}

TEST_CASE("a question is answered, with its number and place", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  const ui::DocumentId document = session->openDocument("/a/list.cpp", "int total = 0;\nint co");
  session->setActiveDocument(document);
  const quint64 request = session->requestSuggestion(document, 21, true);
  REQUIRE(wait_until([&] { return !heard.suggestions.empty(); }));
  const ui::Suggestion& answer = heard.suggestions.front();
  CHECK(answer.request == request);
  CHECK(answer.document == document);
  CHECK(answer.byte_position == 21);
  CHECK(answer.latency_ms > 0);
  CHECK(answer.tokens > 0);
}

TEST_CASE("of many questions only the newest is answered", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  const ui::DocumentId document = session->openDocument("/a/list.cpp", "int total = 0;\nint co");
  session->setActiveDocument(document);
  quint64 newest = 0;
  for (int i = 0; i < 50; ++i) newest = session->requestSuggestion(document, 21, true);
  REQUIRE(wait_until([&] { return !heard.suggestions.empty(); }));
  standing(*session, document);  // everything asked for is done
  QCoreApplication::processEvents();
  for (const ui::Suggestion& suggestion : heard.suggestions) CHECK(suggestion.request == newest);
}

TEST_CASE("a cancelled question is not answered", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  std::mt19937 random(2);
  const ui::DocumentId document = session->openDocument("/a/list.cpp", bytes(random_text(random, 5000)));
  session->setActiveDocument(document);
  session->requestSuggestion(document, 4000, true);
  session->cancelSuggestion();
  standing(*session, document);
  QCoreApplication::processEvents();
  CHECK(heard.suggestions.empty());
}

TEST_CASE("a word of another open document is suggested", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  session->openDocument("/a/window.h", "void resize_window(int width);\n");
  const ui::DocumentId document = session->openDocument("/a/main.cpp", "resize_w");
  session->setActiveDocument(document);
  session->requestSuggestion(document, 8, true);
  REQUIRE(wait_until([&] { return !heard.suggestions.empty(); }));
  CHECK(heard.suggestions.front().alternatives.value(0).startsWith("indow"));
}

TEST_CASE("a long way to the cursor is reported, and does not keep a question waiting", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener heard(*session);
  std::mt19937 random(3);
  const std::string text = random_text(random, 400000);
  const ui::DocumentId document = session->openDocument("/a/long.cpp", bytes(text));
  session->setActiveDocument(document);
  const int end = static_cast<int>(text.size());
  session->cursorMoved(document, end);
  session->requestSuggestion(document, end, true);
  REQUIRE(wait_until([&] { return !heard.suggestions.empty(); }));
  CHECK(standing(*session, document).behind);  // the answer came before all was read
  REQUIRE(wait_until_read(*session, document));
  REQUIRE(wait_until([&] { return !heard.progress.empty() && heard.progress.back().read_bytes == end; }));
  for (std::size_t i = 1; i < heard.progress.size(); ++i) {
    CHECK(heard.progress[i].read_bytes > heard.progress[i - 1].read_bytes);
    CHECK(heard.progress[i].total_bytes == end);
  }
}

TEST_CASE("the figures describe the active stream and count what happened since the last ones", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  std::mt19937 random(3);
  const ui::DocumentId document = session->openDocument("/a/long.cpp", bytes(random_text(random, 20000)));
  session->setActiveDocument(document);
  session->cursorMoved(document, 20000);
  REQUIRE(wait_until_read(*session, document));
  std::vector<ui::Figures> figures;
  QObject::connect(session.get(), &ui::Session::figures, [&](const ui::Figures& f) { figures.push_back(f); });
  REQUIRE(wait_until([&] { return figures.size() >= 3; }));
  const Standing now = standing(*session, document);
  const ui::Figures& first = figures.front();
  CHECK(first.tokens == now.tokens);
  CHECK(first.state_bytes == static_cast<qint64>(now.state.bytes()));
  CHECK(first.marks_bytes > first.state_bytes);
  const model::ModelConfig config = model::test::tiny_config(model::Carry::delta);
  CHECK(first.kv_cache_bytes ==
        now.tokens * 2 * config.layers * config.width * 2);  // 16-bit numbers, unless the weights are 32-bit
  CHECK(first.resident_bytes > first.tensor_bytes);
  CHECK(first.tokens_per_s > 0);
  CHECK(first.gpu_bytes == -1);
  CHECK(first.chunk_ms.size() == now.state.counters().chunks);
  CHECK(figures.back().chunk_ms.isEmpty());
}

TEST_CASE("what was heard is looked at like another document", "[session]") {
  const Fixture fixture;
  const auto session = fixture.start_loaded();
  Listener listener(*session);
  const QByteArray text = "They say that the inventory c";
  const ui::DocumentId document = session->openDocument("notes.md", text);
  session->setActiveDocument(document);
  session->cursorMoved(document, static_cast<int>(text.size()));
  const auto suggestion = [&] {
    listener.suggestions.clear();
    session->requestSuggestion(document, static_cast<int>(text.size()), true);
    REQUIRE(wait_until([&] { return !listener.suggestions.empty(); }));
    const QStringList& texts = listener.suggestions.front().alternatives;
    return texts.isEmpty() ? QString() : texts.front();
  };
  CHECK_FALSE(suggestion().startsWith("ounter is wrong"));
  session->inspect([](StreamService& service) { service.hear("i said that the inventory counter is wrong"); });
  CHECK(suggestion().startsWith("ounter is wrong"));
}
