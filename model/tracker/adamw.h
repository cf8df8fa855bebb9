// One AdamW step (Loshchilov and Hutter 2019) over a block of values.
#pragma once

#include <torch/types.h>

#include "model/tracker/optimiser.h"

namespace catena::model {

/// Step number `step`, from 1 on, of values [n] with their gradients and running moments m and v [n], float32; the
/// first `decayed` values are pulled towards zero.
void adamw_step(const torch::Tensor& values, const torch::Tensor& gradients, const torch::Tensor& m,
                const torch::Tensor& v, std::int64_t decayed, std::int64_t step, double learning_rate,
                const OptimiserOptions& options);

}  // namespace catena::model
