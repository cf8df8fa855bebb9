// What the device can do at best: what the benches hold the executor against.
#include <algorithm>

#include "model/cuda/cuda_device.h"
#include "model/cuda/device_memory.h"
#include "model/cuda/kernels.h"

namespace catena::model::cuda {
namespace {

class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "creating an event"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  operator cudaEvent_t() const { return event_; }  // NOLINT: stands for it

 private:
  cudaEvent_t event_ = nullptr;
};

/// Seconds that what `work` queues takes on the device, the shortest of a few times; the first does not count.
template <typename Work>
double device_seconds(const Stream& stream, const Work& work) {
  constexpr int times = 6;
  const Event start, end;
  double shortest = 0;
  for (int i = 0; i <= times; ++i) {
    check(cudaEventRecord(start, stream), "measuring");
    work();
    check(cudaEventRecord(end, stream), "measuring");
    stream.wait();
    float ms = 0;
    check(cudaEventElapsedTime(&ms, start, end), "measuring");
    if (i == 1 || (i > 1 && ms * 1e-3 < shortest)) shortest = ms * 1e-3;
  }
  return shortest;
}

}  // namespace

double copy_bandwidth(std::size_t bytes) {
  const Stream stream;
  const DeviceMemory from(bytes, "a measurement"), to(bytes, "a measurement");
  constexpr int repetitions = 20;
  const double seconds = device_seconds(stream, [&] {
    for (int i = 0; i < repetitions; ++i)
      check(cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, stream), "measuring");
  });
  return repetitions * 2.0 * static_cast<double>(bytes) / seconds;
}

double product_operations_per_second(int width, Precision precision) {
  const Stream stream;
  const auto d = static_cast<std::size_t>(width);
  const std::size_t bytes = precision == Precision::float32 ? 4 : precision == Precision::bfloat16 ? 2 : 1;
  const Number number = precision == Precision::float32    ? Number::float32
                        : precision == Precision::bfloat16 ? Number::bfloat16
                                                           : Number::int8;
  const DeviceMemory weights(4 * d * d * bytes, "a measurement"), scales(4 * d * sizeof(float), "a measurement"),
      x(block_tokens * d * sizeof(float), "a measurement"), y(block_tokens * 4 * d * sizeof(float), "a measurement"),
      place(sizeof(Place), "a measurement");
  for (const DeviceMemory* part : {&weights, &scales, &x})
    check(cudaMemsetAsync(part->data(), 0, part->bytes(), stream), "measuring");
  Place all;
  all.count = block_tokens;
  auto* at = reinterpret_cast<Place*>(place.data());
  set_place(stream, all, at);
  const Matrix matrix{weights.data(), reinterpret_cast<const float*>(scales.data()), 4 * width, width, number};
  constexpr int repetitions = 20;
  const double seconds = device_seconds(stream, [&] {
    for (int i = 0; i < repetitions; ++i) {
      block_product(stream, matrix, reinterpret_cast<const float*>(x.data()), width, {},
                    {.result = Result::store, .out = reinterpret_cast<float*>(y.data()), .stride = 4 * width}, at);
    }
  });
  return repetitions * 2.0 * block_tokens * 4.0 * static_cast<double>(d) * static_cast<double>(d) / seconds;
}

}  // namespace catena::model::cuda
