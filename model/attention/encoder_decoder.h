// The encoder-decoder Transformer (Vaswani et al. 2017, "Attention Is All You Need").
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/attention/parameter_set.h"

namespace catena::model::lab {

/// Tokens with a meaning of their own: filling behind a sequence's end, its beginning and its end.
inline constexpr std::int64_t pad_token = 0, start_token = 1, end_token = 2;

struct EncoderDecoderConfig {
  std::int64_t vocab = 0;  ///< the three above included
  std::int64_t width = 64, heads = 4, layers = 2, ffn = 256;
  std::int64_t max_length = 512;  ///< of either side

  /// Throws std::invalid_argument with one line that names the first setting out of bounds.
  void validate() const;
};

/// Encoder: x += attention(norm(x)), x += FFN(norm(x)); decoder: causal attention, attention over the encoder's
/// outputs, FFN. ReLU, sinusoidal positions, layer norms before instead of behind each part (Xiong et al. 2020, "On
/// Layer Normalization in the Transformer Architecture": it trains without warm-up), one matrix for both embeddings and
/// the head. Cost of S and T tokens, a layer: 8 (S + T) d^2 + 4 T d^2 + 2 (S + T) d F for the projections, 2 (S^2 + T^2
/// + S T) d between tokens.
class EncoderDecoder {
 public:
  EncoderDecoder(const EncoderDecoderConfig& config, std::uint64_t seed);

  ParameterSet& parameters() { return parameters_; }

  /// source [B, S], target [B, T] int64, filled with pad_token -> logits [B, T, V] of the token behind each target
  /// token. Throws std::invalid_argument with one line when a side is empty, too long, or holds a token that is not in
  /// the vocabulary.
  torch::Tensor forward(const torch::Tensor& source, const torch::Tensor& target) const;

  /// For each source row the likeliest token, again and again, from <sos> to <eos> (neither is returned) or `most`
  /// tokens.
  std::vector<std::vector<std::int64_t>> greedy(const torch::Tensor& source, std::int64_t most) const;

 private:
  struct Attention {
    torch::Tensor in, out, norm, norm_bias;
  };
  struct FeedForward {
    torch::Tensor in, in_bias, out, out_bias, norm, norm_bias;
  };
  struct Layer {
    Attention self, cross;
    FeedForward feed_forward;
  };
  void add_norm(const std::string& prefix, torch::Tensor& weight, torch::Tensor& bias);
  Attention make_attention(const std::string& prefix);
  Layer make_layer(const std::string& prefix, bool decoder);
  void check(const torch::Tensor& tokens, const char* side) const;

  torch::Tensor embed(const torch::Tensor& tokens) const;
  /// x [B, n, d] over memory [B, m, d], undefined: over itself. mask: as in scaled_dot_product().
  torch::Tensor attend(const Attention& part, const torch::Tensor& x, const torch::Tensor& memory,
                       const torch::Tensor& mask) const;
  torch::Tensor feed_forward(const FeedForward& part, const torch::Tensor& x) const;
  torch::Tensor encode(const torch::Tensor& source) const;
  torch::Tensor decode(const torch::Tensor& memory, const torch::Tensor& source, const torch::Tensor& target) const;

  EncoderDecoderConfig config_;
  ParameterSet parameters_;
  torch::Tensor embedding_, positions_, encoder_norm_, encoder_norm_bias_, decoder_norm_, decoder_norm_bias_;
  std::vector<Layer> encoder_, decoder_;
};

}  // namespace catena::model::lab
