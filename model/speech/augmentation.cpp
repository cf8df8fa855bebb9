#include "model/speech/augmentation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "model/speech/frame_stack.h"

namespace catena::model {
namespace {

constexpr std::size_t kBands = kMelBands;
constexpr float kDecibel = 0.230258509F;  // of power, in nats

float uniform(std::mt19937_64& random, float low, float high) {
  return std::uniform_real_distribution<float>(low, high)(random);
}
std::size_t whole(std::mt19937_64& random, std::size_t low, std::size_t high) {
  return std::uniform_int_distribution<std::size_t>(low, high)(random);
}

float mean_power(std::span<const float> frames) {
  double sum = 0;
  for (const float x : frames) sum += std::exp(x);
  return static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(1, frames.size())));
}

/// Power reaches from frame to frame as in a room with this reverberation time.
void reverberate(std::span<float> frames, std::mt19937_64& random) {
  const float time = uniform(random, 0.15F, 0.7F), share = uniform(random, 0.1F, 0.6F);
  const float decay = std::pow(10.0F, -6.0F * 0.01F / time);
  std::array<float, kBands> tail{};
  for (std::size_t t = 0; t < frames.size(); t += kBands) {
    for (std::size_t b = 0; b < kBands; ++b) {
      const float power = std::exp(frames[t + b]);
      frames[t + b] = std::log(power + share * tail[b] + 1e-10F);
      tail[b] = decay * (tail[b] + (1 - decay) * power);
    }
  }
}

void add_noise(std::span<float> frames, float power, std::mt19937_64& random) {
  const float tilt = uniform(random, -4.0F, 2.0F),
              bend = uniform(random, -2.0F, 2.0F);  // nats from the lowest band to the highest
  std::array<float, kBands> colour{};
  float sum = 0;
  for (std::size_t b = 0; b < kBands; ++b) {
    const float x = static_cast<float>(b) / (kBands - 1);
    sum += colour[b] = std::exp(tilt * x + bend * std::sin(6.2831853F * x));
  }
  for (float& c : colour) c *= power * kBands / sum;
  std::exponential_distribution<float> draw(1);
  for (std::size_t t = 0; t < frames.size(); t += kBands) {
    // The power of noise in a band of few bins is distributed about like the mean of two exponentials.
    for (std::size_t b = 0; b < kBands; ++b)
      frames[t + b] = std::log(std::exp(frames[t + b]) + colour[b] * 0.5F * (draw(random) + draw(random)));
  }
}

void add_babble(std::span<float> frames, std::span<const float> babble, float power, std::mt19937_64& random) {
  const float factor = power / std::max(mean_power(babble), 1e-12F);
  std::size_t at = whole(random, 0, babble.size() / kBands - 1) * kBands;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i] = std::log(std::exp(frames[i]) + factor * std::exp(babble[at]));
    if (++at == babble.size()) at = 0;
  }
}

}  // namespace

MelFrames other_voice(std::span<const float> frames, std::size_t longest, std::mt19937_64& random) {
  const std::size_t count = frames.size() / kBands;
  const auto wanted = static_cast<std::size_t>(static_cast<float>(count) * uniform(random, 0.87F, 1.15F));
  const std::size_t length = std::clamp<std::size_t>(wanted, 1, longest);
  const float step = static_cast<float>(count) / static_cast<float>(length), warp = uniform(random, 0.92F, 1.08F);
  std::array<std::size_t, kBands> low{};
  std::array<float, kBands> part{};
  for (std::size_t b = 0; b < kBands; ++b) {
    const float x = std::min(static_cast<float>(b) * warp, static_cast<float>(kBands - 1));
    low[b] = std::min(static_cast<std::size_t>(x), kBands - 2);
    part[b] = x - static_cast<float>(low[b]);
  }
  MelFrames result(length * kBands);
  for (std::size_t t = 0; t < length; ++t) {
    const float at = std::min(static_cast<float>(t) * step, static_cast<float>(count - 1));
    const auto first = static_cast<std::size_t>(at);
    const std::size_t second = std::min(first + 1, count - 1);
    const float* x = frames.data() + first * kBands;
    const float* y = frames.data() + second * kBands;
    const float share = at - static_cast<float>(first);
    for (std::size_t b = 0; b < kBands; ++b) {
      const float here = x[low[b]] + part[b] * (x[low[b] + 1] - x[low[b]]);
      const float next = y[low[b]] + part[b] * (y[low[b] + 1] - y[low[b]]);
      result[t * kBands + b] = here + share * (next - here);
    }
  }
  return result;
}

void append_pause(std::span<const float> utterance, std::size_t count, MelFrames& out, std::mt19937_64& random) {
  const std::size_t frames = utterance.size() / kBands;
  std::vector<std::pair<float, std::size_t>> level(frames);
  for (std::size_t t = 0; t < frames; ++t) {
    const auto frame = utterance.subspan(t * kBands, kBands);
    level[t] = {std::accumulate(frame.begin(), frame.end(), 0.0F), t};
  }
  const std::size_t quiet = std::max<std::size_t>(1, frames / 20);
  std::nth_element(level.begin(), level.begin() + static_cast<std::ptrdiff_t>(quiet - 1), level.end());
  for (std::size_t i = 0; i < count; ++i) {
    const auto frame = utterance.subspan(level[whole(random, 0, quiet - 1)].second * kBands, kBands);
    out.insert(out.end(), frame.begin(), frame.end());
  }
}

void other_place(std::span<float> frames, std::span<const float> babble, std::mt19937_64& random) {
  if (uniform(random, 0, 1) < 0.33F) reverberate(frames, random);
  if (uniform(random, 0, 1) < 0.5F) {
    const float power = mean_power(frames) * std::exp(-kDecibel * uniform(random, 3, 30));
    if (!babble.empty() && uniform(random, 0, 1) < 0.3F) {
      add_babble(frames, babble, power, random);
    } else {
      add_noise(frames, power, random);
    }
  }
  const float gain = kDecibel * uniform(random, -15, 9);
  for (float& x : frames) x += gain;
}

void hide_parts(std::span<float> frames, std::mt19937_64& random) {
  const std::size_t count = frames.size() / kBands;
  if (count == 0) return;
  const float mean =
      static_cast<float>(std::accumulate(frames.begin(), frames.end(), 0.0) / static_cast<double>(frames.size()));
  for (int i = 0; i < 2; ++i) {
    const std::size_t width = whole(random, 0, 16), first = whole(random, 0, kBands - width);
    for (std::size_t t = 0; t < count; ++t)
      std::fill_n(frames.begin() + static_cast<std::ptrdiff_t>(t * kBands + first), width, mean);
  }
  for (std::size_t i = 0; i < 2 * (count / 400 + 1); ++i) {
    const std::size_t width = std::min(count, whole(random, 0, 25)), first = whole(random, 0, count - width);
    std::fill_n(frames.begin() + static_cast<std::ptrdiff_t>(first * kBands), width * kBands, mean);
  }
}

}  // namespace catena::model
