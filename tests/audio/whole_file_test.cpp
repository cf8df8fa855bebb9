#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "audio/raw_input.h"
#include "audio/whole_file.h"
#include "audio/write_wav.h"

using namespace catena::audio;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "catena-sound-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
};

std::vector<float> tone(int rate, double seconds) {
  std::vector<float> samples(static_cast<std::size_t>(rate * seconds));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = 0.5F * static_cast<float>(std::sin(2 * 3.14159265 * 440 * static_cast<double>(i) / rate));
  return samples;
}

}  // namespace

TEST_CASE("a file that is written comes back, at the rate of the features") {
  const Folder folder;
  const int rate = GENERATE(16000, 22050, 48000);
  write_wav(folder.path / "a.wav", tone(rate, 1.5), rate);
  const WholeFile file = read_whole_file(folder.path / "a.wav");
  CHECK(file.warning.empty());
  CHECK(static_cast<double>(file.samples.size()) == Approx(1.5 * 16000).margin(32));
  float peak = 0;
  for (const float x : file.samples) peak = std::max(peak, std::abs(x));
  CHECK(peak == Approx(0.5).margin(0.02));
}

TEST_CASE("a file that cannot be written leaves what was there, and one line") {
  const Folder folder;
  CHECK_THROWS_WITH(write_wav(folder.path / "no" / "a.wav", tone(16000, 0.1), 16000), Catch::Contains("a.wav"));
  fs::create_directory(folder.path / "b.wav");  // in the way
  CHECK_THROWS_WITH(write_wav(folder.path / "b.wav", tone(16000, 0.1), 16000), Catch::Contains("b.wav"));
  CHECK(fs::is_directory(folder.path / "b.wav"));
  CHECK_FALSE(fs::exists(folder.path / "b.wav.part"));
}

TEST_CASE("a full disk is one line, and a device in a file's place stays") {
  CHECK_THROWS_WITH(write_wav("/dev/full", tone(16000, 10), 16000),
                    Catch::Contains("/dev/full") && Catch::Contains("make room"));
  CHECK(fs::is_character_file("/dev/full"));
  CHECK_FALSE(fs::exists("/dev/full.part"));
}

TEST_CASE("samples louder than full scale are clipped, not wrapped round") {
  const Folder folder;
  write_wav(folder.path / "a.wav", std::vector<float>(1000, 1.7F), 16000);
  for (const float x : read_whole_file(folder.path / "a.wav").samples) CHECK(x > 0.99F);
}

TEST_CASE("raw samples come through a pipe in any pieces") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const unsigned char bytes[] = {0x00, 0x40, 0x00, 0xC0, 0xFF, 0x7F, 0x12};  // 0.5, -0.5, nearly 1, and half a sample
  RawInput input(ends[0]);
  std::vector<float> got;
  std::vector<float> block(64);
  for (const unsigned char byte : bytes) {
    REQUIRE(write(ends[1], &byte, 1) == 1);
    const Source::Block read = input.read(block);
    CHECK(read.rate == 16000);
    got.insert(got.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(read.count));
  }
  close(ends[1]);
  CHECK(input.read(block).count == 0);
  CHECK(input.ended());
  REQUIRE(got.size() == 3);
  CHECK(got[0] == 0.5F);
  CHECK(got[1] == -0.5F);
  CHECK(got[2] == Approx(1).margin(1e-4));
  const auto events = input.take_events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == SourceEventKind::truncated);
  close(ends[0]);
}
