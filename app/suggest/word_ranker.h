// How probable each of the words is that may come next: a small network over what is known of them (word_features.h).
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "app/suggest/word_features.h"

namespace catena::app {

/// One hidden layer and a linear part give each word a score; softmax over the words and one outcome more, that it is
/// none of them, whose score depends on how many letters are typed. Constant and shared once it is trained.
class WordRanker {
 public:
  static constexpr std::size_t hidden = 24;
  static constexpr std::size_t typed_classes = 4;  // none, one, two, more letters
  static constexpr const char* file_name = "word_ranker.json";

  /// Reads what save() wrote. Throws std::runtime_error with one line when the file is missing, damaged, or made for
  /// other features.
  static std::shared_ptr<const WordRanker> load(const std::filesystem::path& file);
  /// The ranker in a model's folder; a model without one has none, and its words are ranked by their probabilities.
  static std::shared_ptr<const WordRanker> of_model(const std::filesystem::path& folder);
  void save(const std::filesystem::path& file) const;

  /// Probabilities of the words, one a row; what they leave is that none of them comes.
  void judge(std::span<const WordFeatures> rows, std::size_t typed, std::span<double> probabilities) const;

  static std::size_t typed_class(std::size_t typed) { return std::min(typed, typed_classes - 1); }

  WordFeatures mean{}, scale{};  ///< a feature goes in as (value - mean) * scale
  std::array<std::array<float, hidden>, word_feature_count> in{};
  std::array<float, hidden> in_bias{}, out{};
  WordFeatures linear{};
  std::array<float, typed_classes> none{};
};

}  // namespace catena::app
