// Systems made by name.
#pragma once

#include <memory>
#include <string>

#include "model/attention/mixer.h"
#include "model/attention/system_names.h"

namespace catena::model::lab {

/// The mixer that config.system names; its tensors are added to `parameters`, their names behind `prefix`. Throws
/// std::runtime_error with one line when there is no such system, a setting is out of bounds, or a system that only
/// looks back is asked to look ahead.
std::unique_ptr<Mixer> make_system(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix);

}  // namespace catena::model::lab
