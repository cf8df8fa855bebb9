#include "audio/raw_input.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "audio/resampler.h"

namespace catena::audio {

Source::Block RawInput::read(std::span<float> out) {
  if (ended_ || out.empty()) return {0, kRate};
  const std::size_t held = bytes_.size();
  bytes_.resize(2 * out.size());
  const ssize_t got = ::read(descriptor_, bytes_.data() + held, bytes_.size() - held);
  bytes_.resize(held + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0 && errno != EINTR) {
    ended_ = true;
    events_.push_back({SourceEventKind::failed, "standard input",
                       std::string("standard input cannot be read (") + std::strerror(errno) + ")"});
  } else if (got == 0) {
    ended_ = true;
    if (!bytes_.empty())
      events_.push_back({SourceEventKind::truncated, "standard input",
                         "standard input ends in the middle of a sample; is it 16-bit sound?"});
  }
  const std::size_t count = bytes_.size() / 2;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(static_cast<std::int16_t>(bytes_[2 * i] | bytes_[2 * i + 1] << 8)) / 32768.0F;
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(2 * count));
  return {count, kRate};
}

std::vector<SourceEvent> RawInput::take_events() { return std::exchange(events_, {}); }

}  // namespace catena::audio
