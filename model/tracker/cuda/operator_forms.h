// What the kernels stand in for, composed of LibTorch's operators: taken for every tensor that no kernel takes, and to
// be compared with.
#pragma once

#include <torch/types.h>

#include "model/tracker/attention.h"
#include "model/tracker/delta_rule.h"

namespace catena::model {

/// chunk_attention() and delta_rule_chunked(), on any device.
torch::Tensor chunk_attention_by_operators(const torch::Tensor& qkv, std::int64_t heads, std::int64_t chunk,
                                           const Rotary& rotary, Sight sight);
DeltaOutputs delta_rule_by_operators(const DeltaInputs& in);

}  // namespace catena::model
