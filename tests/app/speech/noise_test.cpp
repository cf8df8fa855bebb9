#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "app/assets_folder.h"
#include "app/speech/speech_listener.h"
#include "app/speech/word_models.h"
#include "audio/sound_processor.h"
#include "audio/whole_file.h"

using namespace catena;

namespace {

constexpr int kRate = 16000;

/// What the shipped reader writes.
std::vector<std::string> read(const std::vector<float>& samples) {
  const std::filesystem::path folder = app::speech_model_folder();
  app::SpeechListener listener(model::load_speech_model(folder), {}, {.chunk_ms = 320},
                               app::load_word_model(folder, {}, {}));
  audio::SoundProcessor processor;
  std::vector<std::string> words;
  const auto take = [&](const app::SpeechListener::Heard& heard) {
    for (const model::SpokenWord& word : heard.settled) words.push_back(word.text);
  };
  for (std::size_t at = 0; at < samples.size(); at += 1600) {
    processor.feed(std::span(samples).subspan(at, std::min<std::size_t>(1600, samples.size() - at)), kRate,
                   {320, false});
    take(listener.hear(processor.take()));
  }
  take(listener.finish());
  return words;
}

std::vector<float> seconds_of(int seconds, const std::function<float()>& next) {
  std::vector<float> samples(static_cast<std::size_t>(seconds * kRate));
  for (float& sample : samples) sample = next();
  return samples;
}

}  // namespace

TEST_CASE("noise is not read as words") {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  float low = 0;
  const auto white = [&] { return 0.1F * normal(random); };
  const auto brown = [&] { return low = 0.98F * low + 0.02F * normal(random); };
  CHECK(read(seconds_of(20, white)).empty());
  CHECK(read(seconds_of(20, brown)).empty());
  float slow = 0, middle = 0;
  const auto pink = [&] {  // about 3 dB an octave, by two poles
    const float x = 0.05F * normal(random);
    slow = 0.997F * slow + 0.1F * x;
    middle = 0.96F * middle + 0.3F * x;
    return slow + middle + 0.3F * x;
  };
  CHECK(read(seconds_of(20, pink)).empty());
}

TEST_CASE("silence and chords are not read as words") {
  CHECK(read(seconds_of(5, [] { return 0.0F; })).empty());
  int t = 0;
  const auto chord = [&t] {
    const double seconds = t++ / static_cast<double>(kRate), beat = std::fmod(seconds * 3, 1.0);
    double sum = 0;
    for (const double pitch : {220.0, 277.2, 329.6}) sum += std::sin(6.283185307 * pitch * seconds);
    return static_cast<float>(0.1 * std::exp(-4 * beat) * sum);
  };
  CHECK(read(seconds_of(10, chord)).empty());
}

TEST_CASE("a voice is still read") {
  const audio::WholeFile demo = audio::read_whole_file(app::assets_folder() / "sounds" / "demo.flac");
  CHECK(read(demo.samples).size() >= 10);
}
