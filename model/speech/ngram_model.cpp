#include "model/speech/ngram_model.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace catena::model {
namespace {

constexpr double kUnknownLetter =
    -2.9;  // ln p of a letter of an unknown word: about that of English letters without context
constexpr double kUnwritable =
    -8;  // an unknown word that is only known by its phones cannot be written down, so it had better be a known one

/// The last two words; fewer behind an unknown one.
struct LastWords final : WordModel::State {
  LastWords(std::optional<WordId> b, std::optional<WordId> l) : before(b), last(l) {}
  std::optional<WordId> before, last;
};

}  // namespace

NgramModel::NgramModel(NgramTables tables, const Lexicon* lexicon)
    : tables_(std::move(tables)), unknown_(std::exp(likelihood_of(tables_.unigram.back()))) {
  if (lexicon == nullptr) {
    for (std::size_t i = 0; i < tables_.words.size(); ++i)
      spellings_.push_back({tables_.words[i], static_cast<WordId>(i)});
  } else {
    unknown_ *= std::exp(kUnwritable);
    for (const Lexicon::Entry& entry : lexicon->entries()) {
      if (const std::uint32_t word = find_word(tables_, entry.word); word != no_ngram)
        spellings_.push_back({entry.phones, static_cast<WordId>(word)});
    }
  }
  sums_.push_back(0);
  for (const Spelling& spelling : spellings_)
    sums_.push_back(sums_.back() + std::exp(likelihood_of(tables_.unigram[spelling.word])));
}

NgramModel::Range NgramModel::beginning_with(std::string_view letters) const {
  const auto first = std::partition_point(spellings_.begin(), spellings_.end(),
                                          [&](const Spelling& s) { return s.letters < letters; });
  const auto behind =
      std::partition_point(first, spellings_.end(), [&](const Spelling& s) { return s.letters.starts_with(letters); });
  return {static_cast<std::size_t>(first - spellings_.begin()), static_cast<std::size_t>(behind - spellings_.begin())};
}

NgramModel::Range NgramModel::exactly(std::string_view letters) const {
  Range range = beginning_with(letters);
  std::size_t end = range.begin;
  while (end < range.end && spellings_[end].letters == letters) ++end;
  return {range.begin, end};
}

std::string NgramModel::likeliest(Range range) const {
  const Spelling* best = nullptr;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    if (best == nullptr || tables_.unigram[spellings_[i].word] < tables_.unigram[best->word]) best = &spellings_[i];
  }
  return best == nullptr ? std::string() : tables_.words[best->word];
}

double NgramModel::unknown(std::string_view letters) const {
  return unknown_ * std::exp(kUnknownLetter * static_cast<double>(letters.size()));
}

WordModel::StatePointer NgramModel::start() { return std::make_shared<const LastWords>(std::nullopt, std::nullopt); }

WordModel::Judgement NgramModel::next(const StatePointer& state, std::string_view spelled) {
  const auto& context = static_cast<const LastWords&>(*state);
  const Range range = exactly(spelled);
  if (range.begin == range.end) return {static_cast<float>(std::log(unknown(spelled))), start(), written(spelled)};
  Judgement best;
  for (std::size_t i = range.begin; i < range.end; ++i) {  // words that sound the same
    const WordId word = spellings_[i].word;
    const float own = log_likelihood(tables_, context.before, context.last, word);
    if (best.state != nullptr && own <= best.likelihood) continue;
    best = {own, std::make_shared<const LastWords>(context.last, word), tables_.words[word]};
  }
  return best;
}

float NgramModel::beginning(std::string_view spelled) {
  const Range range = beginning_with(spelled);
  return static_cast<float>(std::log(std::max(sums_[range.end] - sums_[range.begin], 0.0) + unknown(spelled)));
}

std::string NgramModel::written(std::string_view spelled) {
  const bool by_letters = !spellings_.empty() && spellings_.front().letters == tables_.words[spellings_.front().word];
  if (by_letters) return std::string(spelled);
  const Range same = exactly(spelled);
  if (same.begin < same.end) return likeliest(same);
  for (; !spelled.empty(); spelled.remove_suffix(1)) {
    if (const Range range = beginning_with(spelled); range.begin < range.end) return likeliest(range);
  }
  return {};
}

}  // namespace catena::model
