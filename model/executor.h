// Runs a chained tracker over one stream at a time. Weights are const and shared between executors;
// everything that belongs to a stream lives in its ChainState.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "model/chain_state.h"
#include "model/config.h"

namespace catena::model {

class Weights;  // model/runtime/weights.h: const, shared, loaded from safetensors

struct ExecutorOptions {
  Device device = Device::cpu;
  Precision precision = Precision::float32;
  int threads = 1;
};

/// Owns only scratch memory, allocated at construction. Not thread-safe: one executor a thread.
/// After construction no member allocates. Feeding tokens in any split gives bit-identical
/// states and logits for one device, precision and thread count (and for any thread count on the CPU).
class Executor {
 public:
  virtual ~Executor() = default;

  virtual const ModelConfig& config() const = 0;
  virtual const ExecutorOptions& options() const = 0;

  /// The state of a stream that has read nothing. Throws std::runtime_error when chunk_length is out of bounds.
  virtual ChainState initial_state(int chunk_length) const = 0;

  /// Reads tokens into the state, ending chunks as settings.chunk_length says. A changed chunk_length, carry or
  /// temperature takes effect at the next boundary; a changed chunk_length is the one thing that allocates (the new
  /// layout). Throws std::runtime_error, with the state untouched, when a token is outside the vocabulary, the settings
  /// are out of bounds or the state is another model's.
  virtual void read(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) = 0;

  /// Marks the running chunk as ended: the next token starts a new one. Nothing happens at a boundary.
  virtual void end_chunk(ChainState& state) = 0;

  /// Next-token logits after what the state has read. `out` has config().vocab floats.
  /// Before any token the logits are all zero.
  virtual void logits(const ChainState& state, std::span<float> out) = 0;

  /// As read(), and nll[i] = -ln p(tokens[i] | everything before it). Uniform for the very first token.
  virtual void score(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                     std::span<float> nll) = 0;
};

/// Throws std::runtime_error with one clear line when the device is not to be had. The weights are packed once and
/// shared by all executors of the same weights, device and precision.
std::unique_ptr<Executor> make_executor(std::shared_ptr<const Weights> weights, const ExecutorOptions& options);

/// How a library that can drive another device (catena_tracker for cuda) offers it. Later registrations replace earlier
/// ones; Device::cpu is built in. Thread-safe.
using ExecutorFactory = std::unique_ptr<Executor> (*)(std::shared_ptr<const Weights>, const ExecutorOptions&);
void register_executor_factory(Device device, ExecutorFactory factory);
/// Whether make_executor knows the device at all (the device itself may still be missing).
bool executor_available(Device device);

}  // namespace catena::model
