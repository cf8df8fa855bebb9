#include "model/text/utf8.h"

#include <algorithm>

namespace catena::model {

Utf8Character decode_utf8(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const std::uint32_t lead = at(0);
  if (lead < 0x80) return {Utf8::complete, 1, lead};
  if (lead < 0xC2 || lead > 0xF4) return {Utf8::invalid, 0, 0};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t code_point = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {Utf8::incomplete, i, 0};
    // Only the second byte has narrower bounds: they rule out overlong forms, surrogates and too large values.
    std::uint32_t low = 0x80;
    std::uint32_t high = 0xBF;
    if (i == 1) {
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    }
    if (at(i) < low || at(i) > high) return {Utf8::invalid, i, 0};
    code_point = code_point << 6 | (at(i) & 0x3FU);
  }
  return {Utf8::complete, length, code_point};
}

std::size_t incomplete_tail(std::string_view bytes) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const std::string_view tail = bytes.substr(bytes.size() - back);
    const bool continuation = (static_cast<std::uint8_t>(tail[0]) & 0xC0) == 0x80;
    if (continuation) continue;
    return decode_utf8(tail).status == Utf8::incomplete ? back : 0;
  }
  return 0;
}

}  // namespace catena::model
