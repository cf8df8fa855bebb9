#include "model/text/fill_in_middle.h"

#include <algorithm>

namespace catena::model {
namespace {

constexpr std::size_t least_following = 8, longest_middle = 96;

}  // namespace

FillInMiddle::FillInMiddle(std::shared_ptr<const Tokenizer> tokenizer, double mean_gap, std::uint64_t seed)
    : tokenizer_(std::move(tokenizer)), mean_gap_(mean_gap), random_(seed) {
  for (Token token = 0; token < tokenizer_->vocab(); ++token) {
    ends_line_.push_back(tokenizer_->piece(token).find('\n') != std::string_view::npos);
  }
}

/// What people leave out where they type: half of the time the rest of a line, else a few lines or a few tokens.
std::size_t FillInMiddle::middle_length(const std::vector<Token>& document, std::size_t begin) {
  const auto kind = std::uniform_int_distribution<int>(0, 3)(random_);
  if (kind == 3) return std::uniform_int_distribution<std::size_t>(1, 16)(random_);
  int lines = kind == 2 ? std::uniform_int_distribution<int>(2, 4)(random_) : 1;
  std::size_t end = begin;
  for (; end < document.size() && end - begin < longest_middle; ++end) {
    if (ends_line_[static_cast<std::size_t>(document[end])] && --lines == 0) break;
  }
  return end - begin;
}

void FillInMiddle::rewrite(const std::vector<Token>& document, std::vector<Token>& out) {
  const auto is_turn = [&](Token token) {
    return token == tokenizer_->control(Control::user) || token == tokenizer_->control(Control::assistant);
  };
  if (std::any_of(document.begin(), document.end(), is_turn)) {
    out.insert(out.end(), document.begin(), document.end());
    return;
  }
  std::exponential_distribution<double> gap(1.0 / mean_gap_);
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    out.insert(out.end(), document.begin() + static_cast<std::ptrdiff_t>(at),
               document.begin() + static_cast<std::ptrdiff_t>(end));
    at = end;
  };
  while (true) {
    const std::size_t begin = at + 1 + static_cast<std::size_t>(gap(random_));
    if (begin >= document.size()) break;
    const std::size_t length = middle_length(document, begin), after = begin + length;
    const std::size_t following =
        std::uniform_int_distribution<std::size_t>(least_following, longest_following)(random_);
    if (length == 0) {
      copy_to(begin);
      continue;
    }
    if (after + following > document.size()) break;
    copy_to(begin);
    out.push_back(tokenizer_->control(Control::suffix));
    out.insert(out.end(), document.begin() + static_cast<std::ptrdiff_t>(after),
               document.begin() + static_cast<std::ptrdiff_t>(after + following));
    out.push_back(tokenizer_->control(Control::middle));
    copy_to(after);
    out.push_back(tokenizer_->control(Control::prefix));
  }
  copy_to(document.size());
}

}  // namespace catena::model
