// A chain state in device memory: the block of floats of model/runtime/state_layout.h.
#pragma once

#include "model/chain_state.h"
#include "model/cuda/device_memory.h"

namespace catena::model::cuda {

/// Its functions wait until the device is done, so that whichever stream works on the numbers next finds them.
class DeviceStorage final : public StateStorage {
 public:
  /// Zeros.
  explicit DeviceStorage(std::size_t floats);

  std::size_t floats() const override { return memory_.bytes() / sizeof(float); }
  std::unique_ptr<StateStorage> clone() const override;
  void copy_from(const StateStorage& other) override;
  void to_host(std::span<float> out) const override;
  void from_host(std::span<const float> in) override;

  float* data() const { return reinterpret_cast<float*>(memory_.data()); }

 private:
  DeviceMemory memory_;
};

}  // namespace catena::model::cuda
