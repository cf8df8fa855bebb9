// What every executor refuses before it touches a state.
#pragma once

#include <span>
#include <stdexcept>
#include <string>

#include "model/config.h"

namespace catena::model {

/// Throws std::runtime_error with one line.
inline void check_chunk_length(int chunk_length) {
  if (chunk_length >= min_chunk_length && chunk_length <= max_chunk_length) return;
  throw std::runtime_error("chunk length is " + std::to_string(chunk_length) + ", expected " +
                           std::to_string(min_chunk_length) + " to " + std::to_string(max_chunk_length));
}

/// Throws std::runtime_error with one line when the settings are out of bounds or a token is outside the vocabulary.
inline void check_input(std::span<const Token> tokens, const StreamSettings& settings, int vocab) {
  check_chunk_length(settings.chunk_length);
  if (!(settings.gate_temperature == 0 || (settings.gate_temperature >= 1e-3F && settings.gate_temperature <= 100))) {
    throw std::runtime_error("gate temperature is " + std::to_string(settings.gate_temperature) +
                             ", expected 0.001 to 100, or 0 for the model's own");
  }
  for (const Token token : tokens) {
    if (token >= 0 && token < vocab) continue;
    throw std::runtime_error("token " + std::to_string(token) + " is outside the vocabulary of " +
                             std::to_string(vocab));
  }
}

}  // namespace catena::model
