#include "audio/speaker.h"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace catena::audio {

namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 5ms;
constexpr auto kKeepOpen = 10s;

}  // namespace

Speaker::Speaker(std::function<void(const SpeakerEvent&)> tell, std::shared_ptr<FarEnd> far_end)
    : tell_(std::move(tell)), far_end_(std::move(far_end)), thread_([this] { run(); }) {}

Speaker::~Speaker() {
  stop();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::uint64_t Speaker::say(std::string text, const VoiceSettings& settings, const std::string& device) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({++last_number_, std::move(text), device, settings, stops_.load()});
  wake_.notify_all();
  return last_number_;
}

void Speaker::stop() {
  const std::lock_guard lock(mutex_);
  stops_.fetch_add(1, std::memory_order_release);
  queue_.clear();
}

void Speaker::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (queue_.empty()) {
      const bool woken = wake_.wait_for(lock, kKeepOpen, [this] { return ending_ || !queue_.empty(); });
      if (!woken && player_ != nullptr) {
        lock.unlock();
        player_.reset();
        lock.lock();
      }
      continue;
    }
    const Item item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    try {
      speak(item);
    } catch (const std::exception& error) {
      give_up(item, error.what());
    }
    lock.lock();
  }
}

void Speaker::give_up(const Item& item, const char* why) {
  player_.reset();
  if (stopped(item)) {  // nobody waits for it any more, and what was said since is another matter
    tell_({SpeakerEvent::Kind::stopped, item.number, heard_, {}});
    return;
  }
  tell_({SpeakerEvent::Kind::failed, item.number, 0, why});
  const std::lock_guard lock(mutex_);
  std::erase_if(queue_, [&](const Item& waiting) { return waiting.stops == item.stops; });
}

void Speaker::tell_words(const Item& item) {
  const std::int64_t played = player_->played() - begins_at_;
  while (!words_.empty() && words_.front().sample <= played) {
    heard_ = words_.front().byte;
    tell_({SpeakerEvent::Kind::word, item.number, heard_, {}});
    words_.pop_front();
  }
}

void Speaker::speak(const Item& item) {
  words_.clear();
  heard_ = 0;
  Synthesizer& synthesizer = Synthesizer::instance();
  if (player_ == nullptr || !player_->alive() || wanted_device_ != item.device) {
    player_.reset();
    player_ = std::make_unique<Player>(item.device, synthesizer.rate(), far_end_);
    wanted_device_ = item.device;
    tell_({SpeakerEvent::Kind::opened, item.number, 0, player_->device()});
  }
  begins_at_ = player_->played();
  bool started = false;
  const auto check_device = [&] {
    if (!player_->alive())
      throw std::runtime_error("loudspeaker '" + player_->device() + "' is gone; plug it in or choose another output");
  };
  bool device_gone = false;  // told behind the synthesizer, through which no exception passes
  const bool whole =
      synthesizer.speak(item.text, item.settings, [&](std::span<const float> samples, std::span<const WordMark> words) {
        words_.insert(words_.end(), words.begin(), words.end());
        while (!samples.empty()) {
          if (stopped(item)) return false;
          if (!player_->alive()) {
            device_gone = true;
            return false;
          }
          samples = samples.subspan(player_->write(samples));
          if (!std::exchange(started, true)) tell_({SpeakerEvent::Kind::started, item.number, 0, {}});
          tell_words(item);
          if (!samples.empty()) std::this_thread::sleep_for(kLook);
        }
        return true;
      });
  if (device_gone) check_device();
  while (whole && !stopped(item) && !player_->idle()) {
    check_device();
    tell_words(item);
    std::this_thread::sleep_for(kLook);
  }
  if (stopped(item)) {
    player_->discard();
    tell_({SpeakerEvent::Kind::stopped, item.number, heard_, {}});
    return;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(static_cast<int>(player_->latency_ms())));
  tell_words(item);
  tell_({SpeakerEvent::Kind::finished, item.number, item.text.size(), {}});
}

}  // namespace catena::audio
