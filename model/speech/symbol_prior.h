// How often a reader writes each symbol, whatever it hears. What it believes without the sound, the language model
// knows better.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "model/runtime/weights.h"
#include "model/speech/utterance_file.h"

namespace catena::model {

/// The mean of the reader's likelihoods over all steps of all utterances, a number a symbol; they add up to one. Each
/// utterance is read as a stream of its own in chunks of chunk_ms.
std::vector<float> symbol_prior_of(const std::shared_ptr<const Weights>& weights,
                                   std::span<const std::shared_ptr<const UtteranceFile>> files, int chunk_ms);

/// A line a symbol: its letter (blank: "."; space: "_"), a tab, its share. Throws WriteError.
void save_symbol_prior(std::span<const float> prior, const std::filesystem::path& path);

/// Throws std::runtime_error with one line when the file is missing, damaged or has not `symbols` lines.
std::vector<float> load_symbol_prior(const std::filesystem::path& path, int symbols);

}  // namespace catena::model
