#include "model/text/fill_in_middle.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "model/text/packer.h"
#include "model/text/token_file.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

/// Puts the examples back: A <|suffix|> b <|middle|> M <|prefix|> B becomes A M B. Checks each on the way.
std::vector<Token> undone(const std::vector<Token>& tokens, const Tokenizer& tokenizer, int& examples) {
  std::vector<Token> plain;
  std::vector<std::pair<std::size_t, std::vector<Token>>> shown;  // where the gap ended, what was said to follow
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] != tokenizer.control(Control::suffix)) {
      plain.push_back(tokens[i]);
      continue;
    }
    ++examples;
    std::vector<Token> following, middle;
    for (++i; tokens.at(i) != tokenizer.control(Control::middle); ++i) following.push_back(tokens[i]);
    for (++i; tokens.at(i) != tokenizer.control(Control::prefix); ++i) middle.push_back(tokens[i]);
    REQUIRE(!middle.empty());
    REQUIRE(following.size() <= static_cast<std::size_t>(longest_following));
    plain.insert(plain.end(), middle.begin(), middle.end());
    shown.emplace_back(plain.size(), following);
  }
  for (const auto& [at, following] : shown) {
    REQUIRE(at + following.size() <= plain.size());
    REQUIRE(std::equal(following.begin(), following.end(), plain.begin() + static_cast<std::ptrdiff_t>(at)));
  }
  return plain;
}

TextStream filling_stream(const std::string& text) {
  ModelConfig config = tiny_config(Carry::delta, small_tokenizer()->vocab());
  config.fill_in_middle = true;
  const auto model = std::make_shared<TextModel>(random_weights(config), small_tokenizer());
  TextStream stream = stream_of(model, {.chunk_length = 512});
  stream.feed(text);
  return stream;
}

CompletionOptions wanted(std::string_view following) {
  return {.sampling = {}, .boundary = Boundary::none, .max_tokens = 8, .following = following};
}

}  // namespace

TEST_CASE(
    "Examples of filling in change the order of a document's tokens and lose none; the same seed makes the same") {
  const auto tokenizer = small_tokenizer();
  std::vector<Token> document;
  while (document.size() < 3000) {
    const std::vector<Token> more = tokenizer->encode(sample_text());
    document.insert(document.end(), more.begin(), more.end());
  }
  std::vector<Token> rewritten, again;
  FillInMiddle(tokenizer, 150, 5).rewrite(document, rewritten);
  FillInMiddle(tokenizer, 150, 5).rewrite(document, again);
  CHECK(rewritten == again);
  int examples = 0;
  CHECK(undone(rewritten, *tokenizer, examples) == document);
  const double expected = static_cast<double>(document.size()) / 170;  // a gap and a middle of about 20 tokens
  CHECK(examples > 0.5 * expected);
  CHECK(examples < 1.5 * expected);
}

TEST_CASE("Turns of a dialogue and texts too short for an example stay as they are") {
  const auto tokenizer = small_tokenizer();
  std::vector<Token> dialogue(400, tokenizer->encode("a").front());
  dialogue[3] = tokenizer->control(Control::user);
  const std::vector<Token> brief(5, dialogue[0]);
  for (const auto& document : {dialogue, brief, std::vector<Token>()}) {
    std::vector<Token> out;
    FillInMiddle(tokenizer, 20, 1).rewrite(document, out);
    CHECK(out == document);
  }
}

TEST_CASE("Packing with examples of filling in keeps documents and their text") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 20; ++i) text += "<|file|>f" + std::to_string(i) + "\n" + sample_text() + "\n<|end|>\n";
  write_text(folder / "corpus.txt", text);
  const std::filesystem::path file = folder / "corpus.txt";
  pack_tokens({&file, 1}, small_tokenizer(), folder / "plain.tokens");
  pack_tokens({&file, 1}, small_tokenizer(), folder / "filled.tokens", {.fill_in_middle_every = 100});
  const auto tokens = [&](const char* name) {
    const TokenFile packed(folder / name);
    return std::vector<Token>(packed.tokens().begin(), packed.tokens().end());
  };
  int examples = 0;
  CHECK(undone(tokens("filled.tokens"), *small_tokenizer(), examples) == tokens("plain.tokens"));
  CHECK(examples > 20);
}

TEST_CASE(
    "A completion of a model that fills in has looked at the text that follows, and leaves the stream as it was") {
  const std::string text = "int main() {\n  const int total = count(items) + count(others);\n  ret";
  TextStream stream = filling_stream(text);
  const Checkpoint before = stream.mark();
  const std::string following = "\n}\n" + sample_text();
  const Completion filled = stream.complete(wanted(following));
  CHECK(stream.state() == before.state);
  CHECK(stream.complete(wanted(following)).text == filled.text);
  CHECK(stream.complete(wanted("")).text != filled.text);
  CHECK(stream.complete(wanted(" \n\t")).text == stream.complete(wanted("")).text);

  // By hand: from the stream's beginning the control tokens and the text that follows, then the text so far.
  const Tokenizer& tokenizer = *small_tokenizer();
  std::vector<Token> read = tokenizer.encode(following);
  read.resize(longest_following);
  read.insert(read.begin(), tokenizer.control(Control::suffix));
  read.push_back(tokenizer.control(Control::middle));
  const std::vector<Token> typed = tokenizer.encode(text);
  read.insert(read.end(), typed.begin(), typed.begin() + stream.tokens());
  const auto executor = make_executor(stream.model().weights(), {});
  ChainState state = executor->initial_state(512);
  executor->read(state, read, stream.settings());
  std::vector<float> logits(static_cast<std::size_t>(tokenizer.vocab()));
  executor->logits(state, logits);
  const std::string begun = std::string(stream.pending()) + filled.text;
  Token likeliest = -1;
  for (Token token = 0; token < tokenizer.vocab(); ++token) {
    const std::string_view piece = tokenizer.piece(token);
    const std::size_t shared = std::min(piece.size(), stream.pending().size());
    if (piece.empty() || piece.substr(0, shared) != stream.pending().substr(0, shared)) continue;
    if (likeliest < 0 || logits[static_cast<std::size_t>(token)] > logits[static_cast<std::size_t>(likeliest)])
      likeliest = token;
  }
  CHECK(begun.starts_with(tokenizer.piece(likeliest)));
}

TEST_CASE(
    "Right after going back, and after too few words, nothing is looked at; typed on, the same text gives the same "
    "completion") {
  const std::string text = "int main() {\n  const int total = count(items) + count(others);\n  ret";
  TextStream brief = filling_stream("int ma");
  CHECK(brief.complete(wanted("in() {}\n")).text == brief.complete(wanted("")).text);

  TextStream stream = filling_stream(text);
  const std::string first = stream.complete(wanted("\n}\n")).text;
  CHECK(stream.complete(wanted("\n} // another\n")).text != first);  // not what was kept of the text before
  CHECK(stream.rewind_to(0) == 0);
  stream.feed(text);
  CHECK(stream.complete(wanted("\n}\n")).text == first);
}

TEST_CASE("A model that was not trained to fill in does not look at what follows") {
  TextStream stream = tiny_stream();
  stream.feed("for (const auto& item : items) {\n");
  CHECK(stream.complete(wanted("}\n")).text == stream.complete(wanted("")).text);
}
