// A tone and hearing oneself, through a private sound server. Runs under with_pulse.sh.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "audio/output_devices.h"
#include "audio/sound_check.h"
#include "signals.h"

using namespace catena::audio;

namespace {

bool never() { return false; }

/// Runs a command of the sound server's beside the test.
struct Beside {
  std::string pid_file = std::string(std::getenv("CATENA_PULSE_DIR")) + "/beside.pid";
  explicit Beside(const std::string& command) {
    REQUIRE(std::system((command + " & echo $! > " + pid_file).c_str()) == 0);
  }
  ~Beside() { std::system(("kill $(cat " + pid_file + ") 2>/dev/null; true").c_str()); }
};

}  // namespace

TEST_CASE("the loudspeakers are listed, with one default") {
  const std::vector<OutputDevice> devices = list_output_devices();
  CHECK(std::any_of(devices.begin(), devices.end(), [](const OutputDevice& device) { return device.name == "pulse"; }));
  CHECK(std::count_if(devices.begin(), devices.end(), [](const OutputDevice& device) { return device.is_default; }) ==
        1);
}

TEST_CASE("the test tone is a second of 440 Hz at the loudspeaker") {
  const std::string file = std::string(std::getenv("CATENA_PULSE_DIR")) + "/tone.raw";
  {
    const Beside recorder(
        "parec --device=spk.monitor --rate=16000 --channels=1 --format=s16le --latency-msec=10 --raw " + file);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    play_test_tone("pulse", never);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  std::vector<std::int16_t> samples(bytes.size() / 2);
  std::memcpy(samples.data(), bytes.data(), 2 * samples.size());
  int loud = 0, crossings = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    loud += std::abs(samples[i]) > 100;
    crossings += samples[i - 1] < 0 && samples[i] >= 0;
  }
  CHECK(loud == Approx(16000).margin(1600));
  CHECK(crossings == Approx(440.0 * loud / 16000).margin(15));  // also where a busy machine lost some of it
}

TEST_CASE("what the microphone hears is recorded, for as long as asked") {
  const test::Folder folder;
  test::write_sound(folder / "tone.wav", test::sine(1000, 0.5, 6), 16000);
  const Beside speaker("paplay --device=mic " + (folder / "tone.wav").string());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::vector<float> heard = record("pulse", 1.0, never);
  CHECK(heard.size() == 16000);
  CHECK(std::abs(*std::max_element(heard.begin(), heard.end())) == Approx(0.5).margin(0.1));
  CHECK(record("pulse", 60.0, [] { return true; }).empty());
}
