#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>

#include "app/session/answer_service.h"
#include "tests/app/session/session_fixture.h"

using namespace catena::app;
using namespace catena::app::test;

namespace {

struct Answers {
  std::mutex mutex;
  std::vector<std::string> sentences, failures;
  std::atomic<int> tokens{0}, completed{0};
  AnswerService service{{[this](std::uint64_t) { ++tokens; },
                         [this](std::uint64_t, const std::string& sentence) {
                           const std::lock_guard lock(mutex);
                           sentences.push_back(sentence);
                         },
                         [this](std::uint64_t) { ++completed; },
                         [this](const std::string& line) {
                           const std::lock_guard lock(mutex);
                           failures.push_back(line);
                         }}};

  bool wait(int answers) {
    return wait_until([&] { return completed == answers; });
  }
};

}  // namespace

TEST_CASE("questions are answered one after another, on another thread", "[conversation]") {
  const Fixture fixture;
  Answers answers;
  answers.service.load(fixture.folder / "model");
  CHECK(answers.service.state_bytes() == 0);
  answers.service.ask(1, "how are you");
  REQUIRE(answers.wait(1));
  CHECK(answers.tokens == 1);
  CHECK(answers.service.state_bytes() > 0);
  answers.service.settle("well");
  answers.service.note("what time is it", "It is 12:30.");
  answers.service.ask(2, "and now");
  CHECK(answers.wait(2));
  CHECK(answers.failures.empty());
}

TEST_CASE("an answer that is not wanted any more says nothing, and completes", "[conversation]") {
  const Fixture fixture;
  Answers answers;
  answers.service.load(fixture.folder / "model");
  for (int i = 1; i <= 20; ++i) {
    answers.service.ask(static_cast<std::uint64_t>(i), "tell me all");
    answers.service.cancel(static_cast<std::uint64_t>(i));
    answers.service.settle("");
  }
  CHECK(answers.wait(20));
  answers.service.stop();
  CHECK(answers.tokens < 20);
}

TEST_CASE("without a model questions complete without an answer, and that is told once", "[conversation]") {
  const Fixture fixture;
  Answers answers;
  answers.service.load(fixture.folder / "nothing");
  answers.service.ask(1, "how are you");
  answers.service.settle("");
  answers.service.ask(2, "hello");
  REQUIRE(answers.wait(2));
  const std::lock_guard lock(answers.mutex);
  REQUIRE(answers.failures.size() == 1);
  CHECK(answers.failures[0].find("nothing") != std::string::npos);
  CHECK(answers.sentences.empty());
}

TEST_CASE("a model that cannot be loaded leaves the old one answering", "[conversation]") {
  const Fixture fixture;
  Answers answers;
  answers.service.load(fixture.folder / "model");
  answers.service.prepare();
  answers.service.load(fixture.folder / "nothing");
  answers.service.ask(1, "how are you");
  REQUIRE(answers.wait(1));
  CHECK(answers.tokens == 1);
  const std::lock_guard lock(answers.mutex);
  CHECK(answers.failures.size() == 1);
}
