#include "audio/log_mel.h"

#include <fftw3.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <mutex>
#include <numbers>

#include "audio/resampler.h"

namespace catena::audio {

namespace {

constexpr int kBins = kFftLength / 2 + 1;

// Slaney's mel scale: linear to 1 kHz, logarithmic above.
constexpr double kHzPerMel = 200.0 / 3.0;
constexpr double kBreakHz = 1000.0;
constexpr double kBreakMel = kBreakHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27.0;

double mel_from_hz(double hz) {
  return hz < kBreakHz ? hz / kHzPerMel : kBreakMel + std::log(hz / kBreakHz) / kLogStep;
}

double hz_from_mel(double mel) {
  return mel < kBreakMel ? mel * kHzPerMel : kBreakHz * std::exp(kLogStep * (mel - kBreakMel));
}

// A band's weights on consecutive bins.
struct Band {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Band> make_bands() {
  const double top = mel_from_hz(kRate / 2.0);
  const auto edge = [&](int i) { return hz_from_mel(top * i / (kMelBands + 1)); };
  std::vector<Band> bands(kMelBands);
  for (int b = 0; b < kMelBands; ++b) {
    const double low = edge(b);
    const double centre = edge(b + 1);
    const double high = edge(b + 2);
    for (int f = 0; f < kBins; ++f) {
      const double hz = static_cast<double>(f) * kRate / kFftLength;
      const double height = std::min((hz - low) / (centre - low), (high - hz) / (high - centre));
      if (height > 0) {
        if (bands[b].weights.empty()) {
          bands[b].first = f;
        }
        bands[b].weights.push_back(static_cast<float>(height * 2.0 / (high - low)));
      }
    }
  }
  return bands;
}

// Making and destroying plans is the one part of FFTW that is not thread-safe.
std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

struct LogMel::Impl {
  std::vector<float> window = std::vector<float>(kFrameLength);
  std::vector<Band> bands = make_bands();
  std::vector<float> pending;  // samples of the running frame, oldest first
  std::array<float, kBins> power{};
  float* in = fftwf_alloc_real(kFftLength);
  fftwf_complex* spectrum = fftwf_alloc_complex(kBins);
  fftwf_plan plan = nullptr;

  Impl() {
    const std::lock_guard lock(planner());
    // FFTW_ESTIMATE: the same algorithm every time, so the same bits every time.
    plan = fftwf_plan_dft_r2c_1d(kFftLength, in, spectrum, FFTW_ESTIMATE);
    std::fill_n(in, kFftLength, 0.0F);
    for (int i = 0; i < kFrameLength; ++i) {
      window[i] = static_cast<float>(0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * i / kFrameLength));
    }
  }
  ~Impl() {
    const std::lock_guard lock(planner());
    fftwf_destroy_plan(plan);
    fftwf_free(in);
    fftwf_free(spectrum);
  }

  MelFrame frame(const float* samples) {
    for (int i = 0; i < kFrameLength; ++i) {
      in[i] = samples[i] * window[i];
    }
    fftwf_execute(plan);
    for (int f = 0; f < kBins; ++f) {
      power[f] = spectrum[f][0] * spectrum[f][0] + spectrum[f][1] * spectrum[f][1];
    }
    MelFrame result;
    for (int b = 0; b < kMelBands; ++b) {
      float sum = 0;
      const Band& band = bands[b];
      for (std::size_t i = 0; i < band.weights.size(); ++i) {
        sum += band.weights[i] * power[band.first + i];
      }
      result[b] = std::log(std::max(sum, kMelFloor));
    }
    return result;
  }
};

LogMel::LogMel() : impl_(std::make_unique<Impl>()) {}
LogMel::~LogMel() = default;
LogMel::LogMel(LogMel&&) noexcept = default;
LogMel& LogMel::operator=(LogMel&&) noexcept = default;

int LogMel::feed(std::span<const float> samples, std::vector<MelFrame>& out) {
  std::vector<float>& pending = impl_->pending;
  pending.insert(pending.end(), samples.begin(), samples.end());
  std::size_t start = 0;
  int frames = 0;
  for (; start + kFrameLength <= pending.size(); start += kFrameHop, ++frames) {
    out.push_back(impl_->frame(pending.data() + start));
  }
  pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(start));
  return frames;
}

void LogMel::reset() { impl_->pending.clear(); }

}  // namespace catena::audio
