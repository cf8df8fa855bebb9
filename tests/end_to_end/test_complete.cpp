// catena complete and catena eval text: what comes out, in words and in JSON.
#include <catch2/catch.hpp>

#include "model/text/utf8.h"
#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;

namespace {

struct Text {
  TemporaryFolder folder;
  fs::path file = folder / "notes.md";
  explicit Text(const std::string& words) { write_file(file, words); }
  Finished complete(std::vector<std::string> more = {}, const Surroundings& surroundings = {}) const {
    std::vector<std::string> arguments{"complete", file.string(), "--model", tiny_model_folder().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_catena(arguments, surroundings);
  }
};

}  // namespace

TEST_CASE("complete prints a completion, the same each time, and leaves the file alone") {
  const std::string words = "The list of items holds entry number ";
  const Text text(words);
  const Finished first = text.complete();
  CHECK(first.code == 0);
  CHECK(first.err.empty());
  CHECK(text.complete().out == first.out);
  CHECK(read_file(text.file) == words);
}

TEST_CASE("complete --json is one object a completion with stable keys") {
  const Text text("int value_3 = table[7] * 2;\nint val");
  const Finished result = text.complete({"--json", "--alternatives", "2", "--temperature", "1", "--max-tokens", "8"});
  REQUIRE(result.code == 0);
  const auto objects = json_lines(result.out);
  REQUIRE(!objects.empty());
  REQUIRE(objects.size() <= 2);
  for (const auto& object : objects) {
    CHECK(object.at("text").is_string());
    CHECK(object.at("stop").is_string());
    // The bound is for what is new; retyping the begun word comes on top.
    CHECK(object.at("tokens").get<int>() <= 8 + object.at("healed_bytes").get<int>());
    CHECK(object.at("read_bytes") == 35);
    CHECK(object.at("state_bytes").get<int>() > 0);
    for (const char* key : {"load_ms", "read_ms", "complete_ms"}) CHECK(object.at(key).get<double>() >= 0);
  }
}

TEST_CASE("only what stands before --at is read") {
  const Text whole("int value_3 = table[7];\n"), longer("int value_3 = table[7];\nand what follows is not read");
  CHECK(whole.complete().out == longer.complete({"--at", "24"}).out);
}

TEST_CASE("an empty file and bytes that are no UTF-8 are completed, and what comes out is UTF-8") {
  for (const std::string& words : {std::string(), std::string("caf\xe9 \xff\xfe and ")}) {
    const Text text(words);
    const Finished result = text.complete({"--json", "--temperature", "1.5", "--max-tokens", "40"});
    CAPTURE(result.err);
    CHECK(result.code == 0);
    for (const auto& object : json_lines(result.out)) {
      CHECK(object.at("text").get<std::string>().find("\xef\xbf\xbd") == std::string::npos);
    }
  }
}

TEST_CASE("a full disk behind standard output is a failure in one line") {
  const Text text("The list of items");
  for (const bool json : {false, true}) {
    const Finished result = text.complete(json ? std::vector<std::string>{"--json"} : std::vector<std::string>{},
                                          {.standard_output = "/dev/full"});
    CAPTURE(json, result.err);
    CHECK(result.code == 1);
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  }
}

TEST_CASE("eval text --json: one object a file, the total last, with stable keys") {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{"eval", "text"};
  for (const char* name : {"a.cpp", "b.md"}) {
    std::string words;
    for (int i = 0; i < 30; ++i) words += "int value_" + std::to_string(i) + " = table[" + std::to_string(i) + "];\n";
    write_file(folder / name, words);
    arguments.push_back((folder / name).string());
  }
  for (const char* word : {"--json", "--typed-bytes", "120", "--model"}) arguments.emplace_back(word);
  arguments.push_back(tiny_model_folder().string());
  const Finished result = run_catena(arguments);
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  const auto objects = json_lines(result.out);
  REQUIRE(objects.size() == 3);
  CHECK(objects[0].at("file") == arguments[2]);
  CHECK(objects[2].at("file") == "total");
  CHECK(objects[2].at("bytes") == objects[0].at("bytes").get<int>() + objects[1].at("bytes").get<int>());
  for (const auto& object : objects) {
    // An untrained model spreads its guesses evenly: far from certain, and nowhere near infinitely wrong.
    CHECK(object.at("bits_per_byte").get<double>() > 1);
    CHECK(object.at("bits_per_byte").get<double>() < 20);
    CHECK(object.at("keystrokes_saved_percent").is_number());
    // The words of the file alone save the typist something: the same line comes again and again.
    CHECK(object.at("baseline_keystrokes_saved_percent").get<double>() > 3);
  }
}
