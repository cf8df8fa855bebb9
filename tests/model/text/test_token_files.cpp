#include <catch2/catch.hpp>
#include <cstring>

#include "model/text/document_reader.h"
#include "model/text/packer.h"
#include "model/text/token_file.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

PackResult pack(const TemporaryFolder& folder, const std::string& text) {
  write_text(folder / "corpus.txt", text);
  const std::filesystem::path file = folder / "corpus.txt";
  return pack_tokens({&file, 1}, small_tokenizer(), folder / "corpus.tokens");
}

}  // namespace

TEST_CASE("Control symbols at a line's start become control tokens, anywhere else they are text") {
  const TemporaryFolder folder;
  const auto tokenizer = small_tokenizer();
  const auto result =
      pack(folder,
           "<|file|>a.md\nsay <|user|> or <|end|>\n<|end|> not alone\n<|end|>\n<|user|> hi\n<|assistant|> oh\n<|end|>");
  const TokenFile file(folder / "corpus.tokens");
  std::string seen;
  std::uint64_t bytes = 0;
  for (const std::uint16_t token : file.tokens()) {
    bytes += file.lengths()[token];
    bool is_control = false;
    for (std::size_t i = 0; i < control_names.size(); ++i) {
      if (tokenizer->control(static_cast<Control>(i)) != token) continue;
      seen += '[' + std::string(control_names[i].substr(2, control_names[i].size() - 4)) + ']';
      is_control = true;
    }
    if (!is_control) seen += tokenizer->piece(token);
  }
  CHECK(seen == "[file]a.md\nsay <|user|> or <|end|>\n<|end|> not alone\n[end][user] hi\n[assistant] oh\n[end]");
  CHECK(result.documents == 2);
  CHECK(result.tokens == file.tokens().size());
  CHECK(bytes == file.text_bytes());
  CHECK(file.vocab() == tokenizer->vocab());
  CHECK(file.tokenizer_id() == tokenizer->id());
  CHECK_NOTHROW(file.check_tokens());
}

TEST_CASE("A file larger than the read buffer packs to the tokens of its text") {
  const TemporaryFolder folder;
  std::mt19937 random(4);
  std::string text;
  while (text.size() < (3 << 20)) text += random_text(random, 5000) + std::string(random() % 3000, 'x');
  std::string plain;  // put together again from what the reader reports
  write_text(folder / "corpus.txt", text);
  DocumentReader reader(folder / "corpus.txt");
  DocumentReader::Event event;
  while (reader.next(event))
    plain += event.control ? std::string(to_string(*event.control)) + (*event.control == Control::end ? "\n" : "")
                           : std::string(event.text);
  CHECK(plain == text);
  CHECK(reader.bytes_read() == text.size());

  const auto result = pack(folder, text);
  const TokenFile file(folder / "corpus.tokens");
  std::vector<Token> tokens(file.tokens().begin(), file.tokens().end());
  CHECK(small_tokenizer()->decode(tokens).size() == result.text_bytes);
  CHECK(result.tokens == tokens.size());
}

TEST_CASE("An interrupted packing leaves nothing behind") {
  const TemporaryFolder folder;
  std::string text;
  while (text.size() < (2 << 20)) text += sample_text();
  write_text(folder / "corpus.txt", text);
  const std::filesystem::path file = folder / "corpus.txt";
  std::stop_source stop;
  int calls = 0;
  const auto result = pack_tokens(
      {&file, 1}, small_tokenizer(), folder / "out.tokens", {},
      [&](const PackProgress& progress) {
        ++calls;
        CHECK(progress.bytes_total == text.size());
        stop.request_stop();
      },
      stop.get_token());
  CHECK(calls == 1);
  CHECK(result.interrupted);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("Truncated, foreign and unfit token files are refused with one line") {
  const TemporaryFolder folder;
  pack(folder, sample_text());
  const std::string good = read_text(folder / "corpus.tokens");
  const auto refusal = [&](const std::string& contents, int vocab = 0) -> std::string {
    write_text(folder / "bad.tokens", contents);
    try {
      TokenFile(folder / "bad.tokens", vocab).check_tokens();
    } catch (const std::runtime_error& error) {
      const std::string message = error.what();
      CHECK(message.find("bad.tokens") != std::string::npos);
      CHECK(message.find('\n') == std::string::npos);
      return message;
    }
    return "";
  };
  CHECK(refusal(good).empty());
  CHECK_THAT(refusal(""), Catch::Contains("too short"));
  CHECK_THAT(refusal(good.substr(0, 31)), Catch::Contains("too short"));
  CHECK_THAT(refusal(good.substr(0, good.size() - 2)), Catch::Contains("truncated"));
  CHECK_THAT(refusal(good.substr(0, good.size() - 1)), Catch::Contains("truncated"));
  CHECK_THAT(refusal(good + "xx"), Catch::Contains("damaged"));
  CHECK_THAT(refusal("NOTTOKENS" + good.substr(9)), Catch::Contains("not a Catena token file"));
  CHECK_THAT(refusal(good, 8192), Catch::Contains("8192") && Catch::Contains("512"));
  std::string huge = good;
  std::memset(huge.data() + 16, 0xFF, 8);  // the token count
  CHECK_THAT(refusal(huge), Catch::Contains("damaged"));
  std::string outside = good;
  outside[32] = outside[33] = '\xFF';
  CHECK_THAT(refusal(outside), Catch::Contains("65535"));
  CHECK_THROWS_WITH(TokenFile(folder / "none.tokens"), Catch::Contains("none.tokens"));
  CHECK_THROWS_WITH(TokenFile(folder.path()), Catch::Contains("cannot be read"));
  CHECK_THROWS_WITH(pack_tokens({}, small_tokenizer(), folder / "no/such/folder.tokens"),
                    Catch::Contains("cannot be written"));
}
