#include <catch2/catch.hpp>
#include <cctype>
#include <set>
#include <thread>

#include "model/runtime/memory.h"
#include "model/text/utf8.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character next = decode_utf8(text);
    if (next.status != Utf8::complete) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

CompletionOptions options(int max_tokens, float temperature = 0, std::uint64_t seed = 1) {
  return {.sampling = {.temperature = temperature, .seed = seed}, .boundary = Boundary::none, .max_tokens = max_tokens};
}

}  // namespace

TEST_CASE("A completion leaves the stream bit-identical") {
  std::mt19937 random(31);
  for (const Carry carry : {Carry::delta, Carry::vector, Carry::none}) {
    TextStream stream = tiny_stream(carry);
    for (int round = 0; round < 10; ++round) {
      stream.feed(random_text(random, 60));
      const Checkpoint before = stream.mark();
      stream.complete(options(40, 1, random()));
      stream.alternatives(options(3), 3);
      REQUIRE(stream.state() == before.state);
      REQUIRE(stream.pending() == before.pending);
      REQUIRE(stream.bytes() == before.bytes + static_cast<std::int64_t>(before.pending.size()));
    }
  }
}

TEST_CASE("The same request gives the same completion; another seed another one") {
  TextStream stream = tiny_stream();
  stream.feed("for (const auto& item : items) {\n");
  const std::string greedy = stream.complete(options(12)).text;
  CHECK(stream.complete(options(12)).text == greedy);
  CHECK(stream.complete(options(12, 1, 5)).text == stream.complete(options(12, 1, 5)).text);
  CHECK(stream.complete(options(12, 1, 5)).text != stream.complete(options(12, 1, 6)).text);
}

TEST_CASE("A greedy completion begins with the likeliest whole word, not with the likeliest beginning of one") {
  for (const unsigned seed : {1U, 2U, 3U, 4U, 5U}) {
    INFO("model " << seed);
    TextStream stream = stream_of(tiny_text_model(Carry::delta, seed));
    stream.feed("return (");
    CompletionOptions wanted = options(8);
    // "z" is likelier than "q", but two words begin with it. No piece of the vocabulary holds two of these letters.
    wanted.expected = {{"q ", 0.5}, {"zx ", 0.24}, {"zj ", 0.24}};
    CHECK(stream.complete(wanted).text.substr(0, 2) == "q ");
    wanted.expected = {{"q ", 0.3}, {"zx ", 0.39}, {"zj ", 0.29}};
    CHECK(stream.complete(wanted).text.substr(0, 3) == "zx ");
  }
}

TEST_CASE("Typed letters are kept: what is generated extends them, and is valid UTF-8 without control tokens") {
  std::mt19937 random(32);
  const auto model = tiny_text_model(Carry::delta);
  for (int round = 0; round < 60; ++round) {
    TextStream stream = stream_of(model);
    stream.feed("x\n" + random_text(random, 40, false));
    const std::string pending(stream.pending());
    std::vector<std::string> seen;
    const Completion completion =
        stream.complete(options(8, 1.5F, random()), {}, [&](std::string_view text) { seen.emplace_back(text); });
    REQUIRE(completion.healed == static_cast<int>(pending.size()));
    REQUIRE(is_valid_utf8(completion.text));
    for (const std::string& step : seen) {
      REQUIRE(is_valid_utf8(step));
      REQUIRE(completion.text.compare(0, step.size(), step) == 0);  // it only ever grows
    }
    REQUIRE(completion.mean_log_probability <= 0);
    REQUIRE((completion.stop == StopReason::max_tokens || completion.stop == StopReason::end));
  }
}

TEST_CASE("A completion ends before a token it is not sure enough of, and never inside a word that goes on") {
  std::mt19937 random(33);
  for (int round = 0; round < 20; ++round) {
    TextStream stream = tiny_stream();
    stream.feed(random_text(random, 200, false));
    CompletionOptions wanted = options(12);
    const Completion whole = stream.complete(wanted);
    std::size_t longest = 0;
    for (const double least : {0.5, -3.0, -4.5, -6.0, -50.0}) {
      wanted.least_log_probability = least;
      const Completion sure = stream.complete(wanted);
      REQUIRE(whole.text.compare(0, sure.text.size(), sure.text) == 0);
      REQUIRE(sure.text.size() >= longest);
      longest = sure.text.size();
      if (sure.stop != StopReason::unsure) continue;
      REQUIRE(sure.text.size() < whole.text.size());
      const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
      if (!sure.text.empty()) REQUIRE_FALSE((is_word(sure.text.back()) && is_word(whole.text[sure.text.size()])));
    }
    REQUIRE(longest == whole.text.size());  // -50 forbids nothing
  }
}

TEST_CASE("The mask lets only tokens through that fit the typed letters") {
  const auto tokenizer = small_tokenizer();
  const TokenMask mask(tokenizer);
  const auto allowed = [&](std::string_view required, std::string_view partial) {
    std::vector<float> logits(static_cast<std::size_t>(tokenizer->vocab()), 0.0F);
    mask.apply(logits, required, partial);
    std::set<Token> tokens;
    for (Token token = 0; token < tokenizer->vocab(); ++token) {
      if (logits[static_cast<std::size_t>(token)] == 0) tokens.insert(token);
    }
    return tokens;
  };
  const Token total = tokenizer->encode(" total").front();
  const Token newline = tokenizer->encode("\n").front();
  for (const Token token : allowed(" tot", "")) {
    const std::string piece(tokenizer->piece(token));
    INFO(piece);
    CHECK((piece.substr(0, 4) == " tot" || std::string(" tot").substr(0, piece.size()) == piece));
  }
  CHECK(allowed(" tot", "").count(total) == 1);
  CHECK(allowed(" tot", "").count(newline) == 0);
  CHECK(allowed(" tot", "").count(tokenizer->control(Control::end)) == 0);
  CHECK(allowed("", "").count(tokenizer->control(Control::end)) == 1);
  CHECK(allowed("", "").count(tokenizer->control(Control::middle)) == 0);
  CHECK(allowed("", "").count(0) == 0);  // SentencePiece's unknown token

  for (const Token token : allowed("", "\xF0")) {  // only what can follow a four-byte lead
    REQUIRE(tokenizer->piece(token).size() == 1);
    const auto byte = static_cast<unsigned char>(tokenizer->piece(token)[0]);
    CHECK((byte >= 0x90 && byte <= 0xBF));
  }
  CHECK(allowed("", "\xF0").size() == 0x30);
  // Letters that no piece begins with can still be spelled in bytes.
  CHECK_FALSE(allowed("\xE4\xB8\xAD", "").empty());
}

TEST_CASE("A completion ends at the boundary that was asked for") {
  const auto model = tiny_text_model(Carry::delta);
  int ended = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    TextStream stream = stream_of(model);
    stream.feed("if (x)");
    CompletionOptions line = options(60, 1.2F, seed);
    line.boundary = Boundary::line;
    const Completion completion = stream.complete(line);
    if (completion.stop != StopReason::boundary) continue;
    ++ended;
    const std::size_t says_something = completion.text.find_first_not_of(" \t\r\n");
    REQUIRE(says_something != std::string::npos);
    REQUIRE(completion.text.find('\n', says_something) == std::string::npos);
  }
  CHECK(ended > 0);
}

TEST_CASE("Cancelling stops within one token") {
  TextStream stream = tiny_stream();
  stream.feed("for (const auto& item : items) {\n");
  std::stop_source stop;
  int calls = 0;
  const Completion completion = stream.complete(options(50), stop.get_token(), [&](std::string_view) {
    if (++calls == 3) stop.request_stop();
  });
  CHECK(completion.stop == StopReason::cancelled);
  CHECK(calls == 3);
  CHECK(completion.tokens == 3);
  CHECK(stream.complete(options(5), stop.get_token()).tokens == 0);
  CHECK(stream.alternatives(options(5), 3, stop.get_token()).empty());
}

TEST_CASE("Alternatives differ and the first is the greedy completion") {
  TextStream stream = tiny_stream();
  stream.feed("int total = it");
  const auto found = stream.alternatives(options(4), 3);
  REQUIRE(found.size() == 3);
  CHECK(found[0].text == stream.complete(options(4)).text);
  std::set<std::string> texts;
  for (const Completion& completion : found) texts.insert(completion.text);
  CHECK(texts.size() == 3);
}

TEST_CASE("More alternatives than the search for one word looks at can be asked for") {
  TextStream stream = tiny_stream();
  stream.feed("int total = it");
  const auto found = stream.alternatives(options(8), 12);
  CHECK(found.size() > 8);  // some words lead to the same text
  CHECK(found.size() <= 12);
}

TEST_CASE("A stream that has read nothing suggests nothing") {
  TextStream stream = tiny_stream();
  CHECK(stream.complete(options(5)).stop == StopReason::nothing_read);
  stream.feed("wor");  // still pending
  CHECK(stream.complete(options(5)).text.empty());
  CHECK(stream.alternatives(options(5), 2).empty());
}

TEST_CASE("Once warm, a completion allocates no memory at all") {
  TextStream stream = tiny_stream();
  stream.feed("for (const auto& item : items) {\n    tot");
  Completion completion;
  const CompletionOptions request = options(20, GENERATE(0.0F, 0.8F));
  stream.complete(request, completion);
  const auto numbers = memory_counters().allocations;
  const auto heap = thread_heap_allocations();
  stream.complete(request, completion);
  CHECK(memory_counters().allocations == numbers);
  CHECK(thread_heap_allocations() == heap);
}
