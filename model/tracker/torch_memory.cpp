// Where LibTorch's memory is counted: its CPU allocator wrapped, its CUDA allocator asked.
#include <c10/core/CPUAllocator.h>

#include "model/runtime/memory.h"
#include "model/tracker/torch_executor.h"
#ifdef CATENA_TORCH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#endif

namespace catena::model {
namespace {

/// What the inner allocator gave, and how much was asked for.
struct Counted {
  c10::DataPtr inner;
  std::size_t bytes;
};

void release(void* context) {
  auto* counted = static_cast<Counted*>(context);
  note_release(counted->bytes);
  delete counted;
}

class CountingTorchAllocator final : public c10::Allocator {
 public:
  explicit CountingTorchAllocator(c10::Allocator* inner) : inner_(inner) {}

#ifdef CATENA_TORCH_2
  c10::DataPtr allocate(std::size_t bytes) override { return wrap(bytes); }
  void copy_data(void* to, const void* from, std::size_t count) const override { default_copy_data(to, from, count); }
#else
  c10::DataPtr allocate(std::size_t bytes) const override { return wrap(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }  // memory comes with its own context

 private:
  c10::DataPtr wrap(std::size_t bytes) const {
    auto counted = std::make_unique<Counted>(Counted{inner_->allocate(bytes), bytes});
    note_allocation(bytes);
    void* data = counted->inner.get();
    const c10::Device device = counted->inner.device();
    return {data, counted.release(), release, device};
  }
  c10::Allocator* inner_;
};

}  // namespace

void count_torch_memory() {
  static CountingTorchAllocator counting(c10::GetCPUAllocator());
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

}  // namespace catena::model
