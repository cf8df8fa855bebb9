// A chain state on its way from one executor of a model to another: other device, other precision.
#pragma once

#include <vector>

#include "model/executor.h"

namespace catena::model {

/// The same numbers where `to` keeps its states.
inline ChainState carried_over(const ChainState& state, const Executor& to) {
  ChainState result = to.initial_state(state.counters().chunk_length);
  std::vector<float> numbers(state.storage().floats());
  state.storage().to_host(numbers);
  result.storage().from_host(numbers);
  result.counters() = state.counters();
  return result;
}

}  // namespace catena::model
