#include "audio/voice_activity.h"

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
    throw std::runtime_error(std::string("voice activity detection: ") + step + " failed with code " +
                             std::to_string(status));
  }
}

}  // namespace

struct VoiceActivity::Impl {
  std::unique_ptr<webrtc::AudioProcessing> processing{webrtc::AudioProcessing::Create()};
  webrtc::StreamConfig format{kRate, 1};
  std::array<float, kVoiceFrame> denoised{};
};

VoiceActivity::VoiceActivity() : impl_(std::make_unique<Impl>()) {
  if (impl_->processing == nullptr) {
    throw std::runtime_error("voice activity detection: webrtc-audio-processing could not start");
  }
  webrtc::AudioProcessing& processing = *impl_->processing;
  const webrtc::ProcessingConfig formats{{impl_->format, impl_->format, impl_->format, impl_->format}};
  check(processing.Initialize(formats), "initialisation");
  check(processing.high_pass_filter()->Enable(true), "the high-pass filter");
  check(processing.noise_suppression()->set_level(webrtc::NoiseSuppression::kHigh), "noise suppression");
  check(processing.noise_suppression()->Enable(true), "noise suppression");
  webrtc::VoiceDetection& detection = *processing.voice_detection();
  check(detection.set_likelihood(webrtc::VoiceDetection::kVeryLowLikelihood), "the detector");
  check(detection.set_frame_size_ms(kVoiceFrameMs), "the detector");
  check(detection.Enable(true), "the detector");
}

VoiceActivity::~VoiceActivity() = default;
VoiceActivity::VoiceActivity(VoiceActivity&&) noexcept = default;
VoiceActivity& VoiceActivity::operator=(VoiceActivity&&) noexcept = default;

bool VoiceActivity::is_speech(std::span<const float> frame) {
  if (frame.size() != kVoiceFrame) {
    throw std::invalid_argument("voice activity wants " + std::to_string(kVoiceFrame) + " samples a frame, not " +
                                std::to_string(frame.size()));
  }
  const float* in = frame.data();
  float* out = impl_->denoised.data();
  check(impl_->processing->ProcessStream(&in, impl_->format, impl_->format, &out), "a frame");
  return impl_->processing->voice_detection()->stream_has_voice();
}

Segmenter::Segmenter(SegmenterSettings settings)
    : onset_frames_(std::max(1, settings.onset_ms / kVoiceFrameMs)),
      window_frames_(std::max(onset_frames_, settings.onset_window_ms / kVoiceFrameMs)),
      hang_over_frames_(std::max(1, settings.hang_over_ms / kVoiceFrameMs)),
      window_(static_cast<std::size_t>(window_frames_), false) {}

Segment Segmenter::close(std::int64_t end_frame) {
  Segment segment;
  segment.start_ms = start_frame_ * kVoiceFrameMs;
  segment.end_ms = end_frame * kVoiceFrameMs;
  segment.speech = in_speech_;
  segment.detection_latency_ms = static_cast<double>((frames_ - end_frame) * kVoiceFrameMs);
  start_frame_ = end_frame;
  return segment;
}

std::optional<Segment> Segmenter::feed(bool speech_frame) {
  window_[static_cast<std::size_t>(frames_ % window_frames_)] = speech_frame;
  ++frames_;
  if (speech_frame) {
    last_speech_end_ = frames_;
  }
  if (in_speech_) {
    if (frames_ - last_speech_end_ < hang_over_frames_) {
      return std::nullopt;
    }
    const Segment spoken = close(last_speech_end_);
    in_speech_ = false;
    return spoken;
  }
  if (std::count(window_.begin(), window_.end(), true) < onset_frames_) {
    return std::nullopt;
  }
  // Speech began with the oldest speech frame of the window, but never before the running pause did.
  std::int64_t first = std::max(start_frame_, frames_ - window_frames_);
  while (!window_[static_cast<std::size_t>(first % window_frames_)]) {
    ++first;
  }
  const Segment pause = close(first);
  in_speech_ = true;
  if (pause.end_ms == pause.start_ms) {
    return std::nullopt;  // speech from the first frame on: there was no pause
  }
  return pause;
}

std::optional<Segment> Segmenter::finish() {
  if (frames_ == start_frame_) {
    return std::nullopt;
  }
  Segment last = close(frames_);
  return last;
}

}  // namespace catena::audio
