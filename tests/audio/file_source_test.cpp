#include "audio/file_source.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <limits>
#include <thread>

#include "signals.h"

using namespace catena::audio;

namespace {

std::vector<float> read_all(Source& source) {
  std::vector<float> all;
  std::vector<float> block(1000);
  while (!source.ended()) {
    const std::size_t count = source.read(block).count;
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

bool says_truncated(Source& source) {
  bool found = false;
  for (const SourceEvent& event : source.take_events()) {
    if (event.kind == SourceEventKind::truncated) {
      CHECK_THAT(event.text, Catch::Contains("cut short") && !Catch::Contains("\n"));
      found = true;
    }
  }
  return found;
}

}  // namespace

TEST_CASE("WAV, FLAC, Ogg Vorbis and Opus files give their sound") {
  const test::Folder folder;
  const auto tone = test::sine(440, 0.5, 0.5, 48000);
  const std::vector<std::pair<std::string, int>> formats{{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                                         {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                                         {"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
                                                         {"a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS}};
  for (const auto& [name, format] : formats) {
    CAPTURE(name);
    test::write_sound(folder / name, tone, 48000, 1, format);
    FileSource source(folder / name, false);
    CHECK(source.rate() == 48000);
    const auto samples = read_all(source);
    CHECK(samples.size() == tone.size());
    double sum = 0;
    for (const float sample : samples) {
      sum += sample * sample;
    }
    CHECK(std::sqrt(sum / static_cast<double>(samples.size())) == Approx(0.3535).epsilon(0.03));
    CHECK_FALSE(says_truncated(source));
  }
}

TEST_CASE("channels are averaged, and samples that are no numbers are silence") {
  const test::Folder folder;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  test::write_sound(folder / "stereo.wav", {0.5F, 0.1F, nan, 0.3F, 0.2F, infinite, -0.4F, 0.0F}, 16000, 2,
                    SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  FileSource source(folder / "stereo.wav", false);
  const auto samples = read_all(source);
  REQUIRE(samples.size() == 4);
  CHECK(samples[0] == Approx(0.3));
  CHECK(samples[1] == 0.0F);
  CHECK(samples[2] == 0.0F);
  CHECK(samples[3] == Approx(-0.2));
}

TEST_CASE("a file that cannot be used is refused with one line that says why") {
  const test::Folder folder;
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      FileSource source(folder / name, false);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  const auto write = [&](const std::string& name, const std::string& text) { std::ofstream(folder / name) << text; };
  write("text.wav", "this is not sound");
  write("empty.wav", "");
  write("riff.wav", "RIFF");
  test::write_sound(folder / "nothing.wav", {}, 16000);
  test::write_sound(folder / "slow.wav", test::sine(10, 0.5, 1, 100), 100);
  std::filesystem::create_directory(folder / "folder.wav");

  CHECK_THAT(refusal("missing.wav"), Catch::Contains("missing.wav: no such file"));
  CHECK_THAT(refusal("text.wav"), Catch::Contains("text.wav cannot be read as sound"));
  CHECK_THAT(refusal("empty.wav"), Catch::Contains("empty.wav"));
  CHECK_THAT(refusal("riff.wav"), Catch::Contains("riff.wav"));
  CHECK_THAT(refusal("nothing.wav"), Catch::Contains("holds no sound"));
  CHECK_THAT(refusal("slow.wav"), Catch::Contains("100 Hz"));
  CHECK_THAT(refusal("folder.wav"), Catch::Contains("is a folder"));
  for (const char* name :
       {"missing.wav", "text.wav", "empty.wav", "riff.wav", "nothing.wav", "slow.wav", "folder.wav"}) {
    CHECK_THAT(refusal(name), !Catch::Contains("\n"));
  }
}

TEST_CASE("a file cut short gives what it holds and then says so") {
  const test::Folder folder;
  const auto tone = test::noise(0.5, 2.0);
  test::write_sound(folder / "cut.wav", tone, 16000);
  test::write_sound(folder / "cut.flac", tone, 16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  for (const char* name : {"cut.wav", "cut.flac"}) {
    CAPTURE(name);
    std::filesystem::resize_file(folder / name, std::filesystem::file_size(folder / name) / 2);
    FileSource source(folder / name, false);
    const auto samples = read_all(source);
    CHECK(samples.size() > 10000);
    CHECK(samples.size() < 20000);
    CHECK(says_truncated(source));
  }
}

TEST_CASE("in real time a file takes as long as it sounds") {
  const test::Folder folder;
  test::write_sound(folder / "a.wav", test::sine(440, 0.5, 0.4), 16000);
  FileSource source(folder / "a.wav", true);
  const auto start = std::chrono::steady_clock::now();
  std::vector<float> block(4000);
  std::size_t total = 0;
  while (!source.ended()) {
    total += source.read(block).count;
    const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    REQUIRE(static_cast<double>(total) <= elapsed * 16000 + 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(total == 6400);
}

TEST_CASE("a stopped file ends at once without calling itself cut short") {
  FileSource source(CATENA_DEMO_SOUND, true);
  std::vector<float> block(100);
  source.read(block);
  source.stop();
  source.read(block);
  CHECK(source.ended());
  CHECK_FALSE(says_truncated(source));
}
