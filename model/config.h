// What a chained tracker looks like: the contents of a model's config.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace catena::model {

using Token = std::int32_t;

/// What a chain layer hands from chunk to chunk.
enum class Carry {
  delta,     ///< online regression memory S per head (gated delta rule)
  linear,    ///< the same memory without the rule's correction: gated linear attention
  vector,    ///< one regression vector per layer (paired attentive regression)
  none,      ///< nothing: block attention
  attention  ///< keys and values of everything read: a Transformer. Grows without bound; only to compare with
};

/// Any chunk length between these works with any model.
inline constexpr int min_chunk_length = 8;
inline constexpr int max_chunk_length = 512;

enum class Device { cpu, cuda };
/// What the weight matrices are held in. Vectors, activations between products and states are 32-bit on the CPU
/// whatever it is.
enum class Precision {
  float32,
  bfloat16,
  int8  ///< one scale a row
};

/// Where a chunk ends. Every policy also ends it at StreamSettings::chunk_length.
enum class ChunkPolicy {
  fixed,  ///< only by count
  line,   ///< at the end of a line or statement once a quarter of the length is reached
  pause   ///< when the writer or speaker pauses (the caller says when)
};

/// Shapes: d = width, H = heads, D = d / H. Layer i is a chain layer when i is even, a local
/// (attention inside the chunk) layer when i is odd.
struct ModelConfig {
  std::string name;
  int vocab = 0;  ///< tokens, or the symbols that frames are read as
  int width = 0;
  int layers = 0;
  int heads = 0;
  int ffn = 0;          ///< hidden width of SwiGLU
  int features = 0;     ///< numbers of an input frame, for a model that reads sound; 0: it reads tokens
  int around_taps = 0;  ///< odd; a depthwise convolution over the frames on both sides, inside the chunk, is added to
                        ///< what every mixer reads; 0: none
  int gate_hidden = 0;  ///< hidden width of the importance gate; 0: no gate, every token is written in full
  int conv_taps = 4;    ///< causal convolution before q, k, v of a layer with a regression memory
  int local_taps = 0;   ///< causal convolution that is added to q, k, v of a local layer, across boundaries; 0: none
  bool shared_attention = false;  ///< memory layers attend too, to the keys and values of the local layer below
  Carry carry = Carry::delta;
  float regression_share = 0.3F;  ///< vector: how much of the previous r stays in the next
  int summary_levels =
      0;  ///< pyramid of summaries that local layers look at beside their chunk; 0: none. Training form only
  bool fill_in_middle = false;    ///< trained to look at the text after the cursor
  bool spoken_asides = false;     ///< trained to read what is said while a text is written
  float gate_temperature = 0.1F;
  float rope_base = 10000.0F;
  float norm_eps = 1e-5F;
  int chunk_length = 128;  ///< the default; any from min_chunk_length to max_chunk_length works

  bool operator==(const ModelConfig&) const = default;

  int head_width() const { return width / heads; }
  static bool is_chain(int layer) { return layer % 2 == 0; }
  /// Reads frames of sound: local layers look at the whole chunk, also ahead, and the output matrix is one of its own.
  bool reads_frames() const { return features > 0; }
  /// Whether layer i's q, k, v are convolved: where its mixer is attention and nothing else.
  bool has_local_convolution(int layer) const {
    return local_taps > 0 && (carry == Carry::none || carry == Carry::attention || !is_chain(layer));
  }
  /// Whether layer i, a chain layer with a memory, attends to what the local layer below keeps of the chunk.
  bool attends_below(int layer) const { return shared_attention && has_memory() && is_chain(layer) && layer > 0; }
  /// Numbers that a memory layer's matrices make of a token side by side: q, k, v, g, the gate's hidden layer, decay.
  int memory_projections() const { return 4 * width + gate_hidden + heads; }
  bool has_memory() const { return carry == Carry::delta || carry == Carry::linear; }

  /// Parses config.json. Throws std::runtime_error with one line (file, key, what is expected) when
  /// a key is missing, of the wrong type or out of bounds.
  static ModelConfig load(const std::filesystem::path& config_json);
  void save(const std::filesystem::path& config_json) const;
  /// Throws std::runtime_error naming the first field that is out of bounds.
  void validate() const;

  /// Parameter count of a model with these shapes (tied embedding counted once).
  std::int64_t parameters() const;
};

/// A tensor that a model with this config must have, in the order they are stored.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
};
std::vector<TensorSpec> tensor_specs(const ModelConfig& config);

/// Settings of a running stream; they may change at any chunk boundary.
struct StreamSettings {
  int chunk_length = 128;
  ChunkPolicy policy = ChunkPolicy::fixed;
  bool carry = true;              ///< false: the regression state is cleared at each boundary
  float gate_temperature = 0.0F;  ///< 0: the model's own

  bool operator==(const StreamSettings&) const = default;
};

std::string to_string(Carry carry);
std::string to_string(Device device);
std::string to_string(Precision precision);
/// The precision that to_string() calls `name`. Throws std::invalid_argument with one line naming the choices.
Precision precision_named(const std::string& name);
std::string to_string(ChunkPolicy policy);

}  // namespace catena::model
