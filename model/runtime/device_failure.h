#pragma once

#include "model/runtime/failure.h"

namespace catena::model {

/// A device cannot be used, or any more: no driver, out of its memory, taken away. The CPU still can be. One line.
class DeviceFailure : public Failure {
 public:
  using Failure::Failure;
};

}  // namespace catena::model
