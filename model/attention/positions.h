// Position encodings. Rotary ones are those of model/tracker/attention.h.
#pragma once

#include <torch/types.h>

#include "model/tracker/attention.h"

namespace catena::model::lab {

/// Sinusoidal encodings [count, d] float32 of the positions first, first + 1...: sin(p w_j) at 2j and cos(p w_j) at 2j
/// + 1 with w_j = 10000^(-2j/d) (Vaswani et al. 2017, "Attention Is All You Need"). Any d >= 1; of an odd one the last
/// sine stands alone.
torch::Tensor sinusoidal_positions(std::int64_t count, std::int64_t width, std::int64_t first = 0);

/// The rotary table from position `first` on, `count` positions of it.
Rotary rotary_at(const Rotary& rotary, std::int64_t first, std::int64_t count);

}  // namespace catena::model::lab
