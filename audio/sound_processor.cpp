#include "audio/sound_processor.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace catena::audio {

namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double ms_since(std::int64_t start_ns) { return static_cast<double>(now_ns() - start_ns) * 1e-6; }

}  // namespace

SoundProcessor::SoundProcessor(SegmenterSettings segmenter, std::shared_ptr<FarEnd> far_end) : segmenter_(segmenter) {
  if (far_end != nullptr) {
    echo_.emplace(std::move(far_end));
  }
}

void SoundProcessor::feed(std::span<const float> samples, int rate, const ChunkSettings& chunks,
                          std::int64_t captured_ns, std::int64_t processed_ns) {
  const std::int64_t start = now_ns();
  chunk_mark_ns_ = start;
  chunk_settings_ = chunks;
  if (frames_ == chunk_start_) {
    running_chunk_ = chunks;
  }
  // Before resampling, which rounds peaks off.
  level_.feed(samples);
  if (!resampler_ || resampler_->input_rate() != rate) {
    if (resampler_) {
      resampler_->flush(resampled_);
    }
    resampler_.emplace(rate);
  }
  resampler_->feed(samples, resampled_);
  fed_ms_ += 1000.0 * static_cast<double>(samples.size()) / rate;
  captured_ns_ = captured_ns;
  processed_ns_ = processed_ns;
  consume();
  chunk_busy_ms_ += ms_since(chunk_mark_ns_);
  busy_ms_ += ms_since(start);
}

void SoundProcessor::finish() {
  const std::int64_t start = now_ns();
  chunk_mark_ns_ = start;
  if (resampler_) {
    resampler_->flush(resampled_);
    consume();
  }
  if (!resampled_.empty()) {
    resampled_.resize(kVoiceFrame, 0.0F);  // the last part of 10 ms
    consume();
  }
  if (auto segment = segmenter_.finish()) {
    update_.segments.push_back(*segment);
  }
  if (frames_ > chunk_start_) {
    close_chunk();
  }
  busy_ms_ += ms_since(start);
}

void SoundProcessor::consume() {
  std::size_t done = 0;
  for (; done + kVoiceFrame <= resampled_.size(); done += kVoiceFrame) {
    consume_frame(std::span<float>(resampled_).subspan(done, kVoiceFrame));
  }
  resampled_.erase(resampled_.begin(), resampled_.begin() + static_cast<std::ptrdiff_t>(done));
}

void SoundProcessor::consume_frame(std::span<float> frame) {
  bool own = true;  // not the loudspeaker's
  if (echo_) {
    const double behind_ms = fed_ms_ - static_cast<double>(frames_ * kVoiceFrameMs);
    own = echo_->clean(frame, captured_ns_ - static_cast<std::int64_t>(behind_ms * 1e6), processed_ns_);
    cleaned_level_.feed(frame);
  }
  log_mel_.feed(frame, update_.log_mel);
  const auto segment = segmenter_.feed(voice_.is_speech(frame) && own);
  ++frames_;
  if (segment) {
    update_.segments.push_back(*segment);
  }
  const std::int64_t length_ms = (frames_ - chunk_start_) * kVoiceFrameMs;
  const bool full = length_ms + kVoiceFrameMs > running_chunk_.length_ms;
  const bool pause = running_chunk_.end_at_pause && segment && segment->speech;
  if (full || (pause && length_ms * 4 >= running_chunk_.length_ms)) {
    close_chunk();
  }
}

void SoundProcessor::close_chunk() {
  const std::int64_t now = now_ns();
  SoundChunk chunk;
  chunk.index = chunk_index_++;
  chunk.start_ms = chunk_start_ * kVoiceFrameMs;
  chunk.end_ms = frames_ * kVoiceFrameMs;
  chunk.processing_ms = chunk_busy_ms_ + static_cast<double>(now - chunk_mark_ns_) * 1e-6;
  update_.chunks.push_back(chunk);
  chunk_start_ = frames_;
  chunk_busy_ms_ = 0;
  chunk_mark_ns_ = now;
  running_chunk_ = chunk_settings_;
}

double SoundProcessor::pending_ms() const { return static_cast<double>((frames_ - taken_frames_) * kVoiceFrameMs); }

SoundUpdate SoundProcessor::take() {
  if (frames_ > taken_frames_) {
    real_time_factor_ = busy_ms_ / pending_ms();
    busy_ms_ = 0;
    taken_frames_ = frames_;
  }
  SoundUpdate update = std::exchange(update_, {});
  const Level level = level_.take();
  update.level_dbfs = echo_ ? cleaned_level_.take().rms_dbfs : level.rms_dbfs;
  update.peak_dbfs = level.peak_dbfs;
  update.clipped = level.clipped;
  update.time_ms = frames_ * kVoiceFrameMs;
  update.speech = segmenter_.in_speech();
  update.real_time_factor = real_time_factor_;
  if (echo_) {
    update.echo = echo_->figures();
  }
  return update;
}

}  // namespace catena::audio
