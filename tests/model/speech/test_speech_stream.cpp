#include <catch2/catch.hpp>

#include "model/speech/speech_stream.h"
#include "speech_fixture.h"
#include "tests/model/speech/tiny_reader.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

std::vector<float> some_sound(std::size_t frames) {
  std::mt19937 random(2);
  std::vector<float> sound;
  while (sound.size() < frames * kMelBands) {
    const std::vector<float> more = spoken("bad ace fed ", random);
    sound.insert(sound.end(), more.begin(), more.end());
  }
  sound.resize(frames * kMelBands);
  return sound;
}

struct Said {
  std::string text;
  std::vector<std::int64_t> times;
  bool operator==(const Said&) const = default;
};

void take(SpeechStream& stream, Said& said) {
  for (const SpokenWord& word : stream.take_settled()) {
    said.text += word.text + " ";
    said.times.push_back(word.start_ms);
    said.times.push_back(word.end_ms);
  }
}

Said read_in_pieces(SpeechStream& stream, const std::vector<float>& sound, std::size_t most, unsigned seed) {
  std::mt19937 random(seed);
  Said said;
  for (std::size_t at = 0; at < sound.size();) {
    const std::size_t n = std::min(sound.size() - at, (1 + random() % most) * kMelBands);
    stream.feed(std::span(sound).subspan(at, n));
    at += n;
    if (random() % 2 == 0) take(stream, said);
  }
  stream.end_utterance();
  take(stream, said);
  return said;
}

}  // namespace

TEST_CASE("any split of the sound gives the same words at the same times") {
  const auto weights = tiny_reader(GENERATE(Carry::delta, Carry::vector, Carry::none));
  const std::vector<float> sound = some_sound(700);
  SpeechStream whole({weights}, {}, {.chunk_ms = 320}), pieces({weights}, {}, {.chunk_ms = 320}),
      threads({weights}, {.threads = 2}, {.chunk_ms = 320});
  const Said expected = read_in_pieces(whole, sound, 1000, 1);
  CHECK(!expected.text.empty());
  CHECK(read_in_pieces(pieces, sound, 9, 2) == expected);
  CHECK(read_in_pieces(threads, sound, 50, 3) == expected);
}

TEST_CASE("the state has one size, however much has been heard") {
  const auto weights = tiny_reader();
  SpeechStream stream({weights}, {}, {.chunk_ms = 640});
  const std::vector<float> sound = some_sound(500);
  const std::size_t before = stream.state_bytes();
  for (int i = 0; i < 20; ++i) {
    stream.feed(sound);
    stream.take_settled();
  }
  CHECK(stream.state_bytes() == before);
  CHECK(stream.read_ms() == 20 * 500 / 64 * 640);
}

TEST_CASE("another chunk length takes effect at the next boundary, and no sound is lost") {
  const auto weights = tiny_reader();
  SpeechStream stream({weights}, {}, {.chunk_ms = 320});
  const std::vector<float> sound = some_sound(400);
  stream.feed(std::span(sound).first(40 * kMelBands));  // one chunk of 32 frames, and two steps of the next
  stream.set_chunk_ms(1280);
  stream.feed(std::span(sound).subspan(40 * kMelBands, 24 * kMelBands));
  CHECK(stream.read_ms() == 640);  // the running chunk kept its length
  stream.feed(std::span(sound).subspan(64 * kMelBands, 127 * kMelBands));
  CHECK(stream.read_ms() == 640);
  stream.feed(std::span(sound).subspan(191 * kMelBands, kMelBands));
  CHECK(stream.read_ms() == 1920);
  stream.feed(std::span(sound).subspan(192 * kMelBands));
  stream.end_chunk();
  CHECK(stream.read_ms() == 4000);
}

TEST_CASE("what reads text is no reader of speech, and the other way round") {
  const auto text = random_weights(tiny_config(Carry::delta), 1);
  CHECK_THROWS_WITH(SpeechStream({text}, {}, {}), Catch::Contains("reads text"));
  CHECK_THROWS_WITH(make_executor(tiny_reader(), {}), Catch::Contains("reads sound"));
}
