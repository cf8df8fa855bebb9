#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "app/session/read_aloud.h"

using namespace catena::app;

namespace {

/// A voice that is played by hand.
struct Reading {
  std::vector<std::string> said;
  int silences = 0;
  ReadAloud reading{[this](const std::string& text) {
                      said.push_back(text);
                      return said.size();
                    },
                    [this] { ++silences; }};

  void finish_all() {
    for (std::size_t i = 1; i <= said.size(); ++i) reading.finished(i);
  }
  std::string all() const {
    std::string text;
    for (const std::string& piece : said) text += piece;
    return text;
  }
};

}  // namespace

TEST_CASE("a text is read in breaths, all of it and nothing twice") {
  Reading here;
  const std::string text = "One. Two is longer!\n\nThree?  Four 4.5 and so on\nfive";
  here.reading.start(text);
  CHECK(here.said.size() == 2);  // the rest waits
  CHECK(here.said[0] == "One.");
  here.finish_all();
  CHECK(here.said.size() == 5);
  CHECK_FALSE(here.reading.active());
  CHECK(here.all().find("Four 4.5 and so on") != std::string::npos);
}

TEST_CASE("a long sentence is cut at a space, and never inside a character") {
  const std::string words = std::string(290, 'a') + " " + std::string(290, 'b');
  CHECK(breath(words) == 290);
  std::string umlauts;
  for (int i = 0; i < 400; ++i) umlauts += "\xC3\xA4";
  CHECK(breath(umlauts) % 2 == 0);
  CHECK(breath(umlauts) > 200);
  CHECK(breath("x") == 1);
}

TEST_CASE("held, it is silent; then it goes on from the word that was being spoken") {
  Reading here;
  here.reading.start("The first sentence. The second.");
  here.reading.word(1, 4);
  here.reading.hold();
  here.reading.hold();
  CHECK(here.silences == 1);
  CHECK(here.reading.active());
  CHECK_FALSE(here.reading.owns(1));
  here.reading.resume();
  REQUIRE(here.said.size() == 4);
  CHECK(here.said[2] == "first sentence.");
  CHECK(here.said[3] == " The second.");
}

TEST_CASE("stopped, it is over, and the next text begins") {
  Reading here;
  here.reading.start("One. Two. Three.");
  here.reading.stop();
  CHECK(here.silences == 1);
  CHECK_FALSE(here.reading.active());
  here.reading.finished(1);
  CHECK(here.said.size() == 2);
  here.reading.start("Four.");
  CHECK(here.said.back() == "Four.");
}

TEST_CASE("a text of white space alone is over at once") {
  Reading here;
  here.reading.start(" \n\n ");
  CHECK_FALSE(here.reading.active());
  CHECK(here.said.empty());
}
