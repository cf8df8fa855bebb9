#include "model/text/spoken_asides.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "model/text/fill_in_middle.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

std::vector<Token> long_document() {
  std::vector<Token> document;
  while (document.size() < 3000) {
    const std::vector<Token> more = small_tokenizer()->encode(sample_text());
    document.insert(document.end(), more.begin(), more.end());
  }
  std::erase_if(document, [&](Token token) { return small_tokenizer()->piece(token).empty(); });  // no turns
  return document;
}

/// Takes the asides out, and says what was said in them.
std::vector<Token> without_asides(const std::vector<Token>& tokens, std::vector<std::string>& said) {
  const Tokenizer& tokenizer = *small_tokenizer();
  std::vector<Token> rest;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] != tokenizer.control(Control::user)) {
      rest.push_back(tokens[i]);
      continue;
    }
    said.emplace_back();
    std::size_t length = 2;
    for (++i; tokens.at(i) != tokenizer.control(Control::prefix); ++i, ++length)
      said.back() += tokenizer.piece(tokens[i]);
    REQUIRE(length <= longest_aside);
  }
  return rest;
}

TextStream hearing_stream(bool trained = true) {
  ModelConfig config = tiny_config(Carry::delta, small_tokenizer()->vocab());
  config.spoken_asides = trained;
  return stream_of(std::make_shared<TextModel>(random_weights(config), small_tokenizer()));
}

}  // namespace

TEST_CASE("Text is spoken in words: identifiers in their parts, nothing that is not heard") {
  const auto spoken = [](const char* text) {
    std::string words;
    for (const std::string& word : as_spoken(text)) words += (words.empty() ? "" : " ") + word;
    return words;
  };
  CHECK(spoken("Don't stop, it's 12 o'clock!") == "don't stop it's o'clock");
  CHECK(spoken("int totalCount = my_list.size();") == "int total count my list size");
  CHECK(spoken("HTTPServer parseURL 'quoted'") == "http server parse url quoted");
  CHECK(spoken("  \n 42 {};") == "");
}

TEST_CASE("Examples of what was said are put into a document and lose none of it; the same seed makes the same") {
  const std::vector<Token> document = long_document();
  std::vector<Token> rewritten, again;
  SpokenAsides(small_tokenizer(), 150, 5).rewrite(document, rewritten);
  SpokenAsides(small_tokenizer(), 150, 5).rewrite(document, again);
  CHECK(rewritten == again);
  std::vector<std::string> said;
  CHECK(without_asides(rewritten, said) == document);
  CHECK(said.size() > document.size() / 300);
  for (const std::string& words : said) {
    INFO(words);
    CHECK(words.front() == ' ');
    CHECK(std::all_of(words.begin(), words.end(),
                      [](char c) { return c == ' ' || c == '\'' || (c >= 'a' && c <= 'z'); }));
  }
}

TEST_CASE("Most of what an example says is what follows it") {
  const std::vector<Token> document = long_document();
  const Tokenizer& tokenizer = *small_tokenizer();
  std::vector<Token> rewritten;
  SpokenAsides(small_tokenizer(), 100, 7).rewrite(document, rewritten);
  int words = 0, following = 0;
  for (std::size_t i = 0; i < rewritten.size(); ++i) {
    if (rewritten[i] != tokenizer.control(Control::user)) continue;
    std::string said, after;
    for (++i; rewritten[i] != tokenizer.control(Control::prefix); ++i) said += tokenizer.piece(rewritten[i]);
    for (std::size_t j = i + 1; j < std::min(rewritten.size(), i + 60); ++j) after += tokenizer.piece(rewritten[j]);
    const std::vector<std::string> spoken = as_spoken(after);
    std::istringstream stream(said);
    for (std::string word; stream >> word; ++words)
      following += std::count(spoken.begin(), spoken.end(), word) > 0 ? 1 : 0;
  }
  REQUIRE(words > 50);
  CHECK(following > words * 6 / 10);
  CHECK(following < words);
}

TEST_CASE("Dialogues, texts without words and examples of filling in are left alone") {
  const auto tokenizer = small_tokenizer();
  std::vector<Token> dialogue = tokenizer->encode("a word and another one, and more of them");
  dialogue.insert(dialogue.begin(), tokenizer->control(Control::user));
  for (const auto& document : {dialogue, tokenizer->encode("12 34 {} [] 56 78"), std::vector<Token>()}) {
    std::vector<Token> out;
    SpokenAsides(tokenizer, 2, 1).rewrite(document, out);
    CHECK(out == document);
  }
  std::vector<Token> filled, both;
  FillInMiddle(tokenizer, 100, 3).rewrite(long_document(), filled);
  SpokenAsides(tokenizer, 20, 3).rewrite(filled, both);
  bool inside = false;
  for (const Token token : both) {
    if (token == tokenizer->control(Control::suffix)) inside = true;
    CHECK_FALSE((inside && token == tokenizer->control(Control::user)));
    if (token == tokenizer->control(Control::prefix)) inside = false;
  }
}

TEST_CASE("What a stream hears is in its state and none of its text") {
  TextStream stream = hearing_stream(), deaf = hearing_stream(false), silent = hearing_stream();
  for (TextStream* each : {&stream, &deaf, &silent}) each->feed("int total = 0;\nfor (auto ite");
  const std::int64_t bytes = stream.bytes();
  const std::string pending(stream.pending());
  const std::int64_t tokens = stream.tokens();
  stream.hear("add the item's price");
  CHECK(stream.bytes() == bytes);
  CHECK(stream.pending() == pending);
  CHECK(stream.tokens() ==
        tokens + static_cast<std::int64_t>(spoken_aside(*small_tokenizer(), "add the item's price").size()));
  CHECK_FALSE(stream.state() == silent.state());
  deaf.hear("add the item's price");
  CHECK(deaf.tokens() == tokens);
  silent.hear("");
  CHECK(silent.tokens() == tokens);
}

TEST_CASE("What was heard stays as long as the text before it does") {
  TextStream stream = hearing_stream(), silent = hearing_stream();
  const std::string before = "int total = 0;\nint count = 1;\n", after = "total += count;\nreturn total;\n";
  stream.feed(before);
  silent.feed(before);
  stream.hear("sum it up");
  const Checkpoint heard = stream.mark();
  stream.feed(after);
  // Behind it: it is still there.
  stream.rewind_to(static_cast<std::int64_t>(before.size()));
  CHECK(stream.bytes() <= static_cast<std::int64_t>(before.size()));
  stream.feed(std::string_view(before).substr(static_cast<std::size_t>(stream.bytes())));
  CHECK(stream.tokens() == heard.state.counters().tokens);
  CHECK(stream.state() == heard.state);
  // Before it: as if it had never been said.
  const std::int64_t at = stream.rewind_to(4);
  stream.feed(std::string_view(before).substr(static_cast<std::size_t>(at)));
  CHECK(stream.state() == silent.state());
}

TEST_CASE("A long aside is heard by its end") {
  std::string words;
  for (int i = 0; i < 200; ++i) words += "word ";
  words += "last";
  const std::vector<Token> aside = spoken_aside(*small_tokenizer(), words);
  CHECK(aside.size() == longest_aside);
  std::string text;
  for (const Token token : aside) text += small_tokenizer()->piece(token);
  CHECK(text.ends_with("last"));
}
