#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>

#include "model/speech/beam_decoder.h"
#include "model/speech/greedy_decoder.h"

using namespace catena::model;

namespace {

using Row = std::array<float, kSymbols>;

/// ln p of a step in which the named letters ('_' the blank) have these probabilities; the rest is shared out.
Row row(const std::map<char, float>& likely) {
  float left = 1;
  for (const auto& [letter, p] : likely) left -= p;
  Row result;
  result.fill(std::log(std::max(left, 1e-6F) / kSymbols));
  for (const auto& [letter, p] : likely) result[letter == '_' ? kBlank : symbol_of(letter)] = std::log(p);
  return result;
}

std::string joined(const std::vector<DecodedWord>& words) {
  std::string text;
  for (const DecodedWord& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

void feed(BeamDecoder& decoder, const std::string& path, float p = 0.99F) {
  for (const char letter : path) decoder.feed(row({{letter, p}}));
}

/// Likes one word and dislikes all others; remembers what it was asked.
struct OneWord final : WordModel {
  explicit OneWord(std::string word) : liked(std::move(word)) {}
  StatePointer start() override { return nullptr; }
  Judgement next(const StatePointer& state, std::string_view word) override {
    ++asked;
    return {word == liked ? -1.0F : -8.0F, state, std::string(word)};
  }
  float beginning(std::string_view letters) override { return -1.6F * static_cast<float>(letters.size()); }
  std::string liked;
  int asked = 0;
};

}  // namespace

TEST_CASE("repetitions are merged, blanks between equal letters are not") {
  BeamDecoder decoder;
  feed(decoder, "__hheel_llo__ _tthhe_ree__");
  decoder.end_utterance();
  CHECK(joined(decoder.take_settled()) == "hello there");
}

TEST_CASE("ways to the same text are added up, as no single path can") {
  // Graves 2012: the likeliest path is all blanks (0.36), yet "a" is likelier (0.64) over its three paths.
  BeamDecoder decoder;
  GreedyDecoder greedy;
  std::string by_path;
  for (int t = 0; t < 2; ++t) {
    const Row step = row({{'_', 0.6F}, {'a', 0.399F}});
    decoder.feed(step);
    if (const Symbol symbol = greedy.feed(step); symbol != kBlank) by_path.push_back(letter_of(symbol));
  }
  decoder.end_utterance();
  CHECK(joined(decoder.take_settled()) == "a");
  CHECK(by_path.empty());
}

TEST_CASE("words are settled when nothing speaks against them, and never change afterwards") {
  BeamDecoder decoder;
  feed(decoder, "one_ ");
  feed(decoder, "two_ ");
  feed(decoder, "th");
  CHECK(joined(decoder.take_settled()) == "one two");
  CHECK(joined(decoder.open_words()) == "th");
  feed(decoder, "re_e");
  decoder.end_utterance();
  CHECK(joined(decoder.take_settled()) == "three");
  CHECK(decoder.open_words().empty());
}

TEST_CASE("a space across the place where words were settled is still one space") {
  BeamDecoder decoder;
  feed(decoder, "a ");
  decoder.take_settled();
  feed(decoder, "   b");
  decoder.end_utterance();
  CHECK(joined(decoder.take_settled()) == "b");
}

TEST_CASE("a language model decides between words that sound alike, also the last one") {
  const bool last = GENERATE(false, true);
  const auto words = std::make_shared<OneWord>("see");
  BeamDecoder decoder({.width = 8}, words), alone;
  for (BeamDecoder* d : {&decoder, &alone}) {
    feed(*d, "s");
    feed(*d, "e");
    d->feed(row({{'_', 0.9F}}));
    d->feed(row({{'e', 0.4F}, {'a', 0.58F}}));
    if (!last) feed(*d, "_ ");
    d->end_utterance();
  }
  CHECK(joined(alone.take_settled()) == "sea");
  CHECK(joined(decoder.take_settled()) == "see");
  CHECK(words->asked < 40);
}

TEST_CASE("a language model that there is no time for is not asked, and words come all the same") {
  const auto words = std::make_shared<OneWord>("see");
  BeamDecoder decoder({}, words);
  decoder.set_language(false);
  feed(decoder, "one_ two");
  decoder.end_utterance();
  CHECK(joined(decoder.take_settled()) == "one two");
  CHECK(words->asked == 0);
  decoder.set_language(true);
  feed(decoder, "three");
  decoder.end_utterance();
  CHECK(words->asked > 0);
}

TEST_CASE("words know when they were said and how sure that is") {
  BeamDecoder decoder;
  feed(decoder, "___", 0.99F);
  feed(decoder, "ab_ ", 0.9F);
  feed(decoder, "c", 0.5F);
  decoder.end_utterance();
  const std::vector<DecodedWord> words = decoder.take_settled();
  REQUIRE(words.size() == 2);
  CHECK(words[0].first_step == 3);
  CHECK(words[0].last_step == 4);
  CHECK(words[0].confidence == Approx(0.9).epsilon(0.01));
  CHECK(words[1].first_step == 7);
  CHECK(words[1].confidence == Approx(0.5).epsilon(0.01));
}

TEST_CASE("quiet is counted in steps without a letter") {
  BeamDecoder decoder;
  feed(decoder, "a__ _");
  CHECK(decoder.blank_steps() == 4);
  feed(decoder, "b");
  CHECK(decoder.blank_steps() == 0);
}

TEST_CASE("an endless murmur does not make the open text grow") {
  BeamDecoder decoder({.width = 4, .longest_open = 5});
  std::mt19937 random(1);
  std::size_t longest = 0;
  for (int t = 0; t < 3000; ++t) {
    Row step;
    float sum = 0;
    for (float& p : step) sum += p = static_cast<float>(random() % 1000 + 1);
    for (float& p : step) p = std::log(p / sum);
    decoder.feed(step);
    longest = std::max(longest, decoder.open_words().size());
    decoder.take_settled();
  }
  CHECK(longest <= 7);
}

TEST_CASE("what a reader writes often without reason is believed less") {
  const auto read = [](float prior_weight) {
    BeamOptions options;
    options.prior_weight = prior_weight;
    options.language_weight = 0;
    options.symbol_prior.assign(kSymbols, 0.001F);
    options.symbol_prior[symbol_of('e')] = 0.9F;
    BeamDecoder decoder(options, std::make_shared<OneWord>("x"));
    decoder.feed(row({{'e', 0.5F}, {'a', 0.4F}}));
    decoder.end_utterance();
    return decoder.take_settled();
  };
  CHECK(joined(read(0)) == "e");
  const std::vector<DecodedWord> words = read(0.5F);
  REQUIRE(joined(words) == "a");
  CHECK(words[0].confidence == Approx(0.4F));  // of what was heard, without the prior
}

TEST_CASE("a letter is as sure as where it is heard best, and the sound tells how many there are") {
  BeamDecoder decoder;
  decoder.feed(row({{'a', 0.3F}, {'_', 0.6F}}));
  decoder.feed(row({{'a', 0.9F}}));
  decoder.feed(row({{'b', 0.6F}}));
  decoder.end_utterance();
  const std::vector<DecodedWord> words = decoder.take_settled();
  REQUIRE(joined(words) == "ab");
  CHECK(words[0].letters == 2);
  CHECK(words[0].heard_letters == Approx(1.5F));
  CHECK(words[0].confidence == Approx(std::sqrt(0.9F * 0.6F)));
}
