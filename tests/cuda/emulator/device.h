// The one emulated device, shared by the functions of host_runtime.h.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "emulator.h"

struct EmulatedStream {
  std::vector<std::function<void()>> queue;
  struct EmulatedGraph* capture = nullptr;
};
struct EmulatedEvent {
  cudaStream_t stream = nullptr;
};
struct EmulatedGraph {
  std::vector<std::function<void()>> nodes;
  bool broken = false;
};

namespace cuda_emulator {

struct Emulated {
  std::recursive_mutex mutex;
  Counters counters;
  int devices = 1;
  std::size_t memory = std::size_t{1} << 30;
  cudaError_t sticky = cudaSuccess;  ///< a lost device answers every call with it
  cudaError_t last = cudaSuccess;
  std::string fault;
  std::uint64_t failing_launch = 0, failing_malloc = 0;
  cudaError_t launch_error = cudaSuccess, malloc_error = cudaSuccess;
  std::map<void*, std::size_t> allocations, host_allocations;
  std::map<const void*, std::size_t> allowed_shared;
  std::set<cudaStream_t> streams;
  EmulatedStream default_stream;
  int capturing = 0;

  /// Remembers an error, as cudaGetLastError() tells it.
  cudaError_t report(cudaError_t error);
  /// What stands against any call at all.
  cudaError_t ready();
  /// ready(), for calls that a capture does not allow.
  cudaError_t ready_outside_capture();
  void run(cudaStream_t stream);
  cudaError_t enqueue(cudaStream_t stream, std::function<void()> work);
};
Emulated& device();

}  // namespace cuda_emulator
