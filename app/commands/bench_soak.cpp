// Hours of sound through the whole path: resampling, features, voice activity, reader, language model. Does anything
// grow?
#include <chrono>
#include <vector>

#include "app/assets_folder.h"
#include "app/commands/benches.h"
#include "app/commands/interrupt.h"
#include "app/speech/speech_listener.h"
#include "audio/file_source.h"
#include "audio/sound_processor.h"
#include "model/runtime/memory.h"

namespace catena::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kQuickHours = 0.25;
constexpr double kWarmUpHours = 1.0 / 6;  // ten minutes, after which nothing may grow
constexpr std::size_t kBlock = 1600;

/// The file's samples once, so that decoding it is not measured.
std::vector<float> samples_of(const std::filesystem::path& file, int& rate) {
  audio::FileSource source(file, false);
  rate = source.rate();
  std::vector<float> samples, block(kBlock);
  while (!source.ended()) {
    const std::size_t got = source.read(block).count;
    samples.insert(samples.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return samples;
}

}  // namespace

nlohmann::json bench_soak(const SoakOptions& options) {
  const double hours = options.quick ? std::min(options.hours, kQuickHours) : options.hours;
  int rate = 0;
  const std::vector<float> samples =
      samples_of(options.file.empty() ? assets_folder() / "sounds" / "demo.flac" : options.file, rate);
  SpeechListener listener(options.model.reader(), options.model.executor(), options.model.speech,
                          options.model.language());
  audio::SoundProcessor processor;
  const double span_s =
      3600 * std::min(1.0, hours / 4);  // what is compared: the first and the last hour, or quarter of a shorter run
  std::vector<double> first, last;
  first.reserve(100'000);
  last.reserve(100'000);
  const std::size_t state_bytes = listener.stream().state_bytes();
  std::size_t warm_bytes = 0, words = 0, at = 0;
  double sound_s = 0, busy_ms = 0;
  while (sound_s < 3600 * hours && !interrupted()) {
    const std::size_t count = std::min(kBlock, samples.size() - at);
    const auto start = Clock::now();
    processor.feed(std::span<const float>(samples).subspan(at, count), rate, {options.model.speech.chunk_ms, false});
    at = (at + count) % samples.size();
    const std::int64_t chunks = listener.stream().chunks();
    words += listener.hear(processor.take()).settled.size();
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    busy_ms += ms;
    sound_s += static_cast<double>(count) / rate;
    if (warm_bytes == 0 && sound_s >= 3600 * std::min(kWarmUpHours, hours / 4)) warm_bytes = model::resident_bytes();
    if (listener.stream().chunks() == chunks) continue;
    if (sound_s <= span_s) first.push_back(ms);
    if (sound_s > 3600 * hours - span_s) last.push_back(ms);
  }
  nlohmann::json result = {{"bench", "soak"},
                           {"hours", sound_s / 3600},
                           {"chunk_ms", options.model.speech.chunk_ms},
                           {"chunks", listener.stream().chunks()},
                           {"words", words}};
  result["state_bytes"] = listener.stream().state_bytes();
  result["state_growth_bytes"] =
      static_cast<std::int64_t>(listener.stream().state_bytes()) - static_cast<std::int64_t>(state_bytes);
  result["rss_growth_bytes"] =
      static_cast<std::int64_t>(model::resident_bytes()) - static_cast<std::int64_t>(warm_bytes);
  const double first_p95 = percentile(first, 0.95), last_p95 = percentile(last, 0.95);
  result["first_p95_ms"] = first_p95;
  result["last_p95_ms"] = last_p95;
  result["p95_last_over_first"] = first_p95 > 0 ? last_p95 / first_p95 : 0;
  result["compute_percent_of_audio"] = sound_s > 0 ? busy_ms / sound_s / 10 : 0;
  return result;
}

}  // namespace catena::app
