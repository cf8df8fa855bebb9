#include "model/attention/encoder_decoder.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "model/attention/positions.h"
#include "model/attention/scaled_dot_product.h"

namespace catena::model::lab {

using torch::Tensor;

namespace {

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return torch::layer_norm(x, {x.size(-1)}, weight, bias, 1e-5);
}

/// Keys that are no filling: [B, 1, 1, S].
Tensor visible(const Tensor& tokens) { return (tokens != pad_token).unsqueeze(1).unsqueeze(2); }

}  // namespace

void EncoderDecoderConfig::validate() const {
  const auto require = [](bool ok, const char* key, std::int64_t value, const std::string& expected) {
    if (!ok)
      throw std::invalid_argument("encoder-decoder: " + std::string(key) + " is " + std::to_string(value) +
                                  ", expected " + expected);
  };
  require(vocab > end_token + 1, "vocab", vocab, "at least 4");
  require(width >= 2, "width", width, "at least 2");
  require(heads >= 1 && width % heads == 0, "heads", heads, "a divisor of width " + std::to_string(width));
  require(layers >= 1, "layers", layers, "at least 1");
  require(ffn >= 1, "ffn", ffn, "at least 1");
  require(max_length >= 1, "max_length", max_length, "at least 1");
}

EncoderDecoder::EncoderDecoder(const EncoderDecoderConfig& config, std::uint64_t seed)
    : config_(config), parameters_(seed) {
  config.validate();
  const double deviation = 1 / std::sqrt(static_cast<double>(config.width));  // times sqrt(d) when embedded
  embedding_ = parameters_.add_normal("embed.weight", {config.vocab, config.width}, deviation);
  positions_ = sinusoidal_positions(config.max_length, config.width);
  for (std::int64_t i = 0; i < config.layers; ++i) {
    encoder_.push_back(make_layer("encoder." + std::to_string(i) + ".", false));
    decoder_.push_back(make_layer("decoder." + std::to_string(i) + ".", true));
  }
  add_norm("encoder.", encoder_norm_, encoder_norm_bias_);
  add_norm("decoder.", decoder_norm_, decoder_norm_bias_);
}

void EncoderDecoder::add_norm(const std::string& prefix, Tensor& weight, Tensor& bias) {
  weight = parameters_.add(prefix + "norm.weight", torch::ones({config_.width}));
  bias = parameters_.add(prefix + "norm.bias", torch::zeros({config_.width}));
}

EncoderDecoder::Attention EncoderDecoder::make_attention(const std::string& prefix) {
  Attention part;
  part.in = parameters_.add_projection(prefix + "in.weight", 3 * config_.width, config_.width);
  part.out = parameters_.add_projection(prefix + "out.weight", config_.width, config_.width);
  add_norm(prefix, part.norm, part.norm_bias);
  return part;
}

EncoderDecoder::Layer EncoderDecoder::make_layer(const std::string& prefix, bool decoder) {
  Layer layer;
  layer.self = make_attention(prefix + "self.");
  if (decoder) layer.cross = make_attention(prefix + "cross.");
  FeedForward& ffn = layer.feed_forward;
  ffn.in = parameters_.add_projection(prefix + "ffn.in.weight", config_.ffn, config_.width);
  ffn.in_bias = parameters_.add(prefix + "ffn.in.bias", torch::zeros({config_.ffn}));
  ffn.out = parameters_.add_projection(prefix + "ffn.out.weight", config_.width, config_.ffn);
  ffn.out_bias = parameters_.add(prefix + "ffn.out.bias", torch::zeros({config_.width}));
  add_norm(prefix + "ffn.", ffn.norm, ffn.norm_bias);
  return layer;
}

void EncoderDecoder::check(const Tensor& tokens, const char* side) const {
  const auto fail = [&](const std::string& what) {
    throw std::invalid_argument("encoder-decoder: the " + std::string(side) + " " + what);
  };
  if (tokens.dim() != 2 || tokens.numel() == 0) fail("must be [batch, tokens], neither of them 0");
  if (tokens.size(1) > config_.max_length) {
    fail("has " + std::to_string(tokens.size(1)) + " tokens, more than max_length " +
         std::to_string(config_.max_length));
  }
  if (tokens.min().item<std::int64_t>() < 0 || tokens.max().item<std::int64_t>() >= config_.vocab) {
    fail("holds a token outside the vocabulary of " + std::to_string(config_.vocab));
  }
}

Tensor EncoderDecoder::embed(const Tensor& tokens) const {
  return torch::embedding(embedding_, tokens) * std::sqrt(static_cast<double>(config_.width)) +
         positions_.slice(0, 0, tokens.size(1));
}

Tensor EncoderDecoder::attend(const Attention& part, const Tensor& x, const Tensor& memory, const Tensor& mask) const {
  const std::int64_t d = config_.width;
  const Tensor h = layer_norm(x, part.norm, part.norm_bias);
  const Tensor q = h.matmul(part.in.slice(0, 0, d).t());
  const Tensor kv = (memory.defined() ? memory : h).matmul(part.in.slice(0, d).t());
  const auto heads = split_heads(kv, 2, config_.heads);
  const Tensor o = scaled_dot_product(split_heads(q, 1, config_.heads)[0], heads[0], heads[1], mask);
  return x + merge_heads(o).matmul(part.out.t());
}

Tensor EncoderDecoder::feed_forward(const FeedForward& part, const Tensor& x) const {
  const Tensor h = layer_norm(x, part.norm, part.norm_bias);
  return x + torch::relu(h.matmul(part.in.t()) + part.in_bias).matmul(part.out.t()) + part.out_bias;
}

Tensor EncoderDecoder::encode(const Tensor& source) const {
  Tensor x = embed(source);
  for (const Layer& layer : encoder_) x = feed_forward(layer.feed_forward, attend(layer.self, x, {}, visible(source)));
  return layer_norm(x, encoder_norm_, encoder_norm_bias_);
}

Tensor EncoderDecoder::decode(const Tensor& memory, const Tensor& source, const Tensor& target) const {
  const std::int64_t t = target.size(1);
  const Tensor back = torch::ones({t, t}, torch::kBool).tril();
  Tensor x = embed(target);
  for (const Layer& layer : decoder_) {
    x = attend(layer.self, x, {}, back);
    x = feed_forward(layer.feed_forward, attend(layer.cross, x, memory, visible(source)));
  }
  return layer_norm(x, decoder_norm_, decoder_norm_bias_).matmul(embedding_.t());
}

Tensor EncoderDecoder::forward(const Tensor& source, const Tensor& target) const {
  check(source, "source");
  check(target, "target");
  return decode(encode(source), source, target);
}

std::vector<std::vector<std::int64_t>> EncoderDecoder::greedy(const Tensor& source, std::int64_t most) const {
  const torch::NoGradGuard no_grad;
  check(source, "source");
  const std::int64_t b = source.size(0);
  const Tensor memory = encode(source);
  Tensor written = torch::full({b, 1}, start_token, torch::kLong);
  std::vector<std::vector<std::int64_t>> results(static_cast<std::size_t>(b));
  std::vector<bool> open(static_cast<std::size_t>(b), true);
  for (std::int64_t i = 0; i < std::min(most, config_.max_length); ++i) {
    const Tensor next = decode(memory, source, written).select(1, i).argmax(1);
    bool any = false;
    for (std::size_t row = 0; row < open.size(); ++row) {
      const auto token = next[static_cast<std::int64_t>(row)].item<std::int64_t>();
      if (token == end_token) open[row] = false;
      if (open[row]) results[row].push_back(token);
      any = any || open[row];
    }
    if (!any) break;
    written = torch::cat({written, next.unsqueeze(1)}, 1);
  }
  return results;
}

}  // namespace catena::model::lab
