// The lanes of the lab's own systems. No LibTorch in here.
#pragma once

#include <memory>
#include <string>

#include "model/attention/stream_lane.h"

namespace catena::model::lab {

/// A LabModel around the system, with the shapes of `model` and random weights. Throws std::runtime_error with one line
/// when there is no such system or it does not stream.
std::unique_ptr<StreamLane> make_lab_lane(const std::string& system, const LaneModel& model);

}  // namespace catena::model::lab
