// Word and character error rates.
#pragma once

#include <cstdint>
#include <string_view>

namespace catena::model {

/// Insertions, deletions and substitutions of the shortest way from what was said to what was read, and the length of
/// what was said.
struct Errors {
  std::int64_t errors = 0;
  std::int64_t length = 0;
  double percent() const { return length == 0 ? 0 : 100.0 * static_cast<double>(errors) / static_cast<double>(length); }
  Errors& operator+=(const Errors& other) {
    errors += other.errors;
    length += other.length;
    return *this;
  }
};

/// Words are what white space separates.
Errors word_errors(std::string_view said, std::string_view read);
Errors character_errors(std::string_view said, std::string_view read);

}  // namespace catena::model
