#include "audio/input_stream.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "audio/mono.h"
#include "audio/resampler.h"

namespace catena::audio {

namespace {

// 50 callbacks a second: long enough not to crackle (drivers' own default of about 100 frames does), short enough not
// to be felt.
constexpr int kCallbacksPerSecond = 50;
constexpr double kSuggestedLatency = 0.04;

// What to try, best first: 16 kHz needs no resampling of ours, the device's own rate always works on hardware. One
// channel first; some devices only open with all they have.
std::vector<InputFormat> formats_to_try(PaDeviceIndex device) {
  const PaDeviceInfo& info = *Pa_GetDeviceInfo(device);
  std::vector<InputFormat> formats;
  for (const int channels : {1, std::min(2, info.maxInputChannels), info.maxInputChannels}) {
    for (const int rate : {kRate, static_cast<int>(info.defaultSampleRate), 48000, 44100}) {
      formats.push_back({device, rate, channels});
    }
  }
  return formats;
}

PaStreamParameters parameters_for(PaDeviceIndex device, int channels) {
  PaStreamParameters parameters{};
  parameters.device = device;
  parameters.channelCount = channels;
  parameters.sampleFormat = paFloat32;
  parameters.suggestedLatency = kSuggestedLatency;
  return parameters;
}

}  // namespace

InputFormat InputFormat::find(const PortAudioSystem::Access& access, const std::string& name) {
  const std::optional<PaDeviceIndex> device = access.find_input(name);
  if (!device) {
    throw std::runtime_error("microphone '" + name + "' is not there");
  }
  for (const InputFormat& format : formats_to_try(*device)) {
    const PaStreamParameters parameters = parameters_for(*device, format.channels);
    if (Pa_IsFormatSupported(&parameters, nullptr, format.rate) == paFormatIsSupported) {
      return format;
    }
  }
  throw std::runtime_error("microphone '" + name + "' cannot be opened: it is in use or has no usable format");
}

InputStream::InputStream(const PortAudioSystem::Access& access, const std::string& device, double ring_seconds)
    : InputStream(access, device, InputFormat::find(access, device), ring_seconds) {}

InputStream::InputStream(const PortAudioSystem::Access& access, const std::string& device, const InputFormat& format,
                         double ring_seconds)
    : device_(device),
      rate_(format.rate),
      channels_(format.channels),
      start_(Clock::now()),
      ring_(static_cast<std::size_t>(ring_seconds * rate_)) {
  const PaStreamParameters parameters = parameters_for(format.device, channels_);
  const unsigned long period = static_cast<unsigned long>(rate_ / kCallbacksPerSecond);
  PaError error = Pa_OpenStream(&stream_, &parameters, nullptr, rate_, period, paNoFlag, &InputStream::callback, this);
  if (error != paNoError) {
    throw std::runtime_error("microphone '" + device + "' cannot be opened: " + Pa_GetErrorText(error));
  }
  access.stream_opened();
  error = Pa_StartStream(stream_);
  if (error != paNoError) {
    close(access);
    throw std::runtime_error("microphone '" + device + "' cannot be started: " + Pa_GetErrorText(error));
  }
  if (const PaStreamInfo* info = Pa_GetStreamInfo(stream_)) {
    driver_latency_ms_ = info->inputLatency * 1000.0;
  }
}

InputStream::~InputStream() {
  if (stream_ != nullptr) {
    close(PortAudioSystem::instance().lock());
  }
}

void InputStream::close(const PortAudioSystem::Access& access) {
  if (stream_ != nullptr) {
    // A healthy stream is stopped, which lets a running callback finish. A dead one may never stop, so it is only
    // closed.
    if (active() && called_back() && seconds_without_callback() < 0.5) {
      Pa_StopStream(stream_);
    }
    Pa_CloseStream(stream_);
    stream_ = nullptr;
    access.stream_closed();
  }
  closed_.store(true, std::memory_order_release);
}

bool InputStream::active() const { return stream_ != nullptr && Pa_IsStreamActive(stream_) == 1; }

double InputStream::seconds_without_callback() const {
  const std::int64_t last = last_callback_.load(std::memory_order_relaxed);
  const Clock::time_point since = last == 0 ? start_ : Clock::time_point(std::chrono::nanoseconds(last));
  return std::chrono::duration<double>(Clock::now() - since).count();
}

double InputStream::seconds_of_digital_silence() const {
  return static_cast<double>(silent_frames_.load(std::memory_order_relaxed)) / rate_;
}

double InputStream::input_latency_ms() const {
  return driver_latency_ms_ + (called_back() && !closed() ? seconds_without_callback() * 1000.0 : 0.0);
}

int InputStream::callback(const void* input, void*, unsigned long frames, const PaStreamCallbackTimeInfo*,
                          PaStreamCallbackFlags flags, void* self) {
  static_cast<InputStream*>(self)->receive(static_cast<const float*>(input), frames, flags);
  return paContinue;
}

void InputStream::receive(const float* interleaved, std::size_t frames, PaStreamCallbackFlags flags) noexcept {
  if ((flags & paInputOverflow) != 0) {
    input_overflows_.fetch_add(1, std::memory_order_relaxed);
  }
  if ((flags & paInputUnderflow) != 0 || interleaved == nullptr) {
    input_underflows_.fetch_add(1, std::memory_order_relaxed);
  }
  std::array<float, 512> mono;  // on the stack: the callback allocates nothing
  std::uint64_t silent = silent_frames_.load(std::memory_order_relaxed);
  for (std::size_t done = 0; interleaved != nullptr && done < frames;) {
    const std::size_t count = std::min(mono.size(), frames - done);
    mix_to_mono(interleaved + done * static_cast<std::size_t>(channels_), count, channels_, mono.data());
    const bool sound = std::any_of(mono.begin(), mono.begin() + static_cast<std::ptrdiff_t>(count),
                                   [](float sample) { return sample != 0.0F; });
    silent = sound ? 0 : silent + count;
    ring_.write(std::span<const float>(mono.data(), count));
    done += count;
  }
  silent_frames_.store(silent, std::memory_order_relaxed);
  last_callback_.store(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count(),
                       std::memory_order_relaxed);
}

}  // namespace catena::audio
