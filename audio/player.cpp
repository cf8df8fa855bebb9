#include "audio/player.h"

#include <portaudio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include "audio/devices.h"
#include "audio/portaudio_system.h"
#include "audio/ring_buffer.h"

namespace catena::audio {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kRingSeconds = 0.5;
constexpr int kCallbacksPerSecond = 50;
constexpr double kSuggestedLatency = 0.03;
constexpr double kDeadAfterSeconds = 2;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

PaDeviceIndex find_output(const std::string& name) {
  for (PaDeviceIndex i = 0; !name.empty() && i < Pa_GetDeviceCount(); ++i) {
    const PaDeviceInfo* info = Pa_GetDeviceInfo(i);
    if (info != nullptr && info->maxOutputChannels > 0 && stable_device_name(info->name) == name) {
      return i;
    }
  }
  return Pa_GetDefaultOutputDevice();
}

}  // namespace

struct Player::Impl {
  Impl(int wanted_rate, std::shared_ptr<FarEnd> wanted_far_end)
      : rate(wanted_rate), far_end(std::move(wanted_far_end)), ring(static_cast<std::size_t>(kRingSeconds * rate)) {}

  const int rate;
  const std::shared_ptr<FarEnd> far_end;
  std::string device;
  int channels = 1;
  PaStream* stream = nullptr;
  double latency_ms = 0;
  RingBuffer ring;
  std::atomic<std::uint64_t> discard_before{0};  // position in the ring
  std::uint64_t written = 0;
  std::atomic<std::uint64_t> taken{0};   // read from the ring
  std::atomic<std::int64_t> played{0};
  std::atomic<std::int64_t> last_callback{now_ns()};

  static int callback(const void*, void* output, unsigned long frames, const PaStreamCallbackTimeInfo*,
                      PaStreamCallbackFlags, void* self) {
    static_cast<Impl*>(self)->fill(static_cast<float*>(output), frames);
    return paContinue;
  }

  // In the callback: no lock, no allocation.
  void fill(float* out, std::size_t frames) noexcept {
    std::array<float, 512> mono;
    const std::int64_t now = now_ns();
    const std::int64_t heard_at = now + static_cast<std::int64_t>(latency_ms * 1e6);
    std::uint64_t position = taken.load(std::memory_order_relaxed);
    const std::uint64_t keep_from = discard_before.load(std::memory_order_acquire);
    while (position < keep_from) {
      const std::size_t wanted = std::min<std::uint64_t>(mono.size(), keep_from - position);
      const std::size_t got = ring.read(std::span<float>(mono).first(wanted));
      if (got == 0) {
        break;
      }
      position += got;
    }
    for (std::size_t done = 0; done < frames;) {
      const std::size_t wanted = std::min(mono.size(), frames - done);
      const std::size_t got = ring.read(std::span<float>(mono).first(wanted));
      std::fill(mono.begin() + static_cast<std::ptrdiff_t>(got), mono.end(), 0.0F);
      position += got;
      played.fetch_add(static_cast<std::int64_t>(got), std::memory_order_relaxed);
      for (std::size_t i = 0; i < wanted; ++i) {
        std::fill_n(out + (done + i) * static_cast<std::size_t>(channels), channels, mono[i]);
      }
      if (far_end != nullptr) {
        const double before_s = static_cast<double>(done) / rate;
        far_end->play(std::span<const float>(mono).first(wanted), heard_at + static_cast<std::int64_t>(before_s * 1e9),
                      now);
      }
      done += wanted;
    }
    taken.store(position, std::memory_order_release);
    last_callback.store(now, std::memory_order_relaxed);
  }
};

Player::Player(const std::string& device, int rate, std::shared_ptr<FarEnd> far_end)
    : impl_(std::make_unique<Impl>(rate, std::move(far_end))) {
  if (impl_->far_end != nullptr && impl_->far_end->rate() != rate) {
    throw std::invalid_argument("the echo canceller expects another rate than the loudspeaker's");
  }
  const PortAudioSystem::Access access = PortAudioSystem::instance().lock();
  access.refresh();
  const PaDeviceIndex index = find_output(device);
  if (index == paNoDevice) {
    throw std::runtime_error("there is no loudspeaker; plug one in or choose another output");
  }
  const PaDeviceInfo& info = *Pa_GetDeviceInfo(index);
  impl_->device = stable_device_name(info.name);
  PaError error = paNoError;
  for (const int channels : {1, 2, info.maxOutputChannels}) {
    PaStreamParameters parameters{};
    parameters.device = index;
    parameters.channelCount = impl_->channels = channels;
    parameters.sampleFormat = paFloat32;
    parameters.suggestedLatency = std::max(kSuggestedLatency, info.defaultLowOutputLatency);
    error =
        Pa_OpenStream(&impl_->stream, nullptr, &parameters, rate,
                      static_cast<unsigned long>(rate / kCallbacksPerSecond), paNoFlag, &Impl::callback, impl_.get());
    if (error == paNoError) {
      break;
    }
  }
  if (error != paNoError) {
    throw std::runtime_error("loudspeaker '" + impl_->device + "' cannot be opened: " + Pa_GetErrorText(error));
  }
  access.stream_opened();
  if (const PaStreamInfo* opened = Pa_GetStreamInfo(impl_->stream)) {
    impl_->latency_ms = opened->outputLatency * 1000.0;  // before the start: the callback reads it
  }
  error = Pa_StartStream(impl_->stream);
  if (error != paNoError) {
    Pa_CloseStream(impl_->stream);
    access.stream_closed();
    throw std::runtime_error("loudspeaker '" + impl_->device + "' cannot be started: " + Pa_GetErrorText(error));
  }
}

Player::~Player() {
  const PortAudioSystem::Access access = PortAudioSystem::instance().lock();
  // A dead stream may never stop, so it is only closed.
  if (alive()) {
    Pa_StopStream(impl_->stream);
  }
  Pa_CloseStream(impl_->stream);
  access.stream_closed();
}

std::size_t Player::write(std::span<const float> samples) {
  const std::size_t room = impl_->ring.capacity() - impl_->ring.size();
  const std::size_t count = impl_->ring.write(samples.first(std::min(room, samples.size())));
  impl_->written += count;
  return count;
}

void Player::discard() { impl_->discard_before.store(impl_->written, std::memory_order_release); }

std::int64_t Player::played() const { return impl_->played.load(std::memory_order_relaxed); }

bool Player::idle() const { return impl_->taken.load(std::memory_order_acquire) >= impl_->written; }

double Player::latency_ms() const { return impl_->latency_ms; }

bool Player::alive() const {
  const double quiet = static_cast<double>(now_ns() - impl_->last_callback.load(std::memory_order_relaxed)) * 1e-9;
  return Pa_IsStreamActive(impl_->stream) == 1 && quiet < kDeadAfterSeconds;
}

const std::string& Player::device() const { return impl_->device; }

}  // namespace catena::audio
