// One system that reads a stream, of tokens or of frames of sound, and predicts what the tracker beside it does, as
// those of the Compare dock do. No LibTorch in here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/config.h"

namespace catena::model {
class Weights;
}

namespace catena::model::lab {

/// What lanes are made of: the model in use, of text or of speech, and how it runs. The other systems take its shapes:
/// vocabulary or symbols, features, width, layers, heads, ffn.
struct LaneModel {
  std::shared_ptr<const Weights> weights;
  Precision precision = Precision::float32;  ///< of the tracker and the Transformer; the lab's systems are 32-bit
  StreamSettings settings;                   ///< of the tracker; its chunk length is the lab's chunk
  /// A state that grows stops here instead of taking the machine's memory.
  std::int64_t most_state_bytes = std::int64_t{256} << 20;
};

/// What a lane reads at once: a token, or of a model of speech StreamLane::at_once() frames [n, features].
struct LaneInput {
  Token token = 0;
  std::span<const float> frames = {};
};

/// On the CPU, on the calling thread alone. One thread at a time. A frame counts as a token.
class StreamLane {
 public:
  virtual ~StreamLane() = default;
  StreamLane(const StreamLane&) = delete;
  StreamLane& operator=(const StreamLane&) = delete;

  /// Reads a token and computes the next one's logits, or frames and their symbols'; returns the processor time that
  /// took, in milliseconds. Throws std::runtime_error with one line when the token is outside the vocabulary, frames
  /// are expected and not as many are given, a logit is not finite or the state has become too large.
  double read(const LaneInput& input);
  /// Tokens or frames of a read(): 1, but for the reader of speech, which reads a chunk at its end.
  std::int64_t at_once() const { return at_once_; }
  std::int64_t tokens() const { return tokens_; }
  /// Of the next token, or of the frames' symbols, as the last read() left them; at_once() rows of vocab numbers.
  std::span<const float> logits() const { return logits_; }
  /// Goes back to `tokens` tokens, or to the nearest place before that it still knows; returns how many are read now.
  std::int64_t go_back(std::int64_t tokens);

  /// Bytes of the numbers that the next token is computed from, beside the weights.
  virtual std::int64_t state_bytes() const = 0;
  /// Bytes that are really held for it: with room to grow, and with the marks to go back to.
  virtual std::int64_t held_bytes() const = 0;

 protected:
  /// Of `config`: what it reads, and how many logits a read gives.
  explicit StreamLane(const ModelConfig& config, std::int64_t at_once = 1);
  [[noreturn]] static void refuse_to_grow(std::int64_t most_bytes);

 private:
  virtual void compute(const LaneInput& input, std::span<float> logits) = 0;
  /// Behind each read, outside its time: keeps what going back needs.
  virtual void mark(std::int64_t tokens) = 0;
  virtual std::int64_t restore(std::int64_t tokens) = 0;

  std::size_t vocab_, features_;
  std::int64_t at_once_, tokens_ = 0;
  std::vector<float> logits_;
};

inline constexpr const char* tracker_lane = "tracker";  ///< the model in use itself, of speech chunk by chunk
inline constexpr const char* transformer_lane =
    "transformer";  ///< of the same size, with a KV cache, on the same kernels

/// What make_lane() makes: the two above, and the lab's systems that stream.
const std::vector<std::string>& lane_names();

/// Weights other than the tracker's are random. Throws std::runtime_error with one line when there is no such system or
/// the model has no weights for it.
std::unique_ptr<StreamLane> make_lane(const std::string& name, const LaneModel& model);

/// Once on the thread that lanes run on: LibTorch's operators take no other thread there, nor on threads that begin to
/// use them later. So a lane's time is that of one processor.
void use_one_thread();

}  // namespace catena::model::lab
