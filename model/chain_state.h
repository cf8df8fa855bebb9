// The only thing a stream carries: its size is a constant of the model and the chunk length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>

#include "model/config.h"

namespace catena::model {

/// Where a state's numbers live (host memory, or a device's). One contiguous block of float32.
class StateStorage {
 public:
  virtual ~StateStorage() = default;
  virtual std::size_t floats() const = 0;
  virtual std::unique_ptr<StateStorage> clone() const = 0;
  virtual void copy_from(const StateStorage& other) = 0;  ///< same kind and size: does not allocate
  virtual void to_host(std::span<float> out) const = 0;
  virtual void from_host(std::span<const float> in) = 0;
};

/// Value type. Holds, for every delta layer, S [H, D, D] and the convolution tail [taps-1, 3d]; for every vector layer
/// r [d] and the last result [d]; for every convolved local layer its tail [local_taps-1, 3d]; for every layer with
/// attention the running chunk's keys (rotated) and values [chunk_length, d] each; the last output [d]; and counters.
/// Copy-assigning a state of the same layout does not allocate.
class ChainState {
 public:
  struct Counters {
    std::int64_t tokens = 0;        ///< read so far
    std::int64_t chunks = 0;        ///< boundaries passed so far
    std::int32_t position = 0;      ///< tokens in the running chunk
    std::int32_t chunk_length = 0;  ///< capacity of the local layers
    float gate_temperature = 0.0F;  ///< in force in the running chunk; 0: the model's own
    std::int32_t carry = 1;         ///< 0: the regression state is cleared at the next boundary
    bool operator==(const Counters&) const = default;
  };

  ChainState() = default;
  ChainState(Counters counters, std::unique_ptr<StateStorage> storage);
  ChainState(const ChainState& other);
  ChainState& operator=(const ChainState& other);
  ChainState(ChainState&&) noexcept = default;
  ChainState& operator=(ChainState&&) noexcept = default;
  ~ChainState() = default;

  bool empty() const { return storage_ == nullptr; }
  const Counters& counters() const { return counters_; }
  Counters& counters() { return counters_; }
  StateStorage& storage() { return *storage_; }
  const StateStorage& storage() const { return *storage_; }

  std::size_t bytes() const;  ///< numbers and counters, in bytes

  /// Little-endian: magic, version, counters, float count, floats, checksum. Throws std::runtime_error on a write
  /// error.
  void save(std::ostream& out) const;
  /// Reads into this state, which must come from initial_state() of the model the file belongs to and of the file's
  /// chunk length (see peek). Throws std::runtime_error with one line, and leaves this state as it was, when the file
  /// is broken or of another layout.
  void load(std::istream& in);
  /// The counters of the state saved at the stream's place, which is left where it was. Throws as load().
  static Counters peek(std::istream& in);

 private:
  Counters counters_;
  std::unique_ptr<StateStorage> storage_;
};

/// Bit-identical counters and numbers.
bool operator==(const ChainState& a, const ChainState& b);

}  // namespace catena::model
