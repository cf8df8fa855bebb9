// A tiny language of sounds: each letter is a band of the spectrum for six frames.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "model/speech/frame_stack.h"
#include "model/speech/symbols.h"
#include "model/speech/utterance_file.h"

namespace catena::model::test {

/// Log-mel frames [n, kMelBands] of a text.
inline std::vector<float> spoken(const std::string& text, std::mt19937& random) {
  std::vector<float> frames;
  for (const char letter : text) {
    for (int t = 0; t < 6; ++t) {
      for (int b = 0; b < kMelBands; ++b) {
        const bool sounds = letter != ' ' && b / 3 == letter - 'a' && t > 0;
        frames.push_back((sounds ? -2.0F : -12.0F) + static_cast<float>(random() % 100) * 0.01F);
      }
    }
  }
  return frames;
}

/// `count` utterances of one to three words from a few.
inline void write_spoken(const std::filesystem::path& path, int count, unsigned seed) {
  std::mt19937 random(seed);
  UtteranceWriter writer(path);
  const std::vector<std::string> words{"abe", "cab", "dace", "fed", "bead"};
  for (int i = 0; i < count; ++i) {
    std::string text;
    for (unsigned n = 0; n <= random() % 3; ++n) text += (text.empty() ? "" : " ") + words[random() % words.size()];
    writer.add(spoken(text, random), text, "nobody", "made");
  }
  writer.finish();
}

}  // namespace catena::model::test
