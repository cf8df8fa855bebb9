#include "audio/echo_path.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace catena::audio {

namespace {

constexpr double kNsPerSample = 1e9 / kRate;
// The far end comes this much before its echo, so that an error of the latencies that the devices tell does not turn it
// round. The canceller looks 128 ms back.
constexpr int kLeadMs = 30;
constexpr double kLead = kLeadMs * kRate / 1000.0;
constexpr double kShortestLead = -0.06 * kRate;
constexpr int kAlive = 10;                             // blocks within which a player that lives calls back
constexpr double kSmoothing = 0.02;                    // of the error, each 10 ms: half a second
constexpr double kGap =
    0.1 * kRate;  // more than callbacks can be late by: the player was opened anew, or sound was lost
constexpr double kTolerance =
    0.04 * kRate;  // while something is heard: moving costs the canceller its bearings for a moment
constexpr double kToleranceInQuiet = 0.005 * kRate;
constexpr std::size_t kKept = 2 * kRate;
constexpr float kHeard = 0.003F;                       // -50 dBFS
constexpr int kWarmUp = 50;                            // blocks of sound that the canceller needs to find the echo
constexpr int kTail = 30;                              // blocks for which a room goes on
constexpr double kMostlyEcho = 0.25;  // of a block's energy: when less is left, it was the loudspeaker's
constexpr double kDelaySmoothing = 0.01;

double energy(std::span<const float> block) {
  return std::inner_product(block.begin(), block.end(), block.begin(), 0.0);
}

bool loud(std::span<const float> block) {
  return std::any_of(block.begin(), block.end(), [](float sample) { return std::abs(sample) > kHeard; });
}

}  // namespace

EchoPath::EchoPath(std::shared_ptr<FarEnd> far_end)
    : far_end_(std::move(far_end)),
      resampler_(far_end_->rate(), Resampler::Kind::prompt),
      from_ring_(4096),
      silence_(kVoiceFrame, 0.0F),
      lead_(kLead) {
  canceller_.set_delay_ms(kLeadMs);
}

// Whether a player is at it.
bool EchoPath::take_played() {
  since_arrival_ = std::min(since_arrival_ + 1, kAlive);
  for (std::size_t got = 1; got > 0;) {
    got = far_end_->read(from_ring_);
    if (got > 0) since_arrival_ = 0;
    resampler_.feed(std::span<const float>(from_ring_).first(got), played_);
  }
  // What the microphone's time has passed is of no use any more.
  const auto old =
      static_cast<std::size_t>(std::clamp<std::int64_t>(next_ - begin_, 0, static_cast<std::int64_t>(played_.size())));
  const std::size_t excess = played_.size() - std::min(played_.size(), kKept);
  const std::size_t gone = std::max(old, excess);
  played_.erase(played_.begin(), played_.begin() + static_cast<std::ptrdiff_t>(gone));
  begin_ += static_cast<std::int64_t>(gone);
  return since_arrival_ < kAlive;
}

void EchoPath::follow(std::int64_t captured_ns) {
  const double wanted = static_cast<double>(captured_ns - far_end_->zero_ns()) / kNsPerSample;
  double error = wanted + lead_ - static_cast<double>(next_);
  if (std::abs(error) > kGap) {
    error += kLead - lead_;
    lead_ = kLead;
    error_ = error;
  }
  error_ += kSmoothing * (error - error_);
  if (std::abs(error_) > (quiet_ ? kToleranceInQuiet : kTolerance)) {
    next_ = std::max(begin_, next_ + static_cast<std::int64_t>(std::llround(error_)));
    error_ = 0;
  }
}

std::span<const float> EchoPath::block_played(bool arriving) {
  const std::int64_t at = next_ - begin_;
  if (at < 0 || at + kVoiceFrame > static_cast<std::int64_t>(played_.size())) {
    // The player is closed; or the devices tell such short latencies that the far end would have to come before it is
    // there.
    if (arriving && at >= 0) lead_ = std::max(kShortestLead, lead_ - kVoiceFrame);
    return silence_;
  }
  next_ += kVoiceFrame;
  return std::span<const float>(played_).subspan(static_cast<std::size_t>(at), kVoiceFrame);
}

// Whether something is heard that the canceller cannot know yet.
bool EchoPath::cold(bool loud) {
  since_heard_ = loud ? 0 : std::min(since_heard_ + 1, kTail);
  if (heard_blocks_ == kWarmUp) return false;
  heard_blocks_ += loud ? 1 : 0;
  return heard_blocks_ > 0 && since_heard_ < kTail;
}

bool EchoPath::clean(std::span<float> block, std::int64_t captured_ns, std::int64_t now_ns) {
  std::span<const float> played = silence_;
  if (far_end_->begun()) {
    const bool arriving = take_played();
    follow(captured_ns);
    played = block_played(arriving);
    const double delay_ms = static_cast<double>(far_end_->ahead_ns() + now_ns - captured_ns) * 1e-6;
    delay_ms_ += (delay_ms_ == 0 ? 1.0 : kDelaySmoothing) * (delay_ms - delay_ms_);
  }
  const bool heard = loud(played);
  quiet_ = !heard;
  canceller_.played(played);
  const double before = energy(block);
  canceller_.clean(block);
  if (cold(heard)) {
    std::fill(block.begin(), block.end(), 0.0F);
    return false;
  }
  return since_heard_ >= kTail || energy(block) > kMostlyEcho * before;
}

EchoFigures EchoPath::figures() const { return {true, delay_ms_, canceller_.erle_db()}; }

}  // namespace catena::audio
