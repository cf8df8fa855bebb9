#include "model/text/stream_codec.h"

#include <algorithm>
#include <functional>

#include "model/text/utf8.h"

namespace catena::model {

SegmentCache::SegmentCache(std::shared_ptr<const Tokenizer> tokenizer, std::size_t slots)
    : tokenizer_(std::move(tokenizer)), slots_(std::max<std::size_t>(1, slots)) {}

void SegmentCache::encode(std::string_view segment, bool raw, std::vector<Token>& out) {
  if (raw) return tokenizer_->encode_segment(segment, raw, out);
  Slot& slot = slots_[std::hash<std::string_view>{}(segment) % slots_.size()];
  if (std::string_view(slot.text.data(), slot.bytes) != segment) {
    const std::size_t before = out.size();
    tokenizer_->encode_segment(segment, raw, out);
    slot.bytes = static_cast<std::uint8_t>(segment.size());
    slot.tokens = static_cast<std::uint8_t>(out.size() - before);
    std::copy(segment.begin(), segment.end(), slot.text.begin());
    std::copy(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), slot.ids.begin());
    return;
  }
  out.insert(out.end(), slot.ids.begin(), slot.ids.begin() + slot.tokens);
}

void StreamEncoder::flush(std::vector<Token>& out) {
  segmenter_.flush([&](std::string_view segment, bool raw) { cache_.encode(segment, raw, out); });
}

void StreamEncoder::restore(std::string_view pending) {
  segmenter_.clear();
  segmenter_.feed(pending, [](std::string_view, bool) {});
}

void StreamDecoder::feed(std::string_view bytes, std::string& out) {
  held_ += bytes;
  std::string_view rest = held_;
  while (!rest.empty()) {
    const Utf8Character next = decode_utf8(rest);
    if (next.status == Utf8::incomplete) break;
    if (next.status == Utf8::complete) {
      out += rest.substr(0, next.bytes);
      rest.remove_prefix(next.bytes);
    } else {
      out += "\xEF\xBF\xBD";
      rest.remove_prefix(std::max<std::size_t>(1, next.bytes));
    }
  }
  held_.erase(0, held_.size() - rest.size());
}

}  // namespace catena::model
