// The emulated device runs kernels right, and finds the mistakes that a real one answers with a hang or wrong numbers.
#include <catch2/catch.hpp>
#include <vector>

#include "emulator.h"
#include "mma.h"

using namespace cuda_emulator;
using Catch::Matchers::Contains;

namespace {

template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(std::vector<T> values) : size_(values.size()) {
    REQUIRE(cudaMalloc(&data_, size_ * sizeof(T)) == cudaSuccess);
    REQUIRE(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  T* data() { return data_; }
  std::vector<T> host() const {
    std::vector<T> values(size_);
    cudaDeviceSynchronize();
    cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost);
    return values;
  }

 private:
  std::size_t size_;
  T* data_ = nullptr;
};

template <typename... Wanted, typename... Given>
cudaError_t launch(void (*kernel)(Wanted...), dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream,
                   Given... given) {
  const cudaLaunchConfig_t config{grid, block, shared, stream, nullptr, 0};
  return cudaLaunchKernelEx(&config, kernel, given...);
}

__global__ void sum_blocks(const float* in, float* out) {
  __shared__ float parts[8];
  float sum = in[blockIdx.x * blockDim.x + threadIdx.x];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffffU, sum, offset);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (unsigned i = 1; i < blockDim.x / 32; ++i) sum += parts[i];
    out[blockIdx.x] = sum;
  }
}

__global__ void reverse_without_barrier(float* values) {
  auto* kept = static_cast<float*>(dynamic_shared());
  kept[threadIdx.x] = values[threadIdx.x];
  values[threadIdx.x] = kept[blockDim.x - 1 - threadIdx.x];
}

__global__ void some_leave(float* values) {
  if (threadIdx.x == 3) return;
  __syncthreads();
  values[threadIdx.x] = 1;
}
__global__ void two_barriers(float* values) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  values[threadIdx.x] = 1;
}
__global__ void lane_missing(float* values) {
  if (threadIdx.x != 5) values[threadIdx.x] = __shfl_xor_sync(0xffffffffU, values[threadIdx.x], 1);
}
__global__ void from_outside(float* values) {
  if (threadIdx.x < 16) values[threadIdx.x] = __shfl_sync(0xffffU, values[threadIdx.x], 20);
}
__global__ void add_counter(int* counter, float* values) { values[(*counter)++] += 1; }
__global__ void write_beyond(float* values) { values[4] = 1; }

__global__ void product(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c) {
  using namespace nvcuda::wmma;
  fragment<matrix_a, 16, 16, 16, __nv_bfloat16, row_major> left;
  fragment<matrix_b, 16, 16, 16, __nv_bfloat16, col_major> right;
  fragment<accumulator, 16, 16, 16, float> sums;
  fill_fragment(sums, 0.5F);
  load_matrix_sync(left, a, 16);
  load_matrix_sync(right, b, 16);
  mma_sync(sums, left, right, sums);
  for (int i = 0; i < sums.num_elements; ++i) sums.x[i] *= 2;
  store_matrix_sync(c, sums, 16, mem_row_major);
}

struct Restored {
  Restored() { reset(); }
  ~Restored() {
    reset();
    set_order(Order::forward);
  }
};

}  // namespace

TEST_CASE("threads of a block meet at barriers and shuffles, in either order of running") {
  const Restored restored;
  set_order(GENERATE(Order::forward, Order::backward));
  std::vector<float> values(512);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  DeviceArray<float> in(values), out(std::vector<float>(4));
  REQUIRE(launch(sum_blocks, 4, 128, 0, nullptr, in.data(), out.data()) == cudaSuccess);
  CHECK(out.host() == std::vector<float>{8128, 24512, 40896, 57280});
  CHECK(fault().empty());
}

TEST_CASE("a missing barrier shows in one of the two orders") {
  const Restored restored;
  bool wrong = false;
  for (const Order order : {Order::forward, Order::backward}) {
    set_order(order);
    DeviceArray<float> values({1, 2, 3, 4});
    REQUIRE(launch(reverse_without_barrier, 1, 4, 16, nullptr, values.data()) == cudaSuccess);
    wrong = wrong || values.host() != std::vector<float>{4, 3, 2, 1};
  }
  CHECK(wrong);
}

TEST_CASE("barriers that not all threads reach fail the launch, and say where") {
  const Restored restored;
  using Kernel = void (*)(float*);
  const auto [kernel, what] = GENERATE(
      table<Kernel, std::string>({{some_leave, "divergent __syncthreads: some threads wait at test_emulator.cpp"},
                                  {two_barriers, "divergent __syncthreads: some threads wait at test_emulator.cpp"},
                                  {lane_missing, "a warp collective at test_emulator.cpp"},
                                  {from_outside, "a shuffle from a lane outside the mask"}}));
  DeviceArray<float> values(std::vector<float>(64));
  REQUIRE(launch(kernel, 1, 64, 0, nullptr, values.data()) == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
  CHECK_THAT(fault(), Contains(what));
  CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);  // a context does not recover
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a write beyond an allocation is found when it is freed") {
  const Restored restored;
  {
    DeviceArray<float> values({1, 2, 3, 4});
    REQUIRE(launch(write_beyond, 1, 1, 0, nullptr, values.data()) == cudaSuccess);
  }
  CHECK_THAT(fault(), Contains("a write beyond an allocation of 16 bytes"));
}
#endif

TEST_CASE("a warp matrix product is that of its bfloat16 operands") {
  const Restored restored;
  std::vector<__nv_bfloat16> a(256), b(256);
  std::vector<float> expected(256);
  const auto number = [](int i) { return static_cast<float>(i * 37 % 19 - 9) / 4; };
  for (int i = 0; i < 256; ++i) a[i] = __float2bfloat16(number(i)), b[i] = __float2bfloat16(number(i + 7));
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < 16; ++j) {
      expected[i * 16 + j] = 1;
      for (int k = 0; k < 16; ++k) expected[i * 16 + j] += 2 * number(i * 16 + k) * number(j * 16 + k + 7);
    }
  }
  DeviceArray<__nv_bfloat16> left(a), right(b);
  DeviceArray<float> out(std::vector<float>(256));
  REQUIRE(launch(product, 1, 32, 0, nullptr, left.data(), right.data(), out.data()) == cudaSuccess);
  CHECK(out.host() == expected);
}

TEST_CASE("a stream works when the host waits for it, and a graph works anew at every launch") {
  const Restored restored;
  DeviceArray<int> counter({0});
  DeviceArray<float> values(std::vector<float>(4));
  cudaStream_t stream = nullptr;
  REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  REQUIRE(launch(add_counter, 1, 1, 0, stream, counter.data(), values.data()) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
  REQUIRE(cudaGraphInstantiate(&exec, graph) == cudaSuccess);
  cudaGraphDestroy(graph);
  for (int i = 0; i < 3; ++i) REQUIRE(cudaGraphLaunch(exec, stream) == cudaSuccess);

  std::vector<float> before(4);
  cudaMemcpy(before.data(), values.data(), 16, cudaMemcpyDeviceToHost);
  CHECK(before == std::vector<float>{0, 0, 0, 0});
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(values.host() == std::vector<float>{1, 1, 1, 0});
  cudaGraphExecDestroy(exec);
  cudaStreamDestroy(stream);
}

TEST_CASE("memory that a capture cannot contain breaks it") {
  const Restored restored;
  cudaStream_t stream = nullptr;
  cudaStreamCreate(&stream);
  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  void* memory = nullptr;
  CHECK(cudaMalloc(&memory, 16) == cudaErrorStreamCaptureUnsupported);
  cudaGraph_t graph = nullptr;
  CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated);
  cudaStreamDestroy(stream);
}

TEST_CASE("launches and allocations fail on demand, and a lost device stays lost") {
  const Restored restored;
  DeviceArray<float> values(std::vector<float>(64));
  fail_launch(2, cudaErrorECCUncorrectable);
  DeviceArray<float> out(std::vector<float>(2));
  REQUIRE(launch(sum_blocks, 2, 32, 0, nullptr, values.data(), out.data()) == cudaSuccess);
  REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
  REQUIRE(launch(sum_blocks, 2, 32, 0, nullptr, values.data(), out.data()) == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaErrorECCUncorrectable);
  CHECK(launch(sum_blocks, 2, 32, 0, nullptr, values.data(), out.data()) == cudaErrorECCUncorrectable);
  reset();

  void* memory = nullptr;
  fail_malloc(1, cudaErrorMemoryAllocation);
  CHECK(cudaMalloc(&memory, 16) == cudaErrorMemoryAllocation);
  set_memory(1 << 20);
  CHECK(cudaMalloc(&memory, 2 << 20) == cudaErrorMemoryAllocation);
  set_device_count(0);
  int count = -1;
  CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice);
}

TEST_CASE("launches outside the device's limits are refused") {
  const Restored restored;
  DeviceArray<float> values(std::vector<float>(64));
  CHECK(launch(some_leave, 1, 2048, 0, nullptr, values.data()) == cudaErrorInvalidConfiguration);
  CHECK(launch(some_leave, 1, 32, 100 * 1024, nullptr, values.data()) == cudaErrorInvalidValue);
  REQUIRE(cudaFuncSetAttribute(some_leave, cudaFuncAttributeMaxDynamicSharedMemorySize, 100 * 1024) == cudaSuccess);
  CHECK(launch(some_leave, 1, 2, 100 * 1024, nullptr, values.data()) == cudaSuccess);
}
