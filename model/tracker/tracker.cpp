#include "model/tracker/tracker.h"

#include <stdexcept>
#include <vector>

#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/delta_rule.h"
#include "model/tracker/fused_ops.h"
#include "model/tracker/paired_regression.h"
#include "model/tracker/pyramid.h"
#include "model/tracker/recompute.h"

namespace catena::model {

using torch::Tensor;

namespace {

// Of queries, keys or values whose rule runs at once: a few tens of such tensors then stay in the last-level cache.
constexpr std::int64_t kGroupNumbers = 1 << 18;
constexpr std::int64_t kLongestContext = 1 << 17;  // of a Transformer, which is only compared with

/// A causal convolution through which no gradient reaches from a chunk into the one before: each chunk is a row of its
/// own, with the detached inputs before it as its tail.
template <typename Convolution>
Tensor convolution_by_chunks(Convolution convolution, const Tensor& x, const Tensor& weight, const Tensor& tail,
                             std::int64_t chunk) {
  const std::int64_t b = x.size(0), t = x.size(1), c = x.size(2), taps = weight.size(1), n = (t + chunk - 1) / chunk;
  const Tensor padded = n * chunk == t ? x : torch::constant_pad_nd(x, {0, 0, 0, n * chunk - t});
  const Tensor before = torch::cat({tail, padded.to(torch::kFloat)}, 1).detach();
  const Tensor tails = before.unfold(1, taps - 1, chunk).slice(1, 0, n).transpose(2, 3).reshape({b * n, taps - 1, c});
  return convolution(padded.reshape({b * n, chunk, c}), weight, tails).view({b, n * chunk, c}).slice(1, 0, t);
}

/// The last inputs of a causal convolution, which the next segment's begins with: tail [B, taps-1, C], x [B, T, C].
Tensor next_tail(const Tensor& tail, const Tensor& x) {
  const Tensor seen = torch::cat({tail, x.to(torch::kFloat)}, 1);
  return seen.slice(1, seen.size(1) - tail.size(1)).clone();
}

/// around_convolution() inside each chunk. h [B * T, d], any float type.
Tensor look_around(const Tensor& h, const Tensor& weight, std::int64_t batch, std::int64_t chunk) {
  const std::int64_t t = h.size(0) / batch, d = h.size(1), whole = t / chunk * chunk;
  const Tensor x = h.view({batch, t, d}).to(torch::kFloat);
  const Tensor chunks =
      around_convolution(x.slice(1, 0, whole).reshape({-1, chunk, d}), weight).view({batch, whole, d});
  const Tensor y = whole == t ? chunks : torch::cat({chunks, around_convolution(x.slice(1, whole), weight)}, 1);
  return y.reshape({batch * t, d}).to(h.scalar_type());
}

}  // namespace

std::vector<Tensor*> SegmentState::Layer::tensors() {
  std::vector<Tensor*> used;
  for (Tensor* tensor : {&memory, &tail, &summaries, &cache}) {
    if (tensor->defined()) used.push_back(tensor);
  }
  return used;
}

void SegmentState::keep(const Tensor& keep, std::int64_t heads) {
  for (Layer& layer : layers) {
    if (layer.memory.defined()) {
      layer.memory = layer.memory.dim() == 3 ? layer.memory * keep.repeat_interleave(heads).view({-1, 1, 1})
                                             : layer.memory * keep.view({-1, 1});
    }
    if (layer.tail.defined()) layer.tail = layer.tail * keep.view({-1, 1, 1});
    if (layer.summaries.defined()) layer.summaries = layer.summaries * keep.view({-1, 1, 1});
    if (layer.cache.defined()) layer.cache = layer.cache.slice(1, 0, 0);
  }
}

void SegmentState::clear_damaged(std::int64_t batch) {
  Tensor whole;
  for (Layer& layer : layers) {
    for (const Tensor* tensor : layer.tensors()) {
      if (tensor->numel() == 0) continue;
      const Tensor finite = torch::isfinite(tensor->reshape({batch, -1})).all(1);
      whole = whole.defined() ? whole & finite : finite;
    }
  }
  for (Layer& layer : layers) {
    for (Tensor* tensor : layer.tensors()) {
      if (tensor->numel() == 0) continue;
      *tensor = tensor->reshape({batch, -1}).masked_fill(~whole.unsqueeze(1), 0).view(tensor->sizes());
    }
  }
}

void SegmentState::detach() {
  for (Layer& layer : layers) {
    for (Tensor* tensor : layer.tensors()) *tensor = tensor->detach();
  }
}

Tracker::Tracker(const Parameters& parameters, const WayBack& way_back, double dropout)
    : parameters_(parameters),
      config_(parameters.config()),
      rotary_(make_rotary(config_.carry == Carry::attention ? kLongestContext : max_chunk_length, config_.head_width(),
                          config_.rope_base, parameters.device())),
      way_back_(way_back),
      dropout_(dropout) {
  if (dropout > 0 && way_back.recompute)
    throw std::invalid_argument("dropout draws other numbers when a layer is computed again");
}

SegmentState Tracker::initial_state(std::int64_t batch) const {
  const auto options = torch::TensorOptions().dtype(torch::kFloat).device(parameters_.device());
  const std::int64_t d = config_.width, w = config_.head_width();
  SegmentState state;
  for (int i = 0; i < config_.layers; ++i) {
    const bool chain = ModelConfig::is_chain(i);
    SegmentState::Layer layer;
    if (config_.carry == Carry::attention) {
      layer.cache = torch::zeros({batch, 0, 2 * d}, options.dtype(parameters_.compute_type()));
    } else if (!chain && config_.summary_levels > 0) {
      layer.summaries = empty_summaries(batch, config_.summary_levels, d, parameters_.device());
    } else if (chain && config_.has_memory()) {
      layer.memory = torch::zeros({batch * config_.heads, w, w}, options);
      layer.tail = torch::zeros({batch, config_.conv_taps - 1, 3 * d}, options);
    } else if (chain && config_.carry == Carry::vector) {
      layer.memory = torch::zeros({batch, d}, options);
    }
    if (config_.has_local_convolution(i)) layer.tail = torch::zeros({batch, config_.local_taps - 1, 3 * d}, options);
    state.layers.push_back(layer);
  }
  return state;
}

Tensor Tracker::convolve(Convolution convolution, const Tensor& x, const Tensor& weight, Tensor& tail,
                         std::int64_t chunk) const {
  const Tensor y = way_back_.across_chunks ? convolution(x, weight, tail)
                                           : convolution_by_chunks(convolution, x, weight, tail, chunk);
  tail = next_tail(tail, x);
  return y;
}

Tensor Tracker::local_mixer(const std::string& prefix, const Tensor& projected, std::int64_t batch, std::int64_t chunk,
                            SegmentState::Layer& state, Tensor& below) const {
  Tensor qkv = projected.view({batch, -1, 3 * config_.width});
  if (state.tail.defined()) {
    const Tensor inputs = qkv;
    qkv = convolve(added_convolution, inputs, parameters_.master(prefix + "local_conv.weight"), state.tail, chunk)
              .to(inputs.scalar_type());
  }
  if (config_.shared_attention) below = qkv.slice(2, config_.width);
  const Tensor o = state.cache.defined()       ? full_attention(qkv, config_.heads, rotary_, state.cache)
                   : state.summaries.defined() ? pyramid_attention(qkv, config_.heads, chunk, rotary_, state.summaries)
                                               : chunk_attention(qkv, config_.heads, chunk, rotary_, sight());
  return linear(o.reshape({-1, config_.width}), parameters_[prefix + "out.weight"]);
}

namespace {

/// The memory's rule over a segment. Shapes: fused_delta_rule().
DeltaOutputs through_memory(const Tensor& qkv, const Tensor& log_a, const Tensor& b, const Tensor& memory,
                            bool corrected, std::int64_t truncate) {
  if (fuses_delta_rule(qkv)) return fused_delta_rule(qkv, log_a, b, memory, corrected, truncate);
  const std::int64_t batch = qkv.size(0), t = qkv.size(1), heads = qkv.size(3), w = qkv.size(4);
  const auto parts = qkv.permute({2, 0, 3, 1, 4}).unbind(0);  // [B, H, T, D]
  const auto flat = [&](const Tensor& x) { return x.reshape({batch * heads, t, w}); };
  const auto per_head = [&](const Tensor& x) { return x.transpose(1, 2).reshape({batch * heads, t}); };
  const auto rule = [=](const std::vector<Tensor>& x) {
    const auto [o, after] =
        delta_rule_chunked({unit_length(x[0]), unit_length(x[1]), x[2], x[3], x[4], x[5], corrected, truncate});
    return std::vector<Tensor>{o, after};
  };
  const std::vector<Tensor> inputs = {flat(parts[0]),  flat(parts[1]), flat(parts[2]),
                                      per_head(log_a), per_head(b),    memory};
  // Operators make many times more numbers than they take, with few products: those are made again on the way back. A
  // kernel does that itself.
  const std::vector<Tensor> outputs = delta_runs_on_kernel(inputs[2], w)
                                          ? rule(inputs)
                                          : recompute(rule, inputs, std::max<std::int64_t>(1, kGroupNumbers / (t * w)));
  return {outputs[0].view({batch, heads, t, w}).transpose(1, 2), outputs[1]};
}

}  // namespace

Tensor importance(const Parameters& parameters, const std::string& mixer, const Tensor& h, double temperature) {
  const ModelConfig& config = parameters.config();
  if (config.gate_hidden == 0) return torch::ones({h.size(0), config.heads}, h.options().dtype(torch::kFloat));
  const Tensor hidden = torch::silu(linear(h, parameters[mixer + "importance.in.weight"]));
  const Tensor score = linear(hidden, parameters[mixer + "importance.out.weight"]).to(torch::kFloat) +
                       parameters.master(mixer + "importance.out.bias");
  return torch::sigmoid(score / (temperature > 0 ? temperature : config.gate_temperature));
}

Tensor Tracker::delta_mixer(const std::string& prefix, const Tensor& h, std::int64_t batch, std::int64_t chunk,
                            SegmentState::Layer& state, const Tensor& below) const {
  const std::int64_t t = h.size(0) / batch, d = config_.width, heads = config_.heads, w = config_.head_width();
  const Tensor p = linear(h, parameters_[prefix + "in.weight"]).view({batch, t, 4 * d});
  const Tensor qkv_in = p.slice(2, 0, 3 * d);
  const Tensor qkv = convolve(short_convolution, qkv_in, parameters_.master(prefix + "conv.weight"), state.tail, chunk);
  const Tensor dt = torch::softplus(linear(h, parameters_[prefix + "decay.weight"]).to(torch::kFloat) +
                                    parameters_.master(prefix + "decay.bias"));
  const Tensor log_a = -parameters_.master(prefix + "decay.log_rate").exp() * dt,
               b = importance(parameters_, prefix, h);
  const DeltaOutputs outputs = through_memory(qkv.view({batch, t, 3, heads, w}), log_a.view({batch, t, heads}),
                                              b.to(torch::kFloat).view({batch, t, heads}), state.memory,
                                              config_.carry == Carry::delta, way_back_.across_chunks ? 0 : chunk);
  state.memory = outputs.second;
  const Tensor gate = p.slice(2, 3 * d).reshape({batch * t, d});
  const Tensor gated = gated_norm(outputs.first.reshape({batch * t, heads, w}),
                                  parameters_.master(prefix + "out_norm.weight"), gate, config_.norm_eps);
  const Tensor recalled = linear(gated, parameters_[prefix + "out.weight"]);
  if (!below.defined()) return recalled;
  const Tensor query = linear(h, parameters_[prefix + "query.weight"]).view({batch, t, d});
  const Tensor seen = chunk_attention(torch::cat({query, below}, 2), heads, chunk, rotary_, sight());
  return recalled + linear(seen.reshape({-1, d}), parameters_[prefix + "attention_out.weight"]);
}

Tensor Tracker::vector_mixer(const std::string& prefix, const Tensor& projected, std::int64_t batch, std::int64_t chunk,
                             SegmentState::Layer& state, std::int64_t first_chunk) const {
  const std::int64_t t = projected.size(0) / batch, d = config_.width;
  const auto attention = [&](const Tensor& qkv) {
    Tensor unshared;
    return local_mixer(prefix, qkv, batch, chunk, state, unshared).view({batch, -1, d});
  };
  // The tokens are projected all at once and r by itself: of their sum's projection only its input would have to be
  // kept.
  const auto entry = [&](const Tensor& r) {
    return linear(r.to(projected.scalar_type()), parameters_[prefix + "in.weight"]);
  };
  PairedRegressionWeights weights;
  weights.regression_weight = parameters_.master(prefix + "regression.weight");
  weights.regression_bias = parameters_.master(prefix + "regression.bias");
  weights.norm_weight = parameters_.master(prefix + "regression_norm.weight");
  weights.norm_bias = parameters_.master(prefix + "regression_norm.bias");
  weights.share = config_.regression_share;
  const PairedRegression chain = paired_regression(projected.view({batch, t, 3 * d}), state.memory, chunk, first_chunk,
                                                   attention, weights, !way_back_.across_chunks, entry);
  state.memory = chain.regressions.select(1, -1);
  return chain.outputs.reshape({batch * t, d});
}

Tensor Tracker::layer(int index, const Tensor& x, std::int64_t batch, std::int64_t chunk, SegmentState::Layer& state,
                      std::int64_t first_chunk, Tensor& below) const {
  const torch::ScalarType type = parameters_.compute_type();
  const std::string prefix = "layers." + std::to_string(index) + ".", mixer = prefix + "mixer.";
  const Tensor& norm = parameters_.master(prefix + "norm1.weight");
  const auto normed = [&] {
    const Tensor h = rms_norm(x, norm, config_.norm_eps, type);
    return config_.around_taps > 0 ? look_around(h, parameters_.master(prefix + "around_conv.weight"), batch, chunk)
                                   : h;
  };
  const auto projected = [&] {
    const MasterWeight in = parameters_[mixer + "in.weight"];
    return config_.around_taps > 0 ? linear(normed(), in) : normed_linear(x, norm, in, config_.norm_eps);
  };
  Tensor mixed;
  if (ModelConfig::is_chain(index) && config_.has_memory()) {
    mixed = delta_mixer(mixer, normed(), batch, chunk, state, below);
  } else if (ModelConfig::is_chain(index) && config_.carry == Carry::vector) {
    mixed = vector_mixer(mixer, projected(), batch, chunk, state, first_chunk);
  } else {
    mixed = local_mixer(mixer, projected(), batch, chunk, state, below);
  }
  Tensor keep;
  if (dropout_ > 0) {
    mixed = torch::dropout(mixed, dropout_, true);
    keep = torch::dropout(torch::ones_like(mixed), dropout_, true);
  }
  return feed_forward(x, mixed, parameters_.master(prefix + "norm2.weight"), parameters_[prefix + "ffn.in.weight"],
                      parameters_[prefix + "ffn.out.weight"], config_.norm_eps, keep);
}

Tensor Tracker::embed(const Tensor& tokens) const {
  return torch::embedding(parameters_.master("embed.weight"), tokens.reshape({-1}));
}

Tensor Tracker::embed_frames(const Tensor& frames) const {
  const Tensor rows = frames.reshape({-1, config_.features}).to(parameters_.compute_type());
  return linear(rows, parameters_["frames.weight"]).to(torch::kFloat) + parameters_.master("frames.bias");
}

Tensor Tracker::symbol_logits(const Tensor& y) const {
  return linear(y, parameters_["head.weight"]).to(torch::kFloat) + parameters_.master("head.bias");
}

Tensor Tracker::forward(const Tensor& tokens, std::int64_t chunk, SegmentState& state) const {
  return forward_embedded(embed(tokens), tokens.size(0), chunk, state);
}

Tensor Tracker::forward_embedded(const Tensor& embedded, std::int64_t batch, std::int64_t chunk, SegmentState& state,
                                 Tensor* middle) const {
  const auto normed = [this](const Tensor& x) {
    return rms_norm(x, parameters_.master("norm.weight"), config_.norm_eps, parameters_.compute_type());
  };
  const std::int64_t first_chunk = state.chunks;
  Tensor x = embedded, below;
  for (int i = 0; i < config_.layers; ++i) {
    SegmentState::Layer& own = state.layers[static_cast<std::size_t>(i)];
    if (!way_back_.recompute) {
      x = layer(i, x, batch, chunk, own, first_chunk, below);
    } else {
      std::vector<Tensor> inputs{x};
      const bool attends = config_.attends_below(i), shares = config_.shared_attention && !ModelConfig::is_chain(i);
      if (attends) inputs.push_back(below);
      for (const Tensor* tensor : own.tensors()) inputs.push_back(*tensor);
      const auto body = [=, this](const std::vector<Tensor>& in) {
        SegmentState::Layer moved =
            own;  // a copy: run again on the way back, the layer leaves the stream's state alone
        std::size_t next = 1;
        Tensor seen = attends ? in[next++] : Tensor();
        for (Tensor* tensor : moved.tensors()) *tensor = in[next++];
        std::vector<Tensor> out{layer(i, in[0], batch, chunk, moved, first_chunk, seen)};
        if (shares) out.push_back(seen);
        for (const Tensor* tensor : moved.tensors()) out.push_back(*tensor);
        return out;
      };
      const std::vector<Tensor> outputs = recompute(body, inputs);
      x = outputs[0];
      std::size_t next = 1;
      if (shares) below = outputs[next++];
      for (Tensor* tensor : own.tensors()) *tensor = outputs[next++];
    }
    if (middle != nullptr && i + 1 == config_.layers / 2) *middle = normed(x);
  }
  if (!way_back_.across_segments) state.detach();
  state.chunks += (embedded.size(0) / batch + chunk - 1) / chunk;
  return normed(x);
}

}  // namespace catena::model
