// The echo canceller and the alignment before it, with a simulated room: speech from the loudspeaker comes back into
// the microphone.
#include <catch2/catch.hpp>
#include <cmath>

#include "allocation_counter.h"
#include "audio/echo_canceller.h"
#include "audio/echo_path.h"
#include "audio/sound_processor.h"
#include "signals.h"

using namespace catena::audio;

namespace {

constexpr std::int64_t kMs = 1'000'000;  // ns
constexpr std::int64_t kBlockNs = kVoiceFrameMs * kMs;

double energy(std::span<const float> samples) {
  double sum = 0;
  for (const float sample : samples) sum += static_cast<double>(sample) * sample;
  return sum;
}

/// What a microphone hears of `played`.
std::vector<float> echo_of(const std::vector<float>& played, double gain_db, int delay_ms, int rate = kRate) {
  std::vector<float> heard = test::noise(0.0005, static_cast<double>(played.size()) / rate + 1, rate, 7);
  heard.resize(played.size());
  const auto delay = static_cast<std::size_t>(delay_ms) * static_cast<std::size_t>(rate) / 1000;
  const auto gain = static_cast<float>(std::pow(10.0, gain_db / 20));
  for (std::size_t i = delay; i < heard.size(); ++i) heard[i] += gain * played[i - delay];
  return heard;
}

std::vector<float> speech() { return test::read_sound(CATENA_DEMO_SOUND); }

/// An echo path with a loudspeaker whose callback is up to `jitter_ms` late.
struct Room {
  int loudspeaker_ms = 30, microphone_ms = 20;  // the latencies that the devices tell
  int jitter_ms = 0;
  std::shared_ptr<FarEnd> far_end = std::make_shared<FarEnd>(kRate);
  EchoPath path{far_end};

  /// dB by which `heard` is quieter behind the path than before it, over its second half.
  double suppression(const std::vector<float>& played, const std::vector<float>& heard) {
    double before = 0, after = 0;
    std::vector<float> block(kVoiceFrame);
    for (std::size_t i = 0; i + kVoiceFrame <= heard.size(); i += kVoiceFrame) {
      const auto now = static_cast<std::int64_t>(i / kVoiceFrame) * kBlockNs;
      const std::int64_t late = jitter_ms > 0 ? static_cast<std::int64_t>(i / kVoiceFrame * 7) % jitter_ms * kMs : 0;
      far_end->play(std::span(played).subspan(i, kVoiceFrame), now + late + loudspeaker_ms * kMs, now + late);
      std::copy_n(heard.begin() + static_cast<std::ptrdiff_t>(i), kVoiceFrame, block.begin());
      if (i > heard.size() / 2) before += energy(block);
      path.clean(block, now - microphone_ms * kMs, now);
      if (i > heard.size() / 2) after += energy(block);
    }
    return 10 * std::log10(before / (after + 1e-9));
  }
};

}  // namespace

TEST_CASE("the loudspeaker's sound is taken out of the microphone's, and by how much is told") {
  const std::vector<float> played = speech();
  Room room;
  CHECK(room.path.figures().erle_db == 0);
  // Handed over at t it is heard 30 ms later and processed 20 ms after that, and the air takes 10 ms more.
  CHECK(room.suppression(played, echo_of(played, -10, 60)) > 20);
  CHECK(room.path.figures().erle_db > 15);
  CHECK(room.path.figures().delay_ms == Approx(50).margin(2));
}

TEST_CASE("callbacks that come late and latencies that are told wrong do not disturb the canceller") {
  const std::vector<float> played = speech();
  Room room;
  int delay_ms = 60;
  SECTION("up to 19 ms late") { room.jitter_ms = 20; }
  SECTION("nothing is told") { room.loudspeaker_ms = room.microphone_ms = 0; }
  SECTION("40 ms too much is told") { delay_ms = 20; }
  CHECK(room.suppression(played, echo_of(played, -10, delay_ms)) > 20);
}

TEST_CASE("who speaks while nothing is played is heard as before") {
  const std::vector<float> said = speech();
  const std::vector<float> silence(said.size());
  Room room;
  SECTION("the loudspeaker is open") { CHECK(std::abs(room.suppression(silence, said)) < 9.5); }
  SECTION("no loudspeaker was ever opened") {
    double before = 0, after = 0;
    std::vector<float> block(kVoiceFrame);
    for (std::size_t i = 0; i + kVoiceFrame <= said.size(); i += kVoiceFrame) {
      std::copy_n(said.begin() + static_cast<std::ptrdiff_t>(i), kVoiceFrame, block.begin());
      before += energy(block);
      room.path.clean(block, 0, 0);
      after += energy(block);
    }
    CHECK(std::abs(10 * std::log10(before / after)) < 9.5);  // the gain control's 9 dB
  }
}

TEST_CASE("when the loudspeaker goes away and another comes, its echo is found again") {
  const std::vector<float> played = speech();
  const std::vector<float> heard = echo_of(played, -10, 60);
  Room room;
  CHECK(room.suppression(played, heard) > 20);
  std::vector<float> block(kVoiceFrame);
  const std::int64_t end = static_cast<std::int64_t>(heard.size() / kVoiceFrame) * kBlockNs;
  for (int i = 0; i < 500; ++i)
    room.path.clean(block, end + i * kBlockNs, end + i * kBlockNs);  // five seconds without one
  double before = 0, after = 0;
  for (std::size_t i = 0; i + kVoiceFrame <= heard.size(); i += kVoiceFrame) {
    const std::int64_t now = end + 500 * kBlockNs + static_cast<std::int64_t>(i / kVoiceFrame) * kBlockNs;
    room.far_end->play(std::span(played).subspan(i, kVoiceFrame), now + 30 * kMs, now);
    std::copy_n(heard.begin() + static_cast<std::ptrdiff_t>(i), kVoiceFrame, block.begin());
    before += energy(block);
    room.path.clean(block, now - 20 * kMs, now);
    after += energy(block);
  }
  CHECK(10 * std::log10(before / after) > 20);
}

TEST_CASE("a microphone that is not read costs no memory, and its echo is found when it is read again") {
  const std::vector<float> played = speech();
  Room room;
  for (int minute = 0; minute < 3; ++minute) room.far_end->play(played, 0, 0);
  CHECK(room.suppression(played, echo_of(played, -10, 60)) > 20);
}

TEST_CASE("the far end is written without allocating") {
  FarEnd far_end(22050);
  const std::vector<float> samples(441);
  const std::size_t before = test::allocations();
  for (int i = 0; i < 1000; ++i) far_end.play(samples, i, i);
  CHECK(test::allocations() == before);
}

TEST_CASE("a processor with a far end hears no voice in the loudspeaker's echo, and one without does") {
  // A loudspeaker and a microphone of different rates, as devices have them.
  const std::vector<float> said = speech();
  constexpr int rate = 8000;
  std::vector<float> played;
  for (std::size_t i = 0; i + 1 < said.size(); i += 2) played.push_back((said[i] + said[i + 1]) / 2);
  const std::vector<float> heard = echo_of(played, -10, 60, rate);
  const bool cancel = GENERATE(true, false);
  const auto far_end = std::make_shared<FarEnd>(rate);
  SoundProcessor processor({}, cancel ? far_end : nullptr);
  constexpr std::size_t block = 240;  // 30 ms
  std::int64_t speech_ms = 0;
  for (std::size_t i = 0; i + block <= heard.size(); i += block) {
    const auto now = static_cast<std::int64_t>(i / block) * 30 * kMs;
    far_end->play(std::span(played).subspan(i, block), now + 30 * kMs, now);
    processor.feed(std::span(heard).subspan(i, block), rate, {}, now + 10 * kMs, now + 30 * kMs);
  }
  processor.finish();
  const SoundUpdate update = processor.take();
  for (const Segment& segment : update.segments) speech_ms += segment.speech ? segment.end_ms - segment.start_ms : 0;
  CHECK(update.echo.cancelling == cancel);
  if (cancel) {
    CHECK(speech_ms == 0);
    CHECK(update.echo.erle_db > 15);
  } else {
    CHECK(speech_ms > 5000);
  }
}

TEST_CASE("blocks of another size are refused") {
  EchoCanceller canceller;
  std::vector<float> block(kVoiceFrame + 1);
  CHECK_THROWS_AS(canceller.clean(block), std::invalid_argument);
  CHECK_THROWS_AS(canceller.played(block), std::invalid_argument);
}
