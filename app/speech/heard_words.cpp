#include "app/speech/heard_words.h"

#include <span>
#include <utility>

namespace catena::app {
namespace {

// Development speech has 0.45 and more, noise 0.3 and less.
constexpr float kLeastShare = 0.35F;
constexpr int kEnoughLetters = 8;

struct Evidence {
  int letters = 0;
  float heard = 0;

  void add(std::span<const model::SpokenWord> words) {
    for (const model::SpokenWord& word : words) {
      letters += word.letters;
      heard += word.heard_letters;
    }
  }
  bool is_enough() const { return letters >= kEnoughLetters; }
  bool is_speech() const { return heard >= kLeastShare * static_cast<float>(letters); }
};

}  // namespace

std::vector<model::SpokenWord> HeardWords::settle(const std::vector<model::SpokenWord>& words, bool utterance_ended) {
  std::vector<model::SpokenWord> kept;
  Evidence evidence;
  evidence.add(held_);
  const auto judge = [&] {
    if (evidence.is_speech()) kept.insert(kept.end(), held_.begin(), held_.end());
    held_.clear();
    evidence = {};
  };
  for (const model::SpokenWord& word : words) {
    held_.push_back(word);
    evidence.add({&word, 1});
    if (evidence.is_enough()) judge();
  }
  if (utterance_ended) judge();
  return kept;
}

std::vector<model::SpokenWord> HeardWords::open(const std::vector<model::SpokenWord>& words) const {
  std::vector<model::SpokenWord> all = held_;
  all.insert(all.end(), words.begin(), words.end());
  Evidence evidence;
  evidence.add(all);
  if (!evidence.is_speech()) all.clear();
  return all;
}

}  // namespace catena::app
