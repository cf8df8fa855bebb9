#include <catch2/catch.hpp>
#include <cmath>

#include "model/speech/phrase_recogniser.h"

using namespace catena::model;

namespace {

/// What a reader of letters that hears `written` would say, a symbol a step; '.' is the blank, '?' no idea.
std::vector<float> heard(std::string_view written, float sure = 0.9F) {
  std::vector<float> log_p;
  for (const char c : written) {
    const float rest = c == '?' ? 1.0F / kSymbols : (1 - sure) / (kSymbols - 1);
    std::vector<float> p(kSymbols, rest);
    if (c != '?') p[c == '.' ? kBlank : c == ' ' ? kSpace : symbol_of(c)] = sure;
    for (const float each : p) log_p.push_back(std::log(each));
  }
  return log_p;
}

const std::vector<std::string> kPhrases{"save it", "stop", "see", "sea shell"};

}  // namespace

TEST_CASE("the phrase that all of an utterance is is recognised, spaces or not") {
  const PhraseRecogniser recogniser(kPhrases, nullptr, {});
  for (const char* written : {"..ss.aave. .i.t..", ".save.it.", "saveit", " save it "}) {
    INFO(written);
    const auto found = recogniser.recognise(heard(written), kSymbols);
    REQUIRE(found);
    CHECK(found->phrase == "save it");
    CHECK(found->loss < 0.01F);
  }
  CHECK(recogniser.recognise(heard(".s.e.e."), kSymbols)->phrase == "see");
}

TEST_CASE("a misheard letter costs what it is unlikely, and more of them are no phrase") {
  const PhraseRecogniser recogniser(kPhrases, nullptr, {});
  const float letter = std::log(0.9F) - std::log(0.1F / (kSymbols - 1));
  const auto found = recogniser.nearest(heard(".s.a.b.e. .i.t."), kSymbols);
  CHECK(found->phrase == "save it");
  CHECK(found->loss == Approx(letter / 7));
  CHECK(recogniser.recognise(heard(".s.a.b.e. .i.t."), kSymbols));
  CHECK_FALSE(recogniser.recognise(heard(".s.o.b.e. .i.f."), kSymbols));  // three of six
}

TEST_CASE("a phrase inside of something longer is not that phrase") {
  const PhraseRecogniser recogniser(kPhrases, nullptr, {});
  CHECK_FALSE(recogniser.recognise(heard("do not stop the music"), kSymbols));
  CHECK_FALSE(recogniser.recognise(heard("stopping"), kSymbols));
  CHECK_FALSE(recogniser.recognise(heard("sto"), kSymbols));
}

TEST_CASE("two equal letters need a blank between them") {
  const PhraseRecogniser recogniser(std::vector<std::string>{"see"}, nullptr, {});
  CHECK(recogniser.nearest(heard(".se.e"), kSymbols)->loss < 0.01F);
  CHECK(recogniser.nearest(heard(".s.ee."), kSymbols)->loss > 1);
}

TEST_CASE("utterances too short for any phrase, or with nothing in them, are none") {
  const PhraseRecogniser recogniser(std::vector<std::string>{"stop it"}, nullptr, {});
  CHECK_FALSE(recogniser.nearest(heard("st"), kSymbols));
  CHECK_FALSE(recogniser.nearest({}, kSymbols));
  CHECK_FALSE(recogniser.recognise(heard("........................"), kSymbols));
  CHECK_FALSE(PhraseRecogniser({}, nullptr, {}).nearest(heard("stop"), kSymbols));
}
