#include "model/cuda/device_storage.h"

#include <stdexcept>

namespace catena::model::cuda {
namespace {

void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, const char* doing) {
  check(cudaMemcpyAsync(to, from, bytes, kind, nullptr), doing);
  check(cudaStreamSynchronize(nullptr), doing);
}

}  // namespace

DeviceStorage::DeviceStorage(std::size_t floats) : memory_(floats * sizeof(float), "another chain state") {
  check(cudaMemsetAsync(memory_.data(), 0, memory_.bytes(), nullptr), "clearing a chain state");
  check(cudaStreamSynchronize(nullptr), "clearing a chain state");
}

std::unique_ptr<StateStorage> DeviceStorage::clone() const {
  auto result = std::make_unique<DeviceStorage>(floats());
  result->copy_from(*this);
  return result;
}

void DeviceStorage::copy_from(const StateStorage& other) {
  const auto* source = dynamic_cast<const DeviceStorage*>(&other);
  if (source == nullptr || source->floats() != floats())
    throw std::invalid_argument("chain states of different layouts or devices");
  copy(memory_.data(), source->memory_.data(), memory_.bytes(), cudaMemcpyDeviceToDevice, "copying a chain state");
}

void DeviceStorage::to_host(std::span<float> out) const {
  if (out.size() != floats()) throw std::invalid_argument("chain state: the buffer has another size");
  copy(out.data(), memory_.data(), memory_.bytes(), cudaMemcpyDeviceToHost, "reading a chain state back");
}

void DeviceStorage::from_host(std::span<const float> in) {
  if (in.size() != floats()) throw std::invalid_argument("chain state: the buffer has another size");
  copy(memory_.data(), in.data(), memory_.bytes(), cudaMemcpyHostToDevice, "bringing a chain state in");
}

}  // namespace catena::model::cuda
