#include "audio/capture.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "audio/alsa_probe.h"
#include "audio/input_stream.h"

namespace catena::audio {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr auto kWatchPeriod = std::chrono::milliseconds(100);
// A stream that lived shorter than this is not opened again at once, so that a device that dies on opening does not
// keep the machine busy.
constexpr double kHealthySeconds = 2.0;

// What ALSA and PortAudio call the default device.
const std::string kDefaultPcm = "default";

// How long a device that failed comes after all others. Doubles with each failure.
struct Penalty {
  Seconds length{0};
  Clock::time_point until{};
};
constexpr Seconds kFirstPenalty{1.0};
constexpr Seconds kLongestPenalty{60.0};
// While there is no device, PortAudio looks for one anew when something changed, or after this time. Each look loads
// and unloads all ALSA plugins, some of which leak a few kilobytes; once a second all night that would be felt.
constexpr Seconds kBlindLook{30.0};

}  // namespace

class Capture::Supervisor {
 public:
  explicit Supervisor(CaptureSettings settings) : settings_(std::move(settings)), thread_([this] { run(); }) {}
  ~Supervisor() { stop(); }

  void stop() {
    const std::lock_guard joining(join_mutex_);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  Source::Block read(std::span<float> out) {
    const std::lock_guard lock(mutex_);
    while (!streams_.empty()) {
      InputStream& oldest = *streams_.front();
      // Asked before reading: once closed nothing is added, so an empty read then means drained.
      const bool closed = oldest.closed();
      const std::size_t count = oldest.read(out);
      if (count > 0 || !closed) {
        return {count, oldest.rate()};
      }
      past_overruns_ += oldest.overruns();
      past_underruns_ += oldest.underruns();
      streams_.pop_front();
    }
    return {};
  }

  bool ended() const {
    const std::lock_guard lock(mutex_);
    return over_ && streams_.empty();
  }

  SourceStatus status() const {
    const std::lock_guard lock(mutex_);
    SourceStatus status;
    status.overruns = past_overruns_;
    status.underruns = past_underruns_;
    for (const auto& stream : streams_) {
      status.overruns += stream->overruns();
      status.underruns += stream->underruns();
      status.buffer_fill = std::max(status.buffer_fill, stream->fill());
    }
    if (!streams_.empty() && !streams_.back()->closed()) {
      status.device = streams_.back()->device();
      status.input_latency_ms = streams_.back()->input_latency_ms();
    }
    return status;
  }

  std::vector<SourceEvent> take_events() {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }

 private:
  // Everything below runs on the supervising thread.

  void run() {
    try {
      while (!wait(watch())) {
      }
    } catch (const std::exception& error) {
      say(SourceEventKind::failed, "", std::string("the microphone had to be given up: ") + error.what());
    }
    try {
      close_current();
    } catch (const std::exception& error) {
      say(SourceEventKind::failed, "", std::string("closing the microphone failed: ") + error.what());
    }
    const std::lock_guard lock(mutex_);
    over_ = true;
  }

  // True when it is time to stop.
  bool wait(Seconds time) {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, time, [this] { return stopping_; });
  }

  // One look at things; returns how long to wait before the next.
  Seconds watch() {
    if (current_ == nullptr) {
      return open_best() ? Seconds(kWatchPeriod) : Seconds(settings_.retry_s);
    }
    const double without = current_->seconds_without_callback();
    if (!current_->active()) {
      return lose("stopped delivering sound");
    }
    if (without > (current_->called_back() ? settings_.dead_after_s : settings_.first_callback_s)) {
      return lose("delivers no sound");
    }
    watch_silence();
    if (!on_wanted_ && Clock::now() >= next_probe_) {
      return look_for_wanted();
    }
    return kWatchPeriod;
  }

  void watch_silence() {
    const bool silent = current_->seconds_of_digital_silence() >= settings_.silent_after_s;
    if (silent != silent_) {
      silent_ = silent;
      const std::string& device = current_->device();
      say(silent ? SourceEventKind::silent : SourceEventKind::sound_again, device,
          silent ? "microphone '" + device + "' is silent: choose another one, or see whether it is muted"
                 : "microphone '" + device + "' delivers sound again");
    }
  }

  Seconds lose(const std::string& what) {
    const std::string device = current_->device();
    const bool healthy = Clock::now() - opened_ > Seconds(kHealthySeconds);
    penalise(device);
    close_current();
    lost_ = true;
    say(SourceEventKind::device_lost, device, "microphone '" + device + "' " + what + ": looking for another one");
    return healthy ? Seconds(0) : Seconds(settings_.retry_s);
  }

  Seconds look_for_wanted() {
    next_probe_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(2 * Seconds(settings_.retry_s));
    const auto access = PortAudioSystem::instance().lock();
    if (!is_back(settings_.device.empty() ? kDefaultPcm : settings_.device)) {
      return kWatchPeriod;
    }
    close_current(access);  // PortAudio finds the wanted device only after it was initialised anew
    return Seconds(0);
  }

  bool is_back(const std::string& name) const {
    return !name.empty() && !is_penalised(name) && input_device_present(name);
  }

  // Whether another look for devices may find what the last one did not.
  bool worth_looking() const {
    return !none_said_ || Clock::now() - last_look_ >= kBlindLook || sound_cards() != cards_ ||
           is_back(settings_.device) || is_back(kDefaultPcm);
  }

  bool open_best() {
    const auto access = PortAudioSystem::instance().lock();
    if (!worth_looking()) {
      return false;
    }
    last_look_ = Clock::now();
    cards_ = sound_cards();
    std::string problem = "no microphone found: plug one in or check the system's sound settings";
    try {
      access.refresh();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    std::vector<InputDevice> devices = access.input_devices();
    while (const auto name = choose_input_device(devices, settings_.device, penalised_names())) {
      const auto device =
          std::find_if(devices.begin(), devices.end(), [&](const InputDevice& d) { return d.name == *name; });
      try {
        current_ = std::make_shared<InputStream>(access, *name, settings_.ring_seconds);
        opened(*name, settings_.device.empty() ? device->is_default : *name == settings_.device);
        return true;
      } catch (const std::runtime_error& error) {
        problem = error.what();
        penalise(*name);
        devices.erase(device);
      }
    }
    if (!none_said_) {
      none_said_ = true;
      lost_ = true;
      say(SourceEventKind::device_lost, "", problem + "; it is used as soon as it is there");
    }
    return false;
  }

  void opened(const std::string& name, bool wanted) {
    {
      const std::lock_guard lock(mutex_);
      streams_.push_back(current_);
    }
    opened_ = Clock::now();
    next_probe_ = opened_ + std::chrono::duration_cast<Clock::duration>(2 * Seconds(settings_.retry_s));
    const bool changed = lost_ || none_said_ || name != last_device_;
    if (changed && !wanted) {
      say(SourceEventKind::fallback, name,
          (settings_.device.empty() ? std::string("the default microphone") : "microphone '" + settings_.device + "'") +
              " is not there: listening to '" + name + "' until it is back");
    } else if (changed) {
      const bool first = last_device_.empty();
      say(first ? SourceEventKind::started : SourceEventKind::returned, name,
          first ? "listening to '" + name + "'" : "microphone '" + name + "' is back");
    }
    on_wanted_ = wanted;
    last_device_ = name;
    lost_ = false;
    none_said_ = false;
    silent_ = false;
  }

  void close_current() {
    if (current_ != nullptr) {
      close_current(PortAudioSystem::instance().lock());
    }
  }

  void close_current(const PortAudioSystem::Access& access) {
    current_->close(access);
    current_.reset();
  }

  void penalise(const std::string& name) {
    Penalty& penalty = penalties_[name];
    // A device that worked well since its last failure starts afresh.
    const bool recovered = Clock::now() - penalty.until > kLongestPenalty;
    penalty.length = recovered ? kFirstPenalty : std::min(kLongestPenalty, std::max(kFirstPenalty, penalty.length * 2));
    penalty.until = Clock::now() + std::chrono::duration_cast<Clock::duration>(penalty.length);
  }

  bool is_penalised(const std::string& name) const {
    const auto found = penalties_.find(name);
    return found != penalties_.end() && Clock::now() < found->second.until;
  }

  std::vector<std::string> penalised_names() const {
    std::vector<std::string> names;
    for (const auto& [name, penalty] : penalties_) {
      if (Clock::now() < penalty.until) {
        names.push_back(name);
      }
    }
    return names;
  }

  void say(SourceEventKind kind, std::string device, std::string text) {
    const std::lock_guard lock(mutex_);
    events_.push_back({kind, std::move(device), std::move(text)});
  }

  const CaptureSettings settings_;

  // Shared, under mutex_. The callback never takes it: it knows only its InputStream.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<InputStream>> streams_;  // oldest first; all but the last are closed and being drained
  std::vector<SourceEvent> events_;
  std::uint64_t past_overruns_ = 0;
  std::uint64_t past_underruns_ = 0;
  bool stopping_ = false;
  bool over_ = false;

  // Of the supervising thread.
  std::shared_ptr<InputStream> current_;
  std::map<std::string, Penalty> penalties_;
  Clock::time_point opened_{};
  Clock::time_point next_probe_{};
  Clock::time_point last_look_{};
  std::string cards_;  // at the last look
  std::string last_device_;
  bool on_wanted_ = false;
  bool silent_ = false;
  bool lost_ = false;
  bool none_said_ = false;

  std::mutex join_mutex_;
  std::thread thread_;  // last: it uses everything above
};

Capture::Capture(CaptureSettings settings) : supervisor_(std::make_unique<Supervisor>(std::move(settings))) {}
Capture::~Capture() = default;

Source::Block Capture::read(std::span<float> out) { return supervisor_->read(out); }
bool Capture::ended() const { return supervisor_->ended(); }
void Capture::stop() { supervisor_->stop(); }
SourceStatus Capture::status() const { return supervisor_->status(); }
std::vector<SourceEvent> Capture::take_events() { return supervisor_->take_events(); }

}  // namespace catena::audio
