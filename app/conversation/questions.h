// What the program itself is asked or told: questions about facts, which a language model would invent, and commands.
// Recognised by their words, whole utterances only, with a letter of tolerance for what was heard badly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catena::app {

enum class Asked {
  // questions
  last_said,
  how_long,
  memory,
  speed,
  open_file,
  time,
  // commands
  open,
  save,
  read_aloud,
  stop,
  accept,
  undo,
  chunk_length
};

struct Understood {
  Asked what = Asked::time;
  int number = 0;  ///< chunk_length: tokens
  bool operator==(const Understood&) const = default;
};

inline bool is_command(Asked what) { return what >= Asked::open; }

/// words: a whole turn, as the reader writes it. Nothing when it is talk.
std::optional<Understood> understand(std::string_view words);

/// Every way to say what understand() knows, without courtesies; numbers as far as a chunk length can be one: for a
/// recogniser of phrases.
std::vector<std::string> understood_phrases();

/// "one hundred twenty eight" or "128" -> 128.
std::optional<int> number_of(std::string_view words);

/// What the answers are made of.
struct Facts {
  std::string last_said = {};      ///< the turn before this one; empty: none
  std::int64_t talking_ms = 0;     ///< since the conversation began
  std::int64_t state_bytes = 0;    ///< carried from chunk to chunk
  std::int64_t resident_bytes = 0;  ///< of the whole program
  double chunk_ms = 0;             ///< usual time to read a chunk of sound; 0: not known
  std::string open_file = {};      ///< empty: none
  int hour = 0, minute = 0;        ///< local time
};

/// What is the same whoever asks: the local time and the program's resident size.
Facts facts_of_the_moment();

/// One spoken sentence.
std::string answer_to(Asked question, const Facts& facts);
/// What is said when a command was carried out, or could not be.
std::string report_of(const Understood& command, bool done);

}  // namespace catena::app
