// Speaks texts, one after another, and can be stopped in the middle of a word.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "audio/player.h"
#include "audio/synthesizer.h"

namespace catena::audio {

struct SpeakerEvent {
  enum class Kind {
    opened,    ///< a loudspeaker was opened; `text`: its name, which is another one where the wanted one is not there
    started,   ///< its first sample is on its way to the loudspeaker
    word,      ///< the word at `byte` begins to be heard
    finished,  ///< its last sample was heard
    stopped,   ///< by stop(); `byte`: the text before it was heard
    failed     ///< `text` says what is wrong and what to do; the texts that waited behind it are dropped, not those
               ///< said after a stop()
  };
  Kind kind = Kind::started;
  std::uint64_t number = 0;  ///< of the text, as say() gave it
  std::size_t byte = 0;
  std::string text;
};

/// say() and stop() may be called from any thread and never wait. The device is opened when something is to be said and
/// closed when nothing was for a while.
class Speaker {
 public:
  /// tell: called on the speaker's thread; it must not call back into say() or stop() and must not throw. far_end, of
  /// the synthesizer's rate: is told what the loudspeaker gets, for a microphone in the same room.
  explicit Speaker(std::function<void(const SpeakerEvent&)> tell, std::shared_ptr<FarEnd> far_end = nullptr);
  ~Speaker();
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;

  /// Returns the text's number.
  std::uint64_t say(std::string text, const VoiceSettings& settings = {}, const std::string& device = {});
  /// Silence within 100 ms. What is being said gets a `stopped`, what waits is dropped.
  void stop();

 private:
  struct Item {
    std::uint64_t number;
    std::string text, device;
    VoiceSettings settings;
    std::uint64_t stops;  // counted when it was asked for
  };
  void run();
  void speak(const Item& item);
  void give_up(const Item& item, const char* why);
  bool stopped(const Item& item) const { return stops_.load(std::memory_order_acquire) != item.stops; }
  void tell_words(const Item& item);

  std::function<void(const SpeakerEvent&)> tell_;
  std::shared_ptr<FarEnd> far_end_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool ending_ = false;
  std::uint64_t last_number_ = 0;
  std::atomic<std::uint64_t> stops_{0};

  // Of the speaker's thread.
  std::unique_ptr<Player> player_;
  std::string wanted_device_;
  std::int64_t begins_at_ = 0;  // Player::played() when the text's first sample is
  std::deque<WordMark> words_;  // not heard yet
  std::size_t heard_ = 0;       // byte of the word that is being heard
  std::thread thread_;
};

}  // namespace catena::audio
