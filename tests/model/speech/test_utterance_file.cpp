#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "model/speech/frame_stack.h"
#include "model/speech/utterance_file.h"
#include "tests/model/temporary_folder.h"

using namespace catena::model;
using catena::model::test::TemporaryFolder;

namespace {

std::filesystem::path written(const TemporaryFolder& folder) {
  const std::filesystem::path path = folder.path() / "two.mel";
  UtteranceWriter writer(path);
  std::vector<float> first(3 * kMelBands, -4.0F), second(5 * kMelBands, 1.5F);
  second[7] = -100;  // below what a byte can hold
  writer.add(first, "one", "anna", "tests");
  writer.add(second, "two words", "ben", "tests");
  writer.finish();
  return path;
}

}  // namespace

TEST_CASE("utterances come back as they were written, to an eighth of a nat") {
  const TemporaryFolder folder;
  const UtteranceFile file(written(folder));
  REQUIRE(file.utterances().size() == 2);
  const Utterance& second = file.utterances()[1];
  CHECK(second.text == "two words");
  CHECK(second.speaker == "ben");
  CHECK(second.corpus == "tests");
  const auto frames = file.frames(second);
  REQUIRE(frames.size() == 5 * kMelBands);
  CHECK(mel_value(frames[0]) == 1.5F);
  CHECK(mel_value(frames[7]) == -24.0F);
  CHECK(mel_value(mel_byte(-3.3F)) == Approx(-3.3).margin(0.0626));
}

TEST_CASE("damaged files of utterances are refused with one line that names them") {
  const TemporaryFolder folder;
  const std::filesystem::path path = written(folder);
  const auto size = std::filesystem::file_size(path);
  SECTION("cut off") { std::filesystem::resize_file(path, size - 5); }
  SECTION("cut to nothing") { std::filesystem::resize_file(path, 3); }
  SECTION("another format") { std::ofstream(path) << "RIFF....WAVE this is something else entirely"; }
  SECTION("an index that points behind the end") {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    std::string all((std::istreambuf_iterator<char>(file)), {});
    const std::size_t at = all.find("[3,5,");
    REQUIRE(at != std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file << "[9,9,";
  }
  CHECK_THROWS_WITH(UtteranceFile(path), Catch::Contains("two.mel"));
}

TEST_CASE("a file that cannot be written says so") {
  CHECK_THROWS_WITH(UtteranceWriter("/nowhere/x.mel"), Catch::Contains("/nowhere/x.mel"));
}
