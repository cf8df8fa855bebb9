#include "model/speech/beam_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace catena::model {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

float log_sum(float a, float b) {
  if (a < b) std::swap(a, b);
  return b == kNever ? a : a + std::log1p(std::exp(b - a));
}

}  // namespace

/// A letter behind others: hypotheses share what they have in common.
struct BeamDecoder::Letter {
  Symbol symbol = kBlank;
  std::int64_t step = 0;
  mutable float log_p =
      0;  // the highest while it was the last one: the search takes a letter up before it is heard best
  LetterPointer before;
  mutable std::optional<WordModel::Judgement> judged;  // of the word that ends here
};

struct BeamDecoder::Hypothesis {
  std::uint64_t key = 0;                  // of its letters
  LetterPointer last;                     // null: nothing since what is settled
  Symbol symbol = kSpace;                 // of the last letter, settled or not; a text begins as if behind a space
  float blank = kNever, letter = kNever;  // ln p of the ways to read it that end with a blank, or with its last letter
  float language = 0;                     // what the language model adds
  float beginning = 0;                    // of it for the letters of a word that has not been judged
  bool open = false, ended = false;       // such a word stands at the end, or before the space there
  WordModel::StatePointer context;

  float total() const { return log_sum(blank, letter); }
  float score() const { return total() + language; }
};

std::string BeamDecoder::word_before(const Letter& last) {
  std::string text;
  for (const Letter* at = &last; at != nullptr && at->symbol != kSpace; at = at->before.get())
    text.push_back(letter_of(at->symbol));
  std::reverse(text.begin(), text.end());
  return text;
}

BeamDecoder::BeamDecoder(const BeamOptions& options, std::shared_ptr<WordModel> words)
    : options_(options), words_(std::move(words)) {
  for (const float p : options_.symbol_prior)
    prior_.push_back(words_ == nullptr ? 0 : options_.prior_weight * std::log(p));
  Hypothesis first;
  first.blank = 0;
  if (words_ != nullptr) first.context = words_->start();
  beam_.push_back(first);
}

BeamDecoder::~BeamDecoder() = default;
BeamDecoder::BeamDecoder(BeamDecoder&&) noexcept = default;
BeamDecoder& BeamDecoder::operator=(BeamDecoder&&) noexcept = default;

void BeamDecoder::judge(Hypothesis& hypothesis, const Letter& last) {
  if (!last.judged) last.judged = words_->next(hypothesis.context, word_before(last));
  hypothesis.language += options_.language_weight * (last.judged->likelihood - hypothesis.beginning);
  hypothesis.context = last.judged->state;
}

void BeamDecoder::extend(const Hypothesis& from, Symbol symbol, float score, float log_p, std::vector<Hypothesis>& into,
                         Places& places) {
  if (score == kNever) return;
  const std::uint64_t key = (from.key ^ symbol) * 0x9E3779B97F4A7C15ULL + 0x632BE59BD9B4E019ULL;
  const auto [place, is_new] = places.try_emplace(key, into.size());
  if (!is_new) {
    Hypothesis& known = into[place->second];
    known.letter = log_sum(known.letter, score);
    return;
  }
  Hypothesis next;
  next.key = key;
  next.last = std::make_shared<const Letter>(Letter{symbol, step_, log_p, from.last, {}});
  next.symbol = symbol;
  next.letter = score;
  next.language = from.language;
  next.context = from.context;
  if (words_ != nullptr && symbol != kSpace) {
    next.beginning = words_->beginning(word_before(*next.last));
    next.language += options_.language_weight * (next.beginning - (from.open ? from.beginning : 0));
    next.open = true;
  } else if (words_ != nullptr) {
    next.beginning = from.beginning;
    next.language += options_.word_bonus;
    next.ended = from.open;
  }
  into.push_back(std::move(next));
}

void BeamDecoder::feed(std::span<const float> log_p) {
  const auto acoustic = [&](Symbol symbol) { return prior_.empty() ? log_p[symbol] : log_p[symbol] - prior_[symbol]; };
  std::vector<Hypothesis> next;
  next.reserve(beam_.size() * 4);
  Places places;
  places.reserve(beam_.size() * 8);
  // Those that stay as they are come first, so that every extension finds what it meets.
  for (const Hypothesis& hypothesis : beam_) {
    Hypothesis same = hypothesis;
    same.blank = hypothesis.total() + acoustic(kBlank);
    same.letter = hypothesis.letter + acoustic(hypothesis.symbol);
    if (same.last != nullptr) same.last->log_p = std::max(same.last->log_p, log_p[same.symbol]);
    places.emplace(same.key, next.size());
    next.push_back(std::move(same));
  }
  for (const Hypothesis& hypothesis : beam_) {
    for (Symbol symbol = 1; symbol < log_p.size(); ++symbol) {
      const float p = acoustic(symbol);
      if (p < (symbol == kSpace && words_ != nullptr ? options_.least_space : options_.least_symbol)) continue;
      const bool again = symbol == hypothesis.symbol;
      if (again && symbol == kSpace) continue;  // no empty words
      extend(hypothesis, symbol, (again ? hypothesis.blank : hypothesis.total()) + p, log_p[symbol], next, places);
    }
  }
  const auto kept = std::min<std::size_t>(static_cast<std::size_t>(options_.width), next.size());
  const auto better = [](const Hypothesis& a, const Hypothesis& b) { return a.score() > b.score(); };
  std::partial_sort(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(kept), next.end(), better);
  next.resize(kept);
  beam_ = std::move(next);
  if (words_ != nullptr) {  // words are judged only where a hypothesis has survived, since that is what costs time
    for (Hypothesis& hypothesis : beam_) {
      if (std::exchange(hypothesis.ended, false) && language_) judge(hypothesis, *hypothesis.last->before);
    }
    std::sort(beam_.begin(), beam_.end(), better);
  }
  const float best = beam_.front().score();  // keeps numbers small however long the stream is
  for (Hypothesis& hypothesis : beam_) {
    hypothesis.blank -= best;
    hypothesis.letter -= best;
  }
  const auto likeliest = std::max_element(log_p.begin(), log_p.end()) - log_p.begin();
  blank_steps_ = likeliest == kBlank || likeliest == kSpace ? blank_steps_ + 1 : 0;
  ++step_;
  settle_common();
}

std::vector<const BeamDecoder::Letter*> BeamDecoder::letters_of(const Hypothesis& hypothesis) {
  std::vector<const Letter*> letters;
  for (const Letter* at = hypothesis.last.get(); at != nullptr; at = at->before.get()) letters.push_back(at);
  std::reverse(letters.begin(), letters.end());
  return letters;
}

std::vector<DecodedWord> BeamDecoder::words_of(const Hypothesis& hypothesis, bool whole_only) const {
  const std::vector<const Letter*> letters = letters_of(hypothesis);
  std::vector<DecodedWord> words;
  DecodedWord word;
  float sum = 0;
  const Letter* last = nullptr;
  const auto close = [&] {
    if (word.text.empty()) return;
    word.confidence = std::exp(sum / static_cast<float>(word.text.size()));
    if (words_ != nullptr) word.text = last->judged ? last->judged->written : words_->written(word.text);
    words.push_back(std::exchange(word, {}));
    sum = 0;
  };
  for (const Letter* letter : letters) {
    if (letter->symbol == kSpace) {
      close();
      continue;
    }
    if (word.text.empty()) word.first_step = letter->step;
    word.heard_letters += std::exp(letter->log_p);
    ++word.letters;
    word.last_step = letter->step;
    word.text.push_back(letter_of(letter->symbol));
    sum += letter->log_p;
    last = letter;
  }
  if (!whole_only) close();
  return words;
}

/// Cuts the best hypothesis's first `words` words off all hypotheses; those that do not begin with the same letters are
/// dropped.
void BeamDecoder::settle(std::size_t words) {
  if (words == 0) return;
  const std::vector<DecodedWord> best = words_of(beam_.front(), false);
  settled_.insert(settled_.end(), best.begin(), best.begin() + static_cast<std::ptrdiff_t>(words));
  const LetterPointer alive =
      beam_.front()
          .last;  // the loop below gives the best hypothesis new letters while the others are still compared with these
  const std::vector<const Letter*> letters = letters_of(beam_.front());
  std::size_t length = 0;  // with the space behind the last of them
  for (std::size_t ended = 0; length < letters.size() && ended < words; ++length)
    ended += letters[length]->symbol == kSpace ? 1 : 0;
  std::vector<Hypothesis> kept;
  for (Hypothesis& hypothesis : beam_) {
    const std::vector<const Letter*> own = letters_of(hypothesis);
    const auto same_symbol = [](const Letter* a, const Letter* b) { return a->symbol == b->symbol; };
    if (own.size() < length ||
        !std::equal(letters.begin(), letters.begin() + static_cast<std::ptrdiff_t>(length), own.begin(), same_symbol))
      continue;
    LetterPointer last;
    for (std::size_t i = length; i < own.size(); ++i) {
      last = std::make_shared<const Letter>(Letter{own[i]->symbol, own[i]->step, own[i]->log_p, last, own[i]->judged});
    }
    hypothesis.last = last;
    kept.push_back(std::move(hypothesis));
  }
  beam_ = std::move(kept);
}

void BeamDecoder::settle_common() {
  std::vector<DecodedWord> common = words_of(beam_.front(), true);
  if (common.empty()) return;
  const std::size_t open = common.size();
  const float worst = beam_.front().score() - options_.settle_margin;
  for (std::size_t h = 1; h < beam_.size() && !common.empty() && beam_[h].score() >= worst; ++h) {
    const std::vector<DecodedWord> other = words_of(beam_[h], true);
    std::size_t same = 0;
    while (same < std::min(common.size(), other.size()) && common[same].text == other[same].text) ++same;
    common.resize(same);
  }
  const auto longest = static_cast<std::size_t>(options_.longest_open);
  settle(std::max(common.size(), open > longest ? open - longest : 0));
}

std::vector<DecodedWord> BeamDecoder::take_settled() { return std::exchange(settled_, {}); }

std::vector<DecodedWord> BeamDecoder::open_words() const { return words_of(beam_.front(), false); }

void BeamDecoder::end_utterance() {
  if (words_ != nullptr && language_) {  // the last words have not been judged yet
    for (Hypothesis& hypothesis : beam_) {
      if (!hypothesis.open) continue;
      judge(hypothesis, *hypothesis.last);
      hypothesis.language += options_.word_bonus;
    }
  }
  const auto best = std::max_element(beam_.begin(), beam_.end(),
                                     [](const Hypothesis& a, const Hypothesis& b) { return a.score() < b.score(); });
  const std::vector<DecodedWord> words = words_of(*best, false);
  settled_.insert(settled_.end(), words.begin(), words.end());
  Hypothesis first;
  first.blank = 0;
  first.context = best->context;
  beam_ = {first};
}

}  // namespace catena::model
