// Reads tokens under a chunk policy. Both the stream and its completions go through here, so that a completion sees the
// boundaries that reading its text would make.
#pragma once

#include <span>

#include "model/executor.h"

namespace catena::model {

/// The first tokens of `tokens` that can be read before the policy has something to decide or a chunk ends; at least
/// one. `newline` is the token of "\n".
std::size_t next_run(const ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                     Token newline);

/// Reads such a run and ends the chunk where ChunkPolicy::line says: behind a newline once a quarter of the chunk is
/// full. nll: room for each token's negative log likelihood (Executor::score), or empty.
void read_run(Executor& executor, ChainState& state, std::span<const Token> run, const StreamSettings& settings,
              Token newline, std::span<float> nll = {});

}  // namespace catena::model
