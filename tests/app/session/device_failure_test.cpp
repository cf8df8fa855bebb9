// A device that is not to be had, or fails: the session goes on on the CPU, says so once, and loses nothing.
#include <catch2/catch.hpp>
#include <random>

#include "tests/app/session/session_fixture.h"
#include "tests/app/session/unreliable_device.h"

using namespace catena;
using namespace catena::app;
using namespace catena::app::test;
using model::test::random_text;
using model::test::write_text;

namespace {

constexpr int text_bytes = 3000;

QByteArray some_text(unsigned seed = 11) {
  std::mt19937 random(seed);
  const std::string text = random_text(random, text_bytes);
  return QByteArray(text.data(), static_cast<qsizetype>(text.size()));
}

void read_on(AppSession& session, ui::Device device) {
  ui::ChunkSettings settings = session.settings();
  settings.device = device;
  session.applySettings(settings);
  session.inspect([](StreamService&) {});
}

ui::DocumentId open(AppSession& session, const QByteArray& text, const QString& name = "/a/list.cpp") {
  const ui::DocumentId document = session.openDocument(name, text);
  session.setActiveDocument(document);
  session.cursorMoved(document, static_cast<int>(text.size()));
  return document;
}

/// The state behind a text that the CPU has read throughout.
model::ChainState expected(const Fixture& fixture, const QByteArray& text) {
  const auto session = fixture.start_loaded();
  const ui::DocumentId document = open(*session, text);
  REQUIRE(wait_until_read(*session, document));
  return standing(*session, document).state;
}

/// A document that was read on the device, before it fails.
struct Reading {
  const Fixture fixture;
  const UnreliableDevice::Plugged device;
  const std::unique_ptr<AppSession> session = fixture.start_loaded();
  QByteArray text = some_text();
  ui::DocumentId document = 0;

  Reading() {
    read_on(*session, ui::Device::cuda);
    document = open(*session, text);
    REQUIRE(wait_until_read(*session, document));
  }
};

/// One notice about the device, in one line, and the settings say what is in force.
void check_told_once(const AppSession& session, const Listener& heard, const QString& why) {
  QStringList shown;
  for (const ui::Notice& notice : heard.notices)
    if (!notice.resolved) shown.append(notice.text);
  REQUIRE(shown.size() == 1);
  CHECK(shown.front().contains("CPU"));
  CHECK(shown.front().contains(why));
  CHECK_FALSE(shown.front().contains('\n'));
  CHECK(session.settings().device == ui::Device::cpu);
}

}  // namespace

TEST_CASE("a device that fails in the middle of a stream: the CPU goes on from the same state, nothing is lost",
          "[device]") {
  const Fixture fixture;
  const UnreliableDevice::Plugged device;
  const bool gone = GENERATE(false, true);  // out of memory, or taken away with all that it held
  const bool kept = GENERATE(false, true);  // session files are written
  CAPTURE(gone, kept);
  const QByteArray text = some_text(), other = some_text(12);
  const model::ChainState of_text = expected(fixture, text), of_other = expected(fixture, other);

  const auto session = fixture.start_loaded(kept);
  read_on(*session, ui::Device::cuda);
  const ui::DocumentId before = open(*session, other, "/a/list.cpp");
  REQUIRE(wait_until_read(*session, before));
  REQUIRE(dynamic_cast<const UnreliableStorage*>(&standing(*session, before).state.storage()) != nullptr);
  Listener heard(*session);
  UnreliableDevice::goes_with_it = gone;
  UnreliableDevice::reads_left = 7;
  const ui::DocumentId document = session->openDocument("/a/list.cpp", text);
  session->setActiveDocument(document);
  session->cursorMoved(document, static_cast<int>(text.size()));
  REQUIRE(wait_until([&] { return !heard.notices.empty() && !heard.marks.empty(); }));
  REQUIRE(wait_until_read(*session, document));
  REQUIRE(wait_until_read(*session, before));
  CHECK(UnreliableDevice::reads_left < 0);
  CHECK(standing(*session, document).position == static_cast<std::size_t>(text.size()));
  CHECK(standing(*session, document).state == of_text);
  CHECK(standing(*session, before).state == of_other);
  CHECK(heard.marks.back().text == "device cuda -> cpu");
  check_told_once(*session, heard, "out of memory");
}

TEST_CASE("a suggestion that is asked for while the device fails is answered all the same", "[device]") {
  const Reading reading;
  const auto& [fixture, device, session, text, document] = reading;
  Listener heard(*session);
  UnreliableDevice::goes_with_it = GENERATE(false, true);
  UnreliableDevice::reads_left = 0;
  session->requestSuggestion(document, static_cast<int>(text.size()), true);
  REQUIRE(wait_until([&] { return !heard.suggestions.empty() && !heard.notices.empty(); }));
  check_told_once(*session, heard, "out of memory");
}

TEST_CASE("an edit that the device did not survive is in the text, and the stream follows from it", "[device]") {
  Reading reading;
  auto& [fixture, device, session, text, document] = reading;
  Listener heard(*session);
  UnreliableDevice::gone = true;
  session->textChanged(document, 1000, 30, "other words");
  text.replace(1000, 30, "other words");
  session->cursorMoved(document, static_cast<int>(text.size()));
  REQUIRE(wait_until([&] { return !heard.notices.empty(); }));
  REQUIRE(wait_until_read(*session, document));
  CHECK(standing(*session, document).state == expected(fixture, text));
  check_told_once(*session, heard, "device lost");
}

TEST_CASE("a device without room for what is open is left again, and every document stays where it was", "[device]") {
  const Fixture fixture;
  const UnreliableDevice::Plugged device;
  const auto session = fixture.start_loaded();
  const ui::DocumentId first = open(*session, some_text());
  REQUIRE(wait_until_read(*session, first));
  const ui::DocumentId second = open(*session, some_text(12));
  REQUIRE(wait_until_read(*session, second));
  const Standing one = standing(*session, first), two = standing(*session, second);
  Listener heard(*session);
  UnreliableDevice::states_left = GENERATE(0, 3, 30);
  read_on(*session, ui::Device::cuda);
  REQUIRE(wait_until([&] { return !heard.notices.empty() && !heard.models.empty(); }));
  CHECK(heard.notices.front().panel == ui::Panel::chunk);
  CHECK(heard.notices.front().text == "out of memory");
  CHECK(session->settings().device == ui::Device::cpu);
  CHECK(standing(*session, first).state == one.state);
  CHECK(standing(*session, second).state == two.state);
  session->textChanged(second, text_bytes, 0, "int more = 1;\n");
  session->cursorMoved(second, text_bytes + 14);
  CHECK(wait_until_read(*session, second));
  CHECK(heard.notices.size() == 1);
}

TEST_CASE("another model is read on the CPU where the device that is set is not there any more", "[device]") {
  const Fixture fixture;
  auto device = std::make_unique<UnreliableDevice::Plugged>();
  const auto session = fixture.start_loaded();
  read_on(*session, ui::Device::cuda);
  Listener heard(*session);
  write_model(fixture.folder / "other", 2);
  device.reset();
  session->loadModel(fixture.folder / "other");
  REQUIRE(wait_until([&] { return !heard.notices.empty() && session->settings().device == ui::Device::cpu; }));
  CHECK(session->model().loaded);
  CHECK(session->model().problem.isEmpty());
  check_told_once(*session, heard, "cuda");
}

TEST_CASE("a project that is being read when the device fails is remembered all the same", "[device]") {
  const Fixture fixture;
  const UnreliableDevice::Plugged device;
  const std::filesystem::path project = std::filesystem::canonical(fixture.folder.path()) / "shop";
  std::filesystem::create_directories(project);
  std::string text;
  for (int line = 0; text.size() < text_bytes; ++line) text += "item" + std::to_string(line) + " = total(items);\n";
  write_text(project / "a.cpp", text);
  write_text(project / "b.cpp", text);
  const auto session = fixture.start_loaded(true);
  read_on(*session, ui::Device::cuda);
  Listener heard(*session);
  UnreliableDevice::goes_with_it = GENERATE(false, true);
  UnreliableDevice::reads_left = 5;
  session->rememberProject(QString::fromStdString(project.string()));
  REQUIRE(wait_until([&] {
    return !heard.remembering.empty() && heard.remembering.back().state == ui::RememberingProgress::State::done;
  }));
  REQUIRE(session->projects().size() == 1);
  CHECK(session->projects().front().files == 2);
  check_told_once(*session, heard, "out of memory");
}
