#include "app/conversation/file_voice.h"

#include <algorithm>
#include <utility>

#include "audio/write_wav.h"

namespace catena::app {

using Event = audio::SpeakerEvent;

FileVoice::FileVoice(const audio::VoiceSettings& settings) : settings_(settings) {}

int FileVoice::rate() const { return audio::Synthesizer::instance().rate(); }

std::uint64_t FileVoice::say(const std::string& text) {
  Text item{++last_number_, text, {}, {}};
  audio::Synthesizer::instance().speak(text, settings_,
                                       [&](std::span<const float> samples, std::span<const audio::WordMark> words) {
                                         item.samples.insert(item.samples.end(), samples.begin(), samples.end());
                                         item.words.insert(item.words.end(), words.begin(), words.end());
                                         return true;
                                       });
  queue_.push_back(std::move(item));
  return last_number_;
}

void FileVoice::stop() { queue_.clear(); }

std::vector<Event> FileVoice::pass(int ms) {
  std::vector<Event> events;
  auto left = static_cast<std::size_t>(ms) * static_cast<std::size_t>(rate()) / 1000;
  while (left > 0 && !queue_.empty()) {
    Text& text = queue_.front();
    if (text.at == 0) events.push_back({Event::Kind::started, text.number, 0, {}});
    const std::size_t count = std::min(left, text.samples.size() - text.at);
    heard_.insert(heard_.end(), text.samples.begin() + static_cast<std::ptrdiff_t>(text.at),
                  text.samples.begin() + static_cast<std::ptrdiff_t>(text.at + count));
    text.at += count;
    left -= count;
    while (!text.words.empty() && text.words.front().sample <= static_cast<std::int64_t>(text.at)) {
      events.push_back({Event::Kind::word, text.number, text.words.front().byte, {}});
      text.words.pop_front();
    }
    if (text.at == text.samples.size()) {
      events.push_back({Event::Kind::finished, text.number, text.text.size(), {}});
      queue_.pop_front();
    }
  }
  heard_.resize(heard_.size() + left);
  return events;
}

void FileVoice::write(const std::filesystem::path& file) const { audio::write_wav(file, heard_, rate()); }

}  // namespace catena::app
