// What a system of the attention lab is made of.
#pragma once

#include <cstdint>
#include <string>

namespace catena::model::lab {

/// Shapes and settings of one sequence mixer. T tokens of width d, H heads of D = d / H, chunks (blocks) of C tokens.
struct SystemConfig {
  std::string system;              ///< one of system_names() (model/attention/registry.h)
  std::int64_t width = 64;         ///< d
  std::int64_t heads = 4;          ///< H, a divisor of d; D is even, for rotary positions
  std::int64_t chunk = 64;         ///< C
  bool causal = true;              ///< false: tokens look ahead as well, where the system can
  std::int64_t max_length = 4096;  ///< T at most; length of rotary tables and of Linformer's projection
  std::int64_t rank = 16;          ///< linformer: projected keys, of the whole sequence or, causal, of each chunk
  std::int64_t window = 3;         ///< block-sparse: chunks that are looked at, the own one included
  std::int64_t random_blocks = 2;  ///< random: chunks that are looked at beside the own one
  std::int64_t levels = 3;         ///< pyramid: levels of summaries
  double gate_temperature = 0.1;   ///< importance: divides the score
  std::uint64_t seed = 1;          ///< random: which chunks

  std::int64_t head_width() const { return width / heads; }
  /// Throws std::runtime_error with one line that names the first setting out of bounds.
  void validate() const;
};

}  // namespace catena::model::lab
