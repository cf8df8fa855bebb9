#include "model/cuda/device_memory.h"

#include <atomic>

#include "model/cuda/cuda_device.h"
#include "model/runtime/device_failure.h"
#include "model/runtime/memory.h"

namespace catena::model::cuda {
namespace {

std::atomic<std::int64_t> bytes_held{0};

std::string megabytes(std::size_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

}  // namespace

DeviceMemory::DeviceMemory(std::size_t bytes, const std::string& what) {
  void* data = nullptr;
  const cudaError_t error = cudaMalloc(&data, bytes);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw DeviceFailure("the CUDA device has no room for " + what + ": " + megabytes(bytes) + " wanted, " +
                        megabytes(free) + " of " + megabytes(total) + " free; choose cpu");
  }
  check(error, "allocating memory");
  data_ = static_cast<std::byte*>(data);
  bytes_ = bytes;
  note_allocation(bytes);
  bytes_held += static_cast<std::int64_t>(bytes);
}

DeviceMemory::~DeviceMemory() {
  if (data_ == nullptr) return;
  cudaFree(data_);  // of a lost device this fails, and its memory is gone anyway
  note_release(bytes_);
  bytes_held -= static_cast<std::int64_t>(bytes_);
}

PinnedFloats::PinnedFloats(std::size_t count) {
  void* data = nullptr;
  check(cudaMallocHost(&data, count * sizeof(float)), "allocating page-locked memory");
  data_ = static_cast<float*>(data);
}

std::int64_t device_bytes() { return bytes_held; }

}  // namespace catena::model::cuda
