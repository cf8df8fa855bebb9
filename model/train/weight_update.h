// From the gradients of a step to the weights: unscaled, judged, clipped, and the optimiser's step; or nothing of it.
#pragma once

#include "model/tracker/optimiser.h"
#include "model/tracker/parameters.h"
#include "model/train/loss_scale.h"

namespace catena::model {

/// Skips steps whose gradient is not finite. All processes of a group decide alike, since they judge the same mean
/// gradient.
class WeightUpdate {
 public:
  static constexpr int kMostSkipped = 20;  ///< steps in a row; more than an overflow, the training is broken then

  struct Result {
    double norm = 0;  ///< Euclidean, of the unscaled gradient before clipping
    bool skipped = false;
  };

  /// clip: the longest gradient; loss_scale as LossScale's `first`.
  WeightUpdate(double clip, double loss_scale) : clip_(clip), scale_(loss_scale) {}

  /// With the gradients that `parameters` hold, of a loss multiplied by scale().factor(). A gradient that is not finite
  /// leaves weights and optimiser as they were. Throws Failure at the kMostSkipped-th in a row.
  Result apply(Parameters& parameters, Optimiser& optimiser, double learning_rate);

  LossScale& scale() { return scale_; }
  bool skipping() const { return skipped_ > 0; }  ///< the last step was skipped

 private:
  double clip_;
  LossScale scale_;
  int skipped_ = 0;  ///< in a row
};

/// Before a checkpoint: throws Failure rather than overwrite a good one with weights that are of no use.
void require_finite_weights(const Parameters& parameters, std::int64_t step);

}  // namespace catena::model
