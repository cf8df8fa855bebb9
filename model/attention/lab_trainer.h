// `catena train` for models of the lab.
#pragma once

#include "model/attention/lab_plan.h"
#include "model/train/trainer.h"

namespace catena::model::lab {

/// Trains on segments that know nothing of each other, until the plan's steps, from its checkpoint where there is one,
/// and writes the model folder (config.json, model.safetensors, log.csv, heldout.csv). Deterministic for a seed, also
/// over a stop. Returns false when stopped early. A step whose gradient is not finite ends the training with a Failure;
/// the checkpoint on disk stays one to go on from. Throws std::runtime_error with one line.
bool train_lab(const LabPlan& plan, const TrainObserver& observer);

}  // namespace catena::model::lab
