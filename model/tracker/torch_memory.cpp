// Where LibTorch's memory is counted: its CPU allocator wrapped, its CUDA allocator asked.
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <malloc.h>

#include "model/runtime/memory.h"
#include "model/tracker/gpu_memory.h"
#include "model/tracker/torch_executor.h"
#ifdef CATENA_TORCH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#endif

namespace catena::model {
namespace {

void release(void* data) {
  if (data == nullptr) return;
  note_release(malloc_usable_size(data));
  c10::free_cpu(data);
}

/// LibTorch's own CPU memory, counted. Data and context are the same pointer, as raw_allocate() demands, so the size is
/// asked of malloc instead of being remembered.
class CountingTorchAllocator final : public c10::Allocator {
 public:
#ifdef CATENA_TORCH_2
  c10::DataPtr allocate(std::size_t bytes) override { return counted(bytes); }
  void copy_data(void* to, const void* from, std::size_t count) const override { default_copy_data(to, from, count); }
#else
  c10::DataPtr allocate(std::size_t bytes) const override { return counted(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return release; }

 private:
  static c10::DataPtr counted(std::size_t bytes) {
    void* data = c10::alloc_cpu(bytes);
    if (data != nullptr) note_allocation(malloc_usable_size(data));
    return {data, data, release, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void count_torch_memory() {
  static CountingTorchAllocator counting;
  c10::SetCPUAllocator(&counting, 1);  // above the default's priority
}

std::int64_t gpu_bytes() {
#ifdef CATENA_TORCH_CUDA
  if (c10::cuda::device_count() == 0) return -1;
  // The index of the aggregate statistic is 0 in every release; its enumeration moved between namespaces.
  return c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device()).allocated_bytes[0].current;
#else
  return -1;
#endif
}

std::int64_t gpu_peak_bytes() {
#ifdef CATENA_TORCH_CUDA
  return c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device()).allocated_bytes[0].peak;
#else
  return -1;
#endif
}

void reset_gpu_peak() {
#ifdef CATENA_TORCH_CUDA
  c10::cuda::CUDACachingAllocator::resetPeakStats(c10::cuda::current_device());
#endif
}

}  // namespace catena::model
