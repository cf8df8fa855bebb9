// Device, memory, errors.
#include <algorithm>
#include <cstdlib>

#include "device.h"

namespace cuda_emulator {
namespace {

// AddressSanitizer watches the ends of an allocation itself.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t guard_bytes = 0;
#else
constexpr std::size_t guard_bytes = 256;
#endif
constexpr unsigned char guard = 0xa5;

bool guards_whole(const char* memory, std::size_t bytes) {
  for (std::size_t i = 0; i < guard_bytes; ++i) {
    const auto at = [&](const char* place) { return static_cast<unsigned char>(*place); };
    if (at(memory - guard_bytes + i) != guard || at(memory + bytes + i) != guard) return false;
  }
  return true;
}

}  // namespace

Emulated& device() {
  static Emulated emulated;
  return emulated;
}

cudaError_t Emulated::report(cudaError_t error) {
  if (error != cudaSuccess) last = error;
  return error;
}
cudaError_t Emulated::ready() {
  if (devices == 0) return report(cudaErrorNoDevice);
  return report(sticky);
}
cudaError_t Emulated::ready_outside_capture() {
  if (capturing == 0) return ready();
  for (cudaStream_t stream : streams) {
    if (stream->capture != nullptr) stream->capture->broken = true;
  }
  return report(cudaErrorStreamCaptureUnsupported);
}

Counters counters() { return device().counters; }
void fail_launch(std::uint64_t n, cudaError_t error) {
  device().failing_launch = n == 0 ? 0 : device().counters.launches + n;
  device().launch_error = error;
}
void fail_malloc(std::uint64_t n, cudaError_t error) {
  device().failing_malloc = n == 0 ? 0 : device().counters.allocations + n;
  device().malloc_error = error;
}
void set_device_count(int count) { device().devices = count; }
void set_memory(std::size_t bytes) { device().memory = bytes; }
std::string fault() { return device().fault; }
void reset() {
  Emulated& d = device();
  d.sticky = d.last = cudaSuccess;
  d.fault.clear();
  d.failing_launch = d.failing_malloc = 0;
  d.devices = 1;
  d.memory = std::size_t{1} << 30;
  d.default_stream.queue.clear();
  for (cudaStream_t stream : d.streams) stream->queue.clear();
}

}  // namespace cuda_emulator

using cuda_emulator::device;
using Lock = std::lock_guard<std::recursive_mutex>;

cudaError_t cudaGetDeviceCount(int* count) {
  const Lock lock(device().mutex);
  *count = device().devices;
  return device().devices == 0 ? device().report(cudaErrorNoDevice) : cudaSuccess;
}
cudaError_t cudaGetDevice(int* index) {
  *index = 0;
  return device().ready();
}
cudaError_t cudaSetDevice(int index) {
  if (const cudaError_t error = device().ready()) return error;
  return device().report(index == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated device", device().memory, 227 * 1024, 1, 9, 0};
  return device().ready();
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrMultiProcessorCount ? 1 : 227 * 1024;
  return device().ready();
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = device().memory;
  *free = device().memory - std::min(device().memory, device().counters.bytes_now);
  return device().ready();
}
cudaError_t cudaGetLastError() {
  const cudaError_t error = device().last;
  device().last = device().sticky;
  return error;
}
cudaError_t cudaPeekAtLastError() { return device().last; }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorDeviceUninitialized:
      return "cudaErrorDeviceUninitialized";
    case cudaErrorECCUncorrectable:
      return "cudaErrorECCUncorrectable";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    default:
      return "cudaError";
  }
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorDeviceUninitialized:
      return "invalid device context";
    case cudaErrorECCUncorrectable:
      return "uncorrectable ECC error encountered";
    case cudaErrorLaunchFailure:
      return "unspecified launch failure";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    default:
      return "an error of the emulated device";
  }
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (const cudaError_t error = d.ready_outside_capture()) return error;
  ++d.counters.allocations;
  if (d.failing_malloc == d.counters.allocations) return d.report(d.malloc_error);
  if (bytes > d.memory - std::min(d.memory, d.counters.bytes_now)) return d.report(cudaErrorMemoryAllocation);
  const std::size_t padded = (bytes + 15) / 16 * 16;
  using cuda_emulator::guard_bytes;
  auto* whole = static_cast<char*>(std::aligned_alloc(256, (padded + 2 * guard_bytes + 255) / 256 * 256));
  if (whole == nullptr) return d.report(cudaErrorMemoryAllocation);
  std::memset(whole, cuda_emulator::guard, padded + 2 * guard_bytes);
  *memory = whole + guard_bytes;
  std::memset(*memory, 0xff, bytes);
  d.allocations[*memory] = bytes;
  d.counters.bytes_now += bytes;
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (memory == nullptr) return cudaSuccess;
  const auto found = d.allocations.find(memory);
  if (found == d.allocations.end()) return d.report(cudaErrorInvalidValue);
  d.run(nullptr);
  for (cudaStream_t stream : d.streams) d.run(stream);  // cudaFree waits for the device
  char* place = static_cast<char*>(memory);
  if (!cuda_emulator::guards_whole(place, found->second))
    d.fault = "a write beyond an allocation of " + std::to_string(found->second) + " bytes";
  d.counters.bytes_now -= found->second;
  d.allocations.erase(found);
  std::free(place - cuda_emulator::guard_bytes);
  return d.sticky;
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (const cudaError_t error = d.ready_outside_capture()) return error;
  ++d.counters.allocations;
  *memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (*memory == nullptr) return d.report(cudaErrorMemoryAllocation);
  d.host_allocations[*memory] = bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (memory == nullptr) return cudaSuccess;
  if (d.host_allocations.erase(memory) == 0) return d.report(cudaErrorInvalidValue);
  for (cudaStream_t stream : d.streams) d.run(stream);
  std::free(memory);
  return d.sticky;
}
