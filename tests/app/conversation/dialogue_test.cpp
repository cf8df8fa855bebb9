#include <catch2/catch.hpp>

#include "app/conversation/dialogue.h"
#include "tests/model/text/fixtures.h"

using namespace catena;
using namespace catena::app;

namespace {

std::string answered(Dialogue& dialogue, const std::string& question) {
  std::string text;
  dialogue.answer(question, [&](const std::string& sentence) {
    text += sentence + "|";
    return true;
  });
  return text;
}

}  // namespace

TEST_CASE("a conversation has a state of one size, and is the same for the same seed") {
  const auto model = model::test::tiny_text_model(model::Carry::delta);
  Dialogue a(model, {}), b(model, {});
  const std::size_t before = a.state_bytes();
  for (int i = 0; i < 20; ++i) CHECK(answered(a, "how are you") == answered(b, "how are you"));
  CHECK(a.state_bytes() == before);
}

TEST_CASE("what was not heard is taken back: the chain goes on as if only the heard part had been said") {
  const auto model = model::test::tiny_text_model(model::Carry::delta);
  Dialogue interrupted(model, {}, {}), noted(model, {}, {});
  answered(interrupted, "tell me all");
  interrupted.settle("It is");
  noted.note("tell me all", "It is");
  CHECK(answered(interrupted, "go on") == answered(noted, "go on"));
}

TEST_CASE(
    "a conversation tells every token that its chain reads, and where it goes on after something was taken back") {
  const auto model = model::test::tiny_text_model(model::Carry::delta);
  Dialogue interrupted(model, {}, {}), noted(model, {}, {});
  const auto follow = [](Dialogue& dialogue, std::vector<model::Token>& chain) {
    dialogue.on_read = [&chain](std::int64_t place, std::span<const model::Token> tokens) {
      REQUIRE(place <= static_cast<std::int64_t>(chain.size()));
      chain.resize(static_cast<std::size_t>(place));
      chain.insert(chain.end(), tokens.begin(), tokens.end());
    };
  };
  std::vector<model::Token> heard, expected;
  follow(interrupted, heard);
  follow(noted, expected);
  answered(interrupted, "tell me all");
  interrupted.settle("It is");
  noted.note("tell me all", "It is");
  CHECK_FALSE(heard.empty());
  CHECK(heard == expected);
}

TEST_CASE("every question has an answer, and one that is not wanted any more ends before its next token") {
  const auto model = model::test::tiny_text_model(model::Carry::delta);
  Dialogue dialogue(model, {}, {.temperature = 2.0F});
  for (int i = 0; i < 30; ++i) CHECK_FALSE(answered(dialogue, "well").empty());
  int asked = 0;
  dialogue.answer(
      "well", [](const std::string&) { return true; },
      [&](int tokens) {
        CHECK(tokens == asked++);
        return tokens < 1;
      });
  CHECK(asked == 2);
}

TEST_CASE("an answer that is not wanted ends with the sentence at hand, and never has control tokens or a line end") {
  const auto model = model::test::tiny_text_model(model::Carry::delta);
  Dialogue dialogue(model, {}, {.temperature = 1.5F});
  for (int i = 0; i < 10; ++i) {
    int sentences = 0;
    dialogue.answer("well", [&](const std::string& sentence) {
      ++sentences;
      CHECK_FALSE(sentence.empty());
      CHECK(sentence.find('\n') == std::string::npos);
      CHECK(sentence.find("<|") == std::string::npos);
      return false;
    });
    CHECK(sentences <= 1);
  }
}
