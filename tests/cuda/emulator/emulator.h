// What a test can ask of the emulated device, beside what CUDA's own interface offers.
//
// The headers of this folder bear the names of CUDA's: a .cu file that launches with cudaLaunchKernelEx() and takes its
// dynamic shared memory through cuda_emulator::dynamic_shared() where CUDA_EMULATED is defined compiles as C++ against
// them. The threads of a block are fibers that change over at barriers and warp collectives, one block runs after
// another, on one thread of the host: every run is the same. Work of a stream waits until the host asks for it
// (synchronises), so that a host that does not wait reads old numbers here too.
//
// What is found: barriers and warp collectives that not all threads reach, or reach at different places; lanes that
// read from a lane outside the mask; writes beyond a cudaMalloc() (at cudaFree, or by AddressSanitizer at once, which
// also sees shared memory); device memory that was never written (it holds NaN); missing barriers, by running the
// threads and blocks in the opposite order as well. What is not: races that either order hides, real timing, alignment
// of vector loads, registers, static shared memory that is read before it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cuda_runtime.h"

namespace cuda_emulator {

/// In which order the blocks of a launch, and the threads between two barriers, run.
enum class Order { forward, backward };
void set_order(Order order);

struct Counters {
  std::uint64_t launches = 0;        ///< kernels that ran, replayed ones included
  std::uint64_t graph_launches = 0;  ///< graphs that ran
  std::uint64_t captures = 0;        ///< graphs instantiated
  std::uint64_t allocations = 0;     ///< cudaMalloc and cudaMallocHost
  std::uint64_t synchronisations = 0;
  std::size_t bytes_now = 0;  ///< of device memory
};
Counters counters();

/// The n-th kernel from now on (1: the next) fails with `error` instead of running, as seen at the next
/// synchronisation; n = 0 takes it back. Errors of kernels stay until reset(), as a lost device's do.
void fail_launch(std::uint64_t n, cudaError_t error);
/// The n-th cudaMalloc from now on fails with `error`; n = 0 takes it back.
void fail_malloc(std::uint64_t n, cudaError_t error);
/// 0: cudaErrorNoDevice from every call.
void set_device_count(int count);
/// Bytes of device memory; the default is 1 GiB.
void set_memory(std::size_t bytes);

/// What a kernel did wrong, in one line, since the last reset(); empty: nothing.
std::string fault();
/// A working device again. Allocations stay.
void reset();

}  // namespace cuda_emulator
