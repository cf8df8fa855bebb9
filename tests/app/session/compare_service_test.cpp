// Systems that read along with a real session's streams.
#include <catch2/catch.hpp>
#include <random>

#include "model/runtime/frame_reader.h"
#include "model/runtime/transformer.h"
#include "model/speech/symbols.h"
#include "tests/app/session/session_fixture.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;
using model::test::random_text;

namespace {

QByteArray bytes(const std::string& text) { return QByteArray(text.data(), static_cast<qsizetype>(text.size())); }

/// Collects the samples of a session's comparison.
struct Watcher {
  explicit Watcher(ui::Session& session) {
    QObject::connect(&session, &ui::Session::compared, &context, [this](const ui::CompareFigures& figures) {
      last = figures;
      ++samples;
      for (const ui::CompareLane& lane : figures.lanes) steps[lane.system] += static_cast<int>(lane.steps.size());
    });
  }
  const ui::CompareLane* lane(const QString& system) const {
    for (const ui::CompareLane& lane : last.lanes)
      if (lane.system == system) return &lane;
    return nullptr;
  }
  qint64 tokens(const QString& system) const { return lane(system) ? lane(system)->tokens : -1; }

  QObject context;
  ui::CompareFigures last;
  QHash<QString, int> steps;
  int samples = 0;
};

const QString tracker = QStringLiteral("tracker"), transformer = QStringLiteral("transformer"),
              block = QStringLiteral("block");

model::ModelConfig reader_config() {
  model::ModelConfig config = model::test::tiny_config(model::Carry::delta, model::kSymbols);
  config.features = model::kStackedFeatures;
  config.around_taps = 5;
  return config;
}

/// A session with a document that is read to its end.
struct Reading : Fixture {
  explicit Reading(std::size_t size = 400, bool speech = false) : session(begin(speech)), watcher(*session) {
    std::mt19937 random(4);
    text = random_text(random, size, false);
    document = session->openDocument("/a/list.cpp", bytes(text));
    session->setActiveDocument(document);
    session->cursorMoved(document, static_cast<int>(text.size()));
    REQUIRE(wait_until_read(*session, document));
  }
  std::unique_ptr<AppSession> begin(bool speech) const {
    if (!speech) return start_loaded();
    model::test::write_random_model(folder / "reader", reader_config());
    auto session =
        std::make_unique<AppSession>(SessionOptions{folder / "model", {}, {folder / "reader", folder / "model"}, {}});
    REQUIRE(wait_until([&] { return session->model().loaded; }));
    return session;
  }
  qint64 stream_tokens() const { return standing(*session, document).tokens; }
  void type(const std::string& letters) {
    session->textChanged(document, static_cast<int>(text.size()), 0, bytes(letters));
    text += letters;
    session->cursorMoved(document, static_cast<int>(text.size()));
    REQUIRE(wait_until_read(*session, document));
  }
  bool has_read(const QString& system, qint64 tokens) {
    return wait_until([&] { return watcher.tokens(system) == tokens; });
  }

  std::unique_ptr<AppSession> session;
  Watcher watcher;
  std::string text;
  ui::DocumentId document = 0;
};

}  // namespace

TEST_CASE("every system that can be compared has an id, a name and a line about it", "[compare]") {
  const auto systems = compare_systems();
  CHECK(systems.size() == 10);
  CHECK(systems[0].id == tracker);
  CHECK(systems[1].id == transformer);
  QStringList names;
  for (const ui::CompareSystem& system : systems) {
    CHECK_FALSE(system.about.isEmpty());
    CHECK_FALSE(names.contains(system.name));
    names << system.name;
  }
}

TEST_CASE(
    "ticked systems read what the document's stream has read, and read along; the Transformer grows, the tracker does "
    "not",
    "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker, transformer, block});
  reading.session->setComparing(true);
  const qint64 before = reading.stream_tokens();
  for (const QString& system : {tracker, transformer, block}) REQUIRE(reading.has_read(system, before));
  const qint64 tracker_bytes = reading.watcher.lane(tracker)->state_bytes,
               cache_bytes = reading.watcher.lane(transformer)->state_bytes;
  CHECK(tracker_bytes == static_cast<qint64>(standing(*reading.session, reading.document).state.bytes()));
  CHECK(reading.watcher.last.event == "the document from its beginning");
  reading.type(" and now some more words, and one line\nand another\n");
  const qint64 after = reading.stream_tokens();
  REQUIRE(after > before);
  for (const QString& system : {tracker, transformer, block}) REQUIRE(reading.has_read(system, after));
  CHECK(reading.watcher.lane(tracker)->state_bytes == tracker_bytes);
  CHECK(reading.watcher.lane(transformer)->state_bytes == cache_bytes / before * after);
  CHECK(reading.watcher.lane(transformer)->p50_ms > 0);
  CHECK(reading.watcher.lane(transformer)->run == 1);
  CHECK(reading.watcher.steps[transformer] == after);  // a time for every token, once
}

TEST_CASE("nothing is computed while nobody looks; then the systems go on from where they were", "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker});
  CHECK(reading.watcher.samples == 0);
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(tracker, reading.stream_tokens()));
  reading.session->setComparing(false);
  reading.session->inspect([](StreamService&) {});
  const int samples = reading.watcher.samples, steps = reading.watcher.steps[tracker];
  reading.type(" words that nobody compares\n");
  wait_until([] { return false; }, 150);
  CHECK(reading.watcher.samples == samples);
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(tracker, reading.stream_tokens()));
  CHECK(reading.watcher.lane(tracker)->run == 1);
  CHECK(reading.watcher.steps[tracker] > steps);
}

TEST_CASE("an edit in the middle takes the systems back with the stream", "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker, transformer});
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(transformer, reading.stream_tokens()));
  const int at = static_cast<int>(reading.text.size() / 2);
  reading.session->textChanged(reading.document, at, 3, "another");
  reading.session->cursorMoved(reading.document, static_cast<int>(reading.text.size()) + 4);
  REQUIRE(wait_until_read(*reading.session, reading.document));
  for (const QString& system : {tracker, transformer}) REQUIRE(reading.has_read(system, reading.stream_tokens()));
  CHECK(reading.watcher.last.event.startsWith("the stream went back "));
  CHECK(reading.watcher.lane(tracker)->run == 1);
}

TEST_CASE("another document begins the systems anew with what its stream has read", "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker, transformer});
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(transformer, reading.stream_tokens()));
  reading.document = reading.session->openDocument("/a/other.cpp", "short\n");
  reading.session->setActiveDocument(reading.document);
  reading.session->cursorMoved(reading.document, 6);
  REQUIRE(wait_until_read(*reading.session, reading.document));
  for (const QString& system : {tracker, transformer}) REQUIRE(reading.has_read(system, reading.stream_tokens()));
  CHECK(reading.watcher.lane(tracker)->run > 1);
}

TEST_CASE("after a restart the systems read what the document's stream had read before it", "[compare]") {
  const Fixture fixture;
  std::mt19937 random(4);
  const std::string text = random_text(random, 400);
  const auto open = [&](AppSession& session) {
    const ui::DocumentId document = session.openDocument("/a/list.cpp", bytes(text));
    session.setActiveDocument(document);
    session.cursorMoved(document, static_cast<int>(text.size()));
    REQUIRE(wait_until_read(session, document));
    return document;
  };
  {
    const auto before = fixture.start_loaded(true);
    open(*before);
  }
  const auto session = fixture.start_loaded(true);
  const Watcher watcher(*session);
  const qint64 tokens = standing(*session, open(*session)).tokens;
  session->chooseCompared({tracker});
  session->setComparing(true);
  REQUIRE(wait_until([&] { return watcher.tokens(tracker) == tokens; }));
  CHECK(watcher.last.event == "the document from its beginning");
}

TEST_CASE("unticked systems are gone, and with none ticked nothing runs", "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker, transformer});
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(transformer, reading.stream_tokens()));
  reading.session->chooseCompared({tracker});
  REQUIRE(wait_until([&] { return reading.watcher.lane(transformer) == nullptr; }));
  CHECK(reading.watcher.lane(tracker)->run == 1);
  reading.session->chooseCompared({});
  const int samples = reading.watcher.samples;
  wait_until([] { return false; }, 150);
  CHECK(reading.watcher.samples == samples);
}

TEST_CASE("another model begins the systems anew with what its stream has read", "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker, transformer});
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(transformer, reading.stream_tokens()));
  const int run = reading.watcher.lane(tracker)->run;
  write_model(reading.folder / "other", 2);
  reading.session->loadModel(reading.folder / "other");
  REQUIRE(wait_until([&] { return reading.watcher.lane(tracker)->run > run; }));
  REQUIRE(wait_until_read(*reading.session, reading.document));
  for (const QString& system : {tracker, transformer}) REQUIRE(reading.has_read(system, reading.stream_tokens()));
  CHECK(reading.watcher.lane(tracker)->problem.isEmpty());
}

TEST_CASE("another chunk length begins the systems anew", "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker});
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(tracker, reading.stream_tokens()));
  ui::ChunkSettings settings = reading.session->settings();
  settings.chunk_length = 32;
  const qint64 bytes_before = reading.watcher.lane(tracker)->state_bytes;
  reading.session->applySettings(settings);
  REQUIRE(wait_until([&] { return reading.watcher.lane(tracker)->state_bytes < bytes_before; }));
  REQUIRE(reading.has_read(tracker, reading.stream_tokens()));
}

TEST_CASE("without a model of speech the sound is read by nobody, which each system says in one line", "[compare]") {
  Reading reading;
  reading.session->chooseCompared({tracker, transformer});
  reading.session->setComparing(true);
  REQUIRE(reading.has_read(tracker, reading.stream_tokens()));
  reading.session->setCompareSource(ui::CompareSource::sound);
  for (const QString& system : {tracker, transformer}) {
    REQUIRE(wait_until([&] { return !reading.watcher.lane(system)->problem.isEmpty(); }));
    CHECK(reading.watcher.lane(system)->problem == "there is no model of speech, so nothing reads the sound");
  }
  reading.session->setCompareSource(ui::CompareSource::document);
  for (const QString& system : {tracker, transformer}) {
    REQUIRE(wait_until([&] { return reading.watcher.lane(system)->problem.isEmpty(); }));
    REQUIRE(reading.has_read(system, reading.stream_tokens()));
  }
}

TEST_CASE("systems that read the sound stand beside the reader of speech, and read nothing of the document",
          "[compare]") {
  Reading reading(400, true);
  reading.session->chooseCompared({tracker, transformer, block});
  reading.session->setCompareSource(ui::CompareSource::sound);
  reading.session->setComparing(true);
  reading.session->inspect([](StreamService&) {});
  reading.type(" typed meanwhile\n");
  reading.session->openSoundFile(CATENA_SOURCE_DIR "/assets/sounds/demo.flac");
  for (const QString& system : {tracker, transformer, block}) {
    REQUIRE(wait_until([&] { return reading.watcher.tokens(system) >= 40; }));
    CHECK(reading.watcher.lane(system)->problem.isEmpty());
  }
  CHECK(reading.watcher.last.event.startsWith("the sound"));
  const qint64 chunk = reading.session->settings().sound_chunk_ms / 40;
  CHECK(reading.watcher.tokens(tracker) % chunk == 0);
  const model::ModelConfig reader = reader_config();
  CHECK(reading.watcher.lane(tracker)->state_bytes == static_cast<qint64>(model::FrameState(reader).bytes()));
  CHECK(reading.watcher.lane(transformer)->state_bytes ==
        model::kv_cache_bytes(model::same_size_transformer(reader), reading.watcher.tokens(transformer)));
  reading.session->stopSound();
  reading.session->openSoundFile(CATENA_SOURCE_DIR "/assets/sounds/demo.flac");
  REQUIRE(wait_until([&] { return reading.watcher.last.event == "another sound from its beginning"; }));
  reading.session->stopSound();
  reading.session->setCompareSource(ui::CompareSource::document);
  REQUIRE(reading.has_read(tracker, reading.stream_tokens()));
}
