// Trigram models of words made one.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/speech/ngram_tables.h"

namespace catena::model {

/// A trigram model in the ARPA format, of these words only (sorted). Throws std::runtime_error with one line naming the
/// file and the line.
NgramTables read_arpa(const std::filesystem::path& path, const std::vector<std::string>& vocabulary);

/// p of the words of an ARPA model that are made of a to z and apostrophes. Throws as read_arpa.
std::map<std::string, double, std::less<>> arpa_words(const std::filesystem::path& path);

struct MixturePart {
  NgramTables tables;
  double share = 1;  ///< the shares of all parts add up to one
};

/// p = the sum of share p over the parts, for every n-gram that one of them has. Kept are those that matter: p(n-gram)
/// |ln p - ln p of the shorter one| is at least `least_gain` nats (Stolcke 1998, "Entropy-based pruning of backoff
/// language models", without the change of the back-off weights). Throws std::invalid_argument when the parts have
/// different words.
NgramTables mix(std::span<const MixturePart> parts, double least_gain);

}  // namespace catena::model
