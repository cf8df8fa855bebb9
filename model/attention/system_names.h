// The systems' names, and what they cost by formula. No LibTorch in here.
#pragma once

#include <string>
#include <vector>

#include "model/attention/system_config.h"

namespace catena::model::lab {

/// attention, block, block-sparse, random, linformer, dynamic-heads, linear, gated-linear, delta, importance, pyramid,
/// paired-regression.
const std::vector<std::string>& system_names();

/// Those of them that read token by token.
const std::vector<std::string>& streaming_system_names();

/// Multiply-adds of one forward pass over `length` tokens, by formula. Throws std::runtime_error as make_system() does.
double multiply_adds(const SystemConfig& config, std::int64_t length);

}  // namespace catena::model::lab
