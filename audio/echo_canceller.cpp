#include "audio/echo_canceller.h"

#include <webrtc/common.h>
#include <webrtc/modules/audio_processing/include/audio_processing.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "audio/resampler.h"

namespace catena::audio {

namespace {

void check(int status, const char* step) {
  if (status != webrtc::AudioProcessing::kNoError) {
    throw std::runtime_error(std::string("echo cancellation: ") + step + " failed with code " + std::to_string(status));
  }
}

void check_size(std::size_t size) {
  if (size != kVoiceFrame) {
    throw std::invalid_argument("echo cancellation wants " + std::to_string(kVoiceFrame) + " samples a block, not " +
                                std::to_string(size));
  }
}

webrtc::AudioProcessing* create() {
  webrtc::Config config;
  // A tail of 128 ms instead of 48, and a look for the true delay behind it: what sound systems say of their latencies
  // is often wrong.
  config.Set<webrtc::ExtendedFilter>(new webrtc::ExtendedFilter(true));
  config.Set<webrtc::DelayAgnostic>(new webrtc::DelayAgnostic(true));
  return webrtc::AudioProcessing::Create(config);
}

}  // namespace

struct EchoCanceller::Impl {
  std::unique_ptr<webrtc::AudioProcessing> processing{create()};
  webrtc::StreamConfig format{kRate, 1};
  std::array<float, kVoiceFrame>
      unused{};  // the far end is only listened to, but the library wants to write it somewhere
  int delay_ms = 0;
};

EchoCanceller::EchoCanceller() : impl_(std::make_unique<Impl>()) {
  if (impl_->processing == nullptr) {
    throw std::runtime_error("echo cancellation: webrtc-audio-processing could not start");
  }
  webrtc::AudioProcessing& processing = *impl_->processing;
  const webrtc::ProcessingConfig formats{{impl_->format, impl_->format, impl_->format, impl_->format}};
  check(processing.Initialize(formats), "initialisation");
  check(processing.high_pass_filter()->Enable(true), "the high-pass filter");
  webrtc::EchoCancellation& echo = *processing.echo_cancellation();
  check(echo.enable_drift_compensation(false), "the canceller");
  check(echo.set_suppression_level(webrtc::EchoCancellation::kHighSuppression), "the canceller");
  check(echo.enable_metrics(true), "the canceller");
  check(echo.Enable(true), "the canceller");
  check(processing.noise_suppression()->set_level(webrtc::NoiseSuppression::kModerate), "noise suppression");
  check(processing.noise_suppression()->Enable(true), "noise suppression");
  // Quiet speakers are brought up by at most 9 dB; more would bring up what is left of the echo as well.
  webrtc::GainControl& gain = *processing.gain_control();
  check(gain.set_mode(webrtc::GainControl::kAdaptiveDigital), "gain control");
  check(gain.set_target_level_dbfs(6), "gain control");
  check(gain.set_compression_gain_db(9), "gain control");
  check(gain.enable_limiter(true), "gain control");
  check(gain.Enable(true), "gain control");
}

EchoCanceller::~EchoCanceller() = default;
EchoCanceller::EchoCanceller(EchoCanceller&&) noexcept = default;
EchoCanceller& EchoCanceller::operator=(EchoCanceller&&) noexcept = default;

void EchoCanceller::played(std::span<const float> block) {
  check_size(block.size());
  const float* in = block.data();
  float* out = impl_->unused.data();
  check(impl_->processing->ProcessReverseStream(&in, impl_->format, impl_->format, &out), "the loudspeaker's sound");
}

void EchoCanceller::clean(std::span<float> block) {
  check_size(block.size());
  // Once a block: the library forgets it.
  check(impl_->processing->set_stream_delay_ms(impl_->delay_ms), "the delay");
  const float* in = block.data();
  float* out = block.data();
  check(impl_->processing->ProcessStream(&in, impl_->format, impl_->format, &out), "the microphone's sound");
}

void EchoCanceller::set_delay_ms(int delay_ms) { impl_->delay_ms = std::clamp(delay_ms, 0, 500); }

double EchoCanceller::erle_db() const {
  webrtc::EchoCancellation::Metrics metrics;
  if (impl_->processing->echo_cancellation()->GetMetrics(&metrics) != webrtc::AudioProcessing::kNoError) {
    return 0;
  }
  return std::max(0, metrics.echo_return_loss_enhancement.average);
}

}  // namespace catena::audio
