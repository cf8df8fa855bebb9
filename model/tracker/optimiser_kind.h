#pragma once

namespace catena::model {

/// The rule by which training moves the weights (optimiser.h).
enum class OptimiserKind {
  adamw,  ///< AdamW for every weight
  muon    ///< Muon for the projections between hidden layers, AdamW for the rest
};

}  // namespace catena::model
