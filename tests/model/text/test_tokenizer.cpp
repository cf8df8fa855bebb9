#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "model/text/stream_codec.h"
#include "model/text/tokenizer_training.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

TEST_CASE("Any bytes come back exactly") {
  const auto tokenizer = small_tokenizer();
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string text = random_text(random, 200);
    if (round % 3 == 0) {
      for (char& byte : text) byte = static_cast<char>(random() % 256);
    }
    REQUIRE(tokenizer->decode(tokenizer->encode(text)) == text);
  }
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(3, static_cast<char>(byte));
    REQUIRE(tokenizer->decode(tokenizer->encode(text)) == text);
  }
}

TEST_CASE("Streaming gives the tokens of the whole text, for any split") {
  const auto tokenizer = small_tokenizer();
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_text(random, 400);
    StreamEncoder encoder(tokenizer, 16);  // a small cache: slots are displaced all the time
    std::vector<Token> tokens;
    std::size_t fed = 0;
    feed_randomly(random, text, 9, [&](std::string_view piece) {
      encoder.feed(piece, tokens);
      fed += piece.size();
      REQUIRE(tokenizer->decode(tokens) + std::string(encoder.pending()) == text.substr(0, fed));
    });
    encoder.flush(tokens);
    REQUIRE(encoder.pending().empty());
    REQUIRE(tokens == tokenizer->encode(text));
  }
}

TEST_CASE("Text never becomes a control token") {
  const auto tokenizer = small_tokenizer();
  for (const std::string_view name : control_names) {
    const auto tokens = tokenizer->encode(std::string(name) + "\n" + std::string(name) + " x");
    for (const Token token : tokens) CHECK_FALSE(tokenizer->is_control(token));
  }
  std::set<Token> controls;
  for (std::size_t i = 0; i < control_names.size(); ++i) {
    const Token token = tokenizer->control(static_cast<Control>(i));
    CHECK(tokenizer->is_control(token));
    CHECK(tokenizer->piece(token).empty());
    controls.insert(token);
  }
  CHECK(controls.size() == control_names.size());
}

TEST_CASE("A newline, a digit, a tab and a run of up to 16 spaces are one token each") {
  const auto tokenizer = small_tokenizer();
  for (const std::string text : {"\n", "7", "\t", "\t\t"}) CHECK(tokenizer->encode(text).size() == 1);
  for (std::size_t n = 1; n <= 16; ++n) CHECK(tokenizer->encode(std::string(n, ' ')).size() == 1);
  CHECK(tokenizer->encode("2024").size() == 4);
  CHECK(tokenizer->encode(" total").size() == 1);
}

TEST_CASE("A character is held back until it is whole, and only broken ones become U+FFFD") {
  StreamDecoder decoder;
  std::string text;
  decoder.feed("a\xF0\x9F", text);
  CHECK(text == "a");
  decoder.feed("\x99", text);
  CHECK(text == "a");
  CHECK(decoder.held() == "\xF0\x9F\x99");
  decoder.feed(
      "\x82"
      "b",
      text);
  CHECK(text ==
        "a\xF0\x9F\x99\x82"
        "b");
  decoder.feed(
      "\xE2\x82"
      "c\xFF",
      text);
  CHECK(text ==
        "a\xF0\x9F\x99\x82"
        "b\xEF\xBF\xBD"
        "c\xEF\xBF\xBD");
}

TEST_CASE("The decoder only ever appends, for any split of any valid text") {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    const std::string text = random_text(random, 200, false);
    StreamDecoder decoder;
    std::string out;
    feed_randomly(random, text, 3, [&](std::string_view piece) {
      decoder.feed(piece, out);
      REQUIRE(text.compare(0, out.size(), out) == 0);
    });
    REQUIRE(out == text);
  }
}

TEST_CASE("Training the same text twice gives the same tokenizer") {
  const TemporaryFolder folder;
  write_text(folder / "corpus.txt", sample_text());
  TokenizerTraining options;
  options.vocab = 400;
  const TokenizerSource source{folder / "corpus.txt", 1.0};
  const auto result = train_tokenizer({&source, 1}, options, folder / "a.model");
  train_tokenizer({&source, 1}, options, folder / "b.model");
  CHECK(result.segments > 50);
  CHECK(read_text(folder / "a.model") == read_text(folder / "b.model"));
  CHECK(Tokenizer::load(folder / "a.model")->vocab() == 400);
}

TEST_CASE("A stopped training writes nothing, a bad one says why in one line") {
  const TemporaryFolder folder;
  write_text(folder / "corpus.txt", sample_text());
  const TokenizerSource source{folder / "corpus.txt", 1.0};
  std::stop_source stop;
  stop.request_stop();
  CHECK(train_tokenizer({&source, 1}, {}, folder / "a.model", stop.get_token()).interrupted);
  CHECK_FALSE(std::filesystem::exists(folder / "a.model"));

  TokenizerTraining huge;
  huge.vocab = 60000;
  CHECK_THROWS_WITH(train_tokenizer({&source, 1}, huge, folder / "a.model"),
                    Catch::Contains("a.model") && Catch::Contains("text"));
  const TokenizerSource missing{folder / "none.txt", 1.0};
  CHECK_THROWS_WITH(train_tokenizer({&missing, 1}, {}, folder / "a.model"), Catch::Contains("none.txt"));
}

TEST_CASE("A missing, damaged or foreign tokenizer is refused with one line") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::filesystem::path& file) {
    try {
      Tokenizer::load(file);
    } catch (const std::runtime_error& error) {
      const std::string message = error.what();
      CHECK(message.find(file.filename().string()) != std::string::npos);
      CHECK(message.find('\n') == std::string::npos);
      return true;
    }
    return false;
  };
  CHECK(refused(folder / "missing.model"));
  CHECK(refused(folder.path()));
  write_text(folder / "empty.model", "");
  CHECK(refused(folder / "empty.model"));
  write_text(folder / "text.model", "this is no tokenizer");
  CHECK(refused(folder / "text.model"));
  const std::string good = read_text(small_tokenizer_file());
  write_text(folder / "half.model", good.substr(0, good.size() / 2));
  CHECK(refused(folder / "half.model"));
  CHECK_THROWS_WITH(small_tokenizer()->require_vocab(8192), Catch::Contains("512") && Catch::Contains("8192"));
  CHECK_NOTHROW(small_tokenizer()->require_vocab(512));
}
