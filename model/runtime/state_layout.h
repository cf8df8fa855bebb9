// Where in a state's one block of floats each part lies. What survives a boundary comes first, the running chunk last,
// so that another chunk length only changes the end of the block.
#pragma once

#include <cstddef>
#include <memory>

#include "model/chain_state.h"
#include "model/runtime/memory.h"

namespace catena::model {

/// Offsets in floats. Cheap to construct and to ask: nothing is stored but the sizes.
class StateLayout {
 public:
  StateLayout(const ModelConfig& config, int chunk_length);

  std::size_t floats() const { return running_ + attention_layers_ * 2 * rows_; }
  /// Everything before this survives a boundary,
  std::size_t running_chunk() const { return running_; }
  /// and what lies from here to there is cleared at one where the carry is off.
  std::size_t carried() const { return width_; }

  std::size_t last_output() const { return 0; }                                             ///< [d]
  std::size_t memory(int layer) const { return width_ + chain_index(layer) * chain_; }      ///< delta: S [H, D, D]
  std::size_t tail(int layer) const { return memory(layer) + memory_; }                     ///< delta: [taps-1, 3d]
  std::size_t regression(int layer) const { return width_ + chain_index(layer) * chain_; }  ///< vector: r [d]
  std::size_t last_result(int layer) const { return regression(layer) + width_; }           ///< vector: [d]
  std::size_t local_tail(int layer) const {
    return local_ + local_index(layer) * local_tail_;
  }  ///< local: [local_taps-1, 3d]
  std::size_t keys(int layer) const { return running_ + attention_index(layer) * 2 * rows_; }  ///< [chunk_length, d]
  std::size_t values(int layer) const { return keys(layer) + rows_; }                          ///< [chunk_length, d]

 private:
  static std::size_t chain_index(int layer) { return static_cast<std::size_t>(layer / 2); }
  std::size_t attention_index(int layer) const { return static_cast<std::size_t>(memory_layers_ ? layer / 2 : layer); }

  std::size_t local_index(int layer) const { return static_cast<std::size_t>(all_local_ ? layer : layer / 2); }

  bool all_local_;      // carry = none
  bool memory_layers_;  // chain layers have S, and no keys and values
  std::size_t width_;
  std::size_t memory_;            // S of one layer
  std::size_t chain_;             // what one chain layer carries
  std::size_t local_;             // start of the local layers' convolution tails
  std::size_t local_tail_;        // of one local layer
  std::size_t running_;           // start of the running chunk's keys and values
  std::size_t attention_layers_;  // how many layers keep keys and values
  std::size_t rows_;              // keys of one layer
};

/// A state in host memory.
class HostStorage final : public StateStorage {
 public:
  explicit HostStorage(std::size_t floats) : numbers_(floats) {}

  std::size_t floats() const override { return numbers_.size(); }
  std::unique_ptr<StateStorage> clone() const override { return std::make_unique<HostStorage>(*this); }
  void copy_from(const StateStorage& other) override;
  void to_host(std::span<float> out) const override;
  void from_host(std::span<const float> in) override;

  float* data() { return numbers_.data(); }
  const float* data() const { return numbers_.data(); }

 private:
  Buffer numbers_;
};

}  // namespace catena::model
