// What followed the last few tokens, in a table of constant size: the part of a project's memory that does not fade. A
// chain state keeps what was read lately; a project's names and idioms are kept here, however long ago they were read.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <vector>

#include "model/config.h"

namespace catena::model {

/// The last tokens of a stream, oldest first; what a guess goes by.
class RecentTokens {
 public:
  static constexpr std::size_t limit = 6;

  void add(Token token);
  std::size_t size() const { return size_; }
  /// The last `count` tokens, at most size().
  std::span<const std::uint16_t> last(std::size_t count) const { return std::span(tokens_).subspan(limit - count); }
  bool operator==(const RecentTokens&) const = default;

 private:
  std::array<std::uint16_t, limit> tokens_{};  // the newest at the end
  std::size_t size_ = 0;
};

/// One token a context of 2, 3, 4 or 6 tokens, with a confidence that grows when the token comes again and shrinks when
/// another does (as branch predictors keep them). How far a guess is to be trusted beside the model is learned while
/// reading, by order and confidence: the weight of a two-part mixture, by expectation maximisation on line (Neal and
/// Hinton 1998).
class ContextTable {
 public:
  struct Guess {
    Token token = -1;   ///< -1: none
    double weight = 0;  ///< of the guess in a mixture with the model's distribution, below 1
  };

  ContextTable();

  Guess guess(const RecentTokens& recent) const;
  /// `token` came behind `recent`.
  void add(const RecentTokens& recent, Token token);
  /// As above, where the model had given it the probability exp(-nll): learns the weight of its own guess as well.
  void add(const RecentTokens& recent, Token token, double nll);

  /// Constant.
  std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

  /// Throws std::runtime_error with one line when the stream fails, ends early, or is damaged.
  void save(std::ostream& out) const;
  void load(std::istream& in);

 private:
  static constexpr std::array<std::size_t, 4> orders = {6, 4, 3, 2};
  static constexpr int highest_confidence = 15, confidences = 8;  // weights are told apart up to the latter
  struct Slot {
    std::uint16_t tag = 0, token = 0, confidence = 0;
  };
  struct Weight {
    double value = 0.1;
    double seen = 0;
  };
  struct Place {
    std::size_t slot;
    std::uint16_t tag;
  };
  struct Found {
    Guess guess;
    std::size_t order = 0;
    int confidence = 0;
  };
  static Place place(std::span<const std::uint16_t> context);
  Found find(const RecentTokens& recent) const;
  static std::size_t bucket(std::size_t order, int confidence);

  std::vector<Slot> slots_;
  std::array<Weight, orders.size() * confidences> weights_{};
};

}  // namespace catena::model
