#include "model/text/chunking.h"

#include <algorithm>

namespace catena::model {

std::size_t next_run(const ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                     Token newline) {
  const auto& at = state.counters();
  const int room = at.position == 0 ? settings.chunk_length : at.chunk_length - at.position;
  const auto run = tokens.first(std::min(tokens.size(), static_cast<std::size_t>(room)));
  if (settings.policy != ChunkPolicy::line) return run.size();
  const auto found = std::find(run.begin(), run.end(), newline);
  return found == run.end() ? run.size() : static_cast<std::size_t>(found - run.begin()) + 1;
}

void read_run(Executor& executor, ChainState& state, std::span<const Token> run, const StreamSettings& settings,
              Token newline, std::span<float> nll) {
  if (nll.empty()) {
    executor.read(state, run, settings);
  } else {
    executor.score(state, run, settings, nll);
  }
  const auto& at = state.counters();
  if (settings.policy == ChunkPolicy::line && run.back() == newline && at.position * 4 >= at.chunk_length) {
    executor.end_chunk(state);
  }
}

}  // namespace catena::model
