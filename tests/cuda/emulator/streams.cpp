// Streams, events, graphs and launches: closures that run when the host asks.
#include "block.h"
#include "device.h"

namespace cuda_emulator {

void Emulated::run(cudaStream_t stream) {
  EmulatedStream& of = stream == nullptr ? default_stream : *stream;
  std::vector<std::function<void()>> work;
  work.swap(of.queue);
  for (const auto& item : work) {
    if (sticky == cudaSuccess) item();
  }
}

cudaError_t Emulated::enqueue(cudaStream_t stream, std::function<void()> work) {
  if (const cudaError_t error = ready()) return error;
  if (stream != nullptr && streams.count(stream) == 0) return report(cudaErrorInvalidResourceHandle);
  EmulatedStream& of = stream == nullptr ? default_stream : *stream;
  (of.capture != nullptr ? of.capture->nodes : of.queue).push_back(std::move(work));
  return cudaSuccess;
}

cudaError_t allow_dynamic_shared(const void* kernel, int bytes) {
  if (bytes < 0 || bytes > 227 * 1024) return device().report(cudaErrorInvalidValue);
  device().allowed_shared[kernel] = static_cast<std::size_t>(bytes);
  return device().ready();
}

cudaError_t enqueue_kernel(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread) {
  Emulated& d = device();
  const std::lock_guard lock(d.mutex);
  const dim3 grid = config.gridDim, block = config.blockDim;
  const auto allowed = d.allowed_shared.find(kernel);
  const std::size_t most_shared = allowed == d.allowed_shared.end() ? 48 * 1024 : allowed->second;
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  const bool valid = grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffffU && grid.y <= 65535 &&
                     grid.z <= 65535 && threads > 0 && threads <= 1024 && block.z <= 64;
  if (!valid) return d.report(cudaErrorInvalidConfiguration);
  if (config.dynamicSmemBytes > most_shared) return d.report(cudaErrorInvalidValue);
  return d.enqueue(config.stream, [grid, block, bytes = config.dynamicSmemBytes, thread = std::move(thread)] {
    Emulated& running = device();
    ++running.counters.launches;
    if (running.failing_launch == running.counters.launches) {
      running.sticky = running.report(running.launch_error);
      return;
    }
    const std::string wrong = run_grid(grid, block, bytes, thread);
    if (wrong.empty()) return;
    running.fault = wrong;
    running.sticky = running.report(cudaErrorLaunchFailure);
  });
}

}  // namespace cuda_emulator

using cuda_emulator::device;
using Lock = std::lock_guard<std::recursive_mutex>;

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  const Lock lock(device().mutex);
  return device().enqueue(stream, [=] {
    if (bytes > 0) std::memmove(to, from, bytes);  // from and to may be null then
  });
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (const cudaError_t error = d.ready_outside_capture()) return error;
  if (const cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, nullptr)) return error;
  d.run(nullptr);
  return d.report(d.sticky);
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  const Lock lock(device().mutex);
  return device().enqueue(stream, [=] {
    if (bytes > 0) std::memset(to, value, bytes);
  });
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) { return cudaMemsetAsync(to, value, bytes, nullptr); }

cudaError_t cudaDeviceSynchronize() {
  auto& d = device();
  const Lock lock(d.mutex);
  if (const cudaError_t error = d.ready_outside_capture()) return error;
  ++d.counters.synchronisations;
  d.run(nullptr);
  for (cudaStream_t stream : d.streams) d.run(stream);
  return d.report(d.sticky);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (const cudaError_t error = d.ready()) return error;
  *stream = new EmulatedStream;
  d.streams.insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (d.streams.count(stream) == 0) return d.report(cudaErrorInvalidResourceHandle);
  d.run(stream);
  d.streams.erase(stream);
  delete stream;
  return d.sticky;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (stream != nullptr && stream->capture != nullptr) return d.ready_outside_capture();
  if (const cudaError_t error = d.ready()) return error;
  ++d.counters.synchronisations;
  d.run(stream);
  return d.report(d.sticky);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const Lock lock(device().mutex);
  return device().enqueue(stream, [event] {
    if (event->stream != nullptr) device().run(event->stream);
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  const Lock lock(device().mutex);
  if (const cudaError_t error = device().ready()) return error;
  *event = new EmulatedEvent;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->stream = stream;
  return device().ready();
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) { return cudaStreamSynchronize(event->stream); }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t, cudaEvent_t) {
  *ms = 1.0F;
  return device().ready();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (const cudaError_t error = d.ready()) return error;
  if (stream == nullptr || stream->capture != nullptr) return d.report(cudaErrorStreamCaptureUnsupported);
  stream->capture = new EmulatedGraph;
  ++d.capturing;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  auto& d = device();
  const Lock lock(d.mutex);
  if (stream == nullptr || stream->capture == nullptr) return d.report(cudaErrorInvalidValue);
  *graph = std::exchange(stream->capture, nullptr);
  --d.capturing;
  if (!(*graph)->broken) return d.ready();
  delete *graph;
  *graph = nullptr;
  return d.report(cudaErrorStreamCaptureInvalidated);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  const Lock lock(device().mutex);
  if (const cudaError_t error = device().ready()) return error;
  ++device().counters.captures;
  *exec = new EmulatedGraph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  const Lock lock(device().mutex);
  return device().enqueue(stream, [nodes = exec->nodes] {
    ++device().counters.graph_launches;
    for (const auto& node : nodes) {
      if (device().sticky == cudaSuccess) node();
    }
  });
}
