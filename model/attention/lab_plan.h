// A training plan whose model file names a system of the lab.
#pragma once

#include <filesystem>

#include "model/attention/lab_config.h"
#include "model/train/train_config.h"

namespace catena::model::lab {

struct LabPlan {
  LabConfig model;
  TrainConfig training;  ///< of its model only name and vocab are filled in

  /// Whether a plan's model file is one of the lab's.
  static bool is_in(const std::filesystem::path& plan);
  /// Throws std::runtime_error with one line naming the key: what is wrong, or what such a training does not offer.
  static LabPlan load(const std::filesystem::path& plan);
};

}  // namespace catena::model::lab
