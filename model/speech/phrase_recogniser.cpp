#include "model/speech/phrase_recogniser.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace catena::model {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// Everything that a text may sound like.
std::vector<std::vector<Symbol>> pronunciations(std::string_view text, const Lexicon* lexicon) {
  if (lexicon == nullptr) return {to_symbols(text)};
  std::vector<std::vector<Symbol>> variants{{}};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::span<const std::string> spoken = lexicon->pronunciations(text.substr(0, end));
    std::vector<std::vector<Symbol>> longer;
    for (const std::vector<Symbol>& variant : variants) {
      for (const std::string& phones : spoken) {
        longer.push_back(variant);
        if (!variant.empty()) longer.back().push_back(kSpace);
        for (const char phone : phones) longer.back().push_back(symbol_of(phone));
      }
    }
    variants = std::move(longer);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return variants;
}

/// ln p of the best way to read `text` in all of the steps. The space between words is often not written, so a blank
/// will do in its place, and spaces are as good as silence at both ends. scores [steps, symbols].
float best_alignment(std::span<const Symbol> text, std::span<const float> scores, std::size_t symbols,
                     std::vector<float>& places) {
  // Places 0, 2, 4... are the blanks before, between and behind the symbols, 1, 3, 5... the symbols.
  const std::size_t count = 2 * text.size() + 1;
  places.assign(count, kNever);
  const auto may_skip = [&](std::size_t at) {  // the blank before this symbol
    return at >= 3 && text[at / 2] != text[at / 2 - 1];
  };
  const auto may_join = [&](std::size_t at) {  // the word before, with no space between
    return at >= 5 && text[at / 2 - 1] == kSpace && text[at / 2] != text[at / 2 - 2];
  };
  bool first = true;
  for (std::size_t t = 0; t < scores.size(); t += symbols) {
    const float* row = scores.data() + t;
    const float silence = std::max(row[kBlank], row[kSpace]);
    for (std::size_t at = count; at-- > 0;) {
      float before = places[at];
      if (at >= 1) before = std::max(before, places[at - 1]);
      if (at % 2 == 1 && may_skip(at)) before = std::max(before, places[at - 2]);
      if (at % 2 == 1 && may_join(at)) before = std::max(before, places[at - 4]);
      if (first) before = at < 2 ? 0 : kNever;
      float here = silence;
      if (at % 2 == 1)
        here = text[at / 2] == kSpace ? silence : row[text[at / 2]];
      else if (at > 0 && at + 1 < count)
        here = row[kBlank];
      places[at] = before + here;
    }
    first = false;
  }
  return count > 1 ? std::max(places[count - 1], places[count - 2]) : places[0];
}

}  // namespace

PhraseRecogniser::PhraseRecogniser(std::span<const std::string> phrases, const Lexicon* lexicon,
                                   const PhraseOptions& options)
    : options_(options), phrases_(phrases.begin(), phrases.end()) {
  for (std::size_t i = 0; i < phrases_.size(); ++i) {
    for (std::vector<Symbol>& symbols : pronunciations(phrases_[i], lexicon)) {
      if (!symbols.empty()) variants_.push_back({i, std::move(symbols)});
    }
  }
}

std::optional<PhraseRecogniser::Recognised> PhraseRecogniser::nearest(std::span<const float> log_p, int symbols) const {
  const auto width = static_cast<std::size_t>(symbols);
  std::vector<float> scores(log_p.begin(), log_p.end());
  float free = 0;
  for (std::size_t t = 0; t + width <= scores.size(); t += width) {
    for (std::size_t s = 0; s < options_.symbol_prior.size() && s < width; ++s)
      scores[t + s] -= options_.prior_weight * std::log(options_.symbol_prior[s]);
    free += *std::max_element(scores.begin() + static_cast<std::ptrdiff_t>(t),
                              scores.begin() + static_cast<std::ptrdiff_t>(t + width));
  }
  std::optional<Recognised> best;
  std::vector<float> places;
  for (const Variant& variant : variants_) {
    const float score = best_alignment(variant.symbols, scores, width, places);
    if (score == kNever) continue;
    const float loss = (free - score) / static_cast<float>(variant.symbols.size());
    if (!best || loss < best->loss) best = Recognised{phrases_[variant.phrase], loss};
  }
  return best;
}

std::optional<PhraseRecogniser::Recognised> PhraseRecogniser::recognise(std::span<const float> log_p,
                                                                        int symbols) const {
  std::optional<Recognised> found = nearest(log_p, symbols);
  if (found && found->loss > options_.most_loss) found.reset();
  return found;
}

}  // namespace catena::model
