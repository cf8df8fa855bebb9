// The block equations of docs/design.md once more, as plain loops in double precision, one token at a time. Shares no
// code with the executor: it is what the executor is checked against.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "model/runtime/weights.h"

namespace catena::model::test {

using Numbers = std::vector<double>;

class Reference {
 public:
  explicit Reference(std::shared_ptr<const Weights> weights)
      : weights_(std::move(weights)),
        config_(weights_->config()),
        d_(config_.width),
        temperature_(config_.gate_temperature) {
    layers_.resize(static_cast<std::size_t>(config_.layers));
    clear_carried();
  }

  void set_carry(bool on) { carry_ = on; }
  void set_temperature(double temperature) { temperature_ = temperature; }

  void step(Token token) {
    Numbers x(at("embed.weight").begin() + token * d_, at("embed.weight").begin() + (token + 1) * d_);
    for (int i = 0; i < config_.layers; ++i) {
      const std::string layer = "layers." + std::to_string(i) + ".";
      const Numbers h = norm(x, layer + "norm1.weight");
      const bool chain = i % 2 == 0;
      add(x, chain && config_.has_memory() ? delta(i, h)
                                                    : attention(i, h, chain && config_.carry == Carry::vector));
      if (config_.shared_attention && chain && i > 0) add(x, shared(i, h));
      const Numbers gu = times(layer + "ffn.in.weight", norm(x, layer + "norm2.weight"));
      Numbers hidden;
      for (int j = 0; j < config_.ffn; ++j) hidden.push_back(silu(gu[j]) * gu[config_.ffn + j]);
      add(x, times(layer + "ffn.out.weight", hidden));
    }
    last_ = norm(x, "norm.weight");
    ++position_;
  }

  void boundary() {
    for (int i = 0; i < config_.layers; ++i) {
      Layer& layer = layers_[i];
      if (i % 2 == 0 && config_.carry == Carry::vector) {
        const std::string mixer = "layers." + std::to_string(i) + ".mixer.";
        Numbers next = times(mixer + "regression.weight", layer.y_last);
        for (int j = 0; j < d_; ++j)
          next[j] = std::tanh(next[j] + at(mixer + "regression.bias")[j]) + config_.regression_share * layer.r[j];
        if (chunk_ % 2 == 1) {
          double mean = 0, variance = 0;
          for (double v : next) mean += v / d_;
          for (double v : next) variance += (v - mean) * (v - mean) / d_;
          for (int j = 0; j < d_; ++j) {
            next[j] = (next[j] - mean) / std::sqrt(variance + 1e-5) * at(mixer + "regression_norm.weight")[j] +
                      at(mixer + "regression_norm.bias")[j];
          }
        }
        layer.r = next;
      }
      layer.keys.clear();
      layer.values.clear();
    }
    if (!carry_) clear_carried();
    position_ = 0;
    ++chunk_;
  }

  int position() const { return position_; }
  Numbers logits() { return times("embed.weight", last_); }
  double nll(Token token) {
    const Numbers all = logits();
    double total = 0;
    for (double v : all) total += std::exp(v);
    return std::log(total) - all[static_cast<std::size_t>(token)];
  }

 private:
  struct Layer {
    Numbers S;                    // [H, D, D]
    std::vector<Numbers> inputs;  // of the convolution, the last taps-1, oldest first
    std::vector<Numbers> local_inputs;  // likewise, of a local layer's convolution
    Numbers r, y_last;            // vector
    std::vector<Numbers> keys, values;
  };

  static double silu(double v) { return v / (1 + std::exp(-v)); }
  static void add(Numbers& x, const Numbers& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  const Numbers& at(const std::string& name) {
    Numbers& values = cache_[name];
    if (values.empty()) {
      for (float v : weights_->to_float(name)) values.push_back(v);
    }
    return values;
  }

  Numbers times(const std::string& name, const Numbers& x) {
    const Numbers& w = at(name);
    Numbers y(w.size() / x.size());
    for (std::size_t o = 0; o < y.size(); ++o) {
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
    }
    return y;
  }

  double rms(const double* x, int n) const {
    double total = 0;
    for (int i = 0; i < n; ++i) total += x[i] * x[i];
    return std::sqrt(total / n + static_cast<double>(config_.norm_eps));
  }

  Numbers norm(const Numbers& x, const std::string& name) {
    Numbers y = x;
    const double size = rms(x.data(), d_);
    for (int i = 0; i < d_; ++i) y[i] = x[i] / size * at(name)[i];
    return y;
  }

  void clear_carried() {
    for (Layer& layer : layers_) {
      layer.S.assign(static_cast<std::size_t>(d_ * config_.head_width()), 0.0);
      layer.inputs.assign(static_cast<std::size_t>(config_.conv_taps - 1), Numbers(3 * d_, 0.0));
      layer.local_inputs.assign(static_cast<std::size_t>(std::max(1, config_.local_taps) - 1), Numbers(3 * d_, 0.0));
      layer.r.assign(d_, 0.0);
    }
  }

  void rotate(double* x) const {
    const int D = config_.head_width();
    for (int j = 0; j < D / 2; ++j) {
      const double angle = position_ * std::pow(static_cast<double>(config_.rope_base), -2.0 * j / D);
      const double a = x[j], b = x[j + D / 2];
      x[j] = a * std::cos(angle) - b * std::sin(angle);
      x[j + D / 2] = a * std::sin(angle) + b * std::cos(angle);
    }
  }

  Numbers attention(int i, Numbers h, bool vector) {
    const std::string mixer = "layers." + std::to_string(i) + ".mixer.";
    Layer& layer = layers_[i];
    if (vector) add(h, layer.r);
    Numbers qkv = times(mixer + "in.weight", h);
    if (config_.local_taps > 0 && (i % 2 == 1 || config_.carry == Carry::none)) {
      layer.local_inputs.push_back(qkv);
      for (int c = 0; c < 3 * d_; ++c) {
        for (int j = 0; j < config_.local_taps; ++j)
          qkv[c] += at(mixer + "local_conv.weight")[c * config_.local_taps + j] * layer.local_inputs[j][c];
      }
      layer.local_inputs.erase(layer.local_inputs.begin());
    }
    const int D = config_.head_width();
    for (int head = 0; head < config_.heads; ++head) {
      rotate(&qkv[head * D]);
      rotate(&qkv[d_ + head * D]);
    }
    layer.keys.emplace_back(qkv.begin() + d_, qkv.begin() + 2 * d_);
    layer.values.emplace_back(qkv.begin() + 2 * d_, qkv.end());
    layer.y_last = times(mixer + "out.weight", found(qkv, layer));
    return layer.y_last;
  }

  /// What a chain layer's own query finds in the layer below.
  Numbers shared(int i, const Numbers& h) {
    const std::string mixer = "layers." + std::to_string(i) + ".mixer.";
    Numbers q = times(mixer + "query.weight", h);
    for (int head = 0; head < config_.heads; ++head) rotate(&q[head * config_.head_width()]);
    return times(mixer + "attention_out.weight", found(q, layers_[i - 1]));
  }

  /// softmax(q k^T / sqrt(D)) v over a layer's keys and values, head by head.
  Numbers found(const Numbers& q, const Layer& layer) const {
    const int D = config_.head_width();
    Numbers o(d_, 0.0);
    for (int head = 0; head < config_.heads; ++head) {
      Numbers p;
      double total = 0;
      for (const Numbers& key : layer.keys) {
        double score = 0;
        for (int j = 0; j < D; ++j) score += q[head * D + j] * key[head * D + j];
        p.push_back(std::exp(score / std::sqrt(static_cast<double>(D))));
        total += p.back();
      }
      for (std::size_t t = 0; t < p.size(); ++t) {
        for (int j = 0; j < D; ++j) o[head * D + j] += p[t] / total * layer.values[t][head * D + j];
      }
    }
    return o;
  }

  Numbers delta(int i, const Numbers& h) {
    const std::string mixer = "layers." + std::to_string(i) + ".mixer.";
    Layer& layer = layers_[i];
    const int D = config_.head_width();
    const Numbers in = times(mixer + "in.weight", h);
    layer.inputs.emplace_back(in.begin(), in.begin() + 3 * d_);
    Numbers qkv(3 * d_, 0.0);
    for (int c = 0; c < 3 * d_; ++c) {
      for (int j = 0; j < config_.conv_taps; ++j)
        qkv[c] += at(mixer + "conv.weight")[c * config_.conv_taps + j] * layer.inputs[j][c];
      qkv[c] = silu(qkv[c]);
    }
    layer.inputs.erase(layer.inputs.begin());
    for (int part = 0; part < 2 * config_.heads; ++part) {
      double total = 1e-6;
      for (int j = 0; j < D; ++j) total += qkv[part * D + j] * qkv[part * D + j];
      for (int j = 0; j < D; ++j) qkv[part * D + j] /= std::sqrt(total);
    }
    const bool gated = config_.gate_hidden > 0;
    Numbers importance;
    if (gated) {
      Numbers hidden = times(mixer + "importance.in.weight", h);
      for (double& v : hidden) v = silu(v);
      importance = times(mixer + "importance.out.weight", hidden);
    }
    const Numbers decay = times(mixer + "decay.weight", h);
    Numbers o(d_, 0.0);
    for (int head = 0; head < config_.heads; ++head) {
      const double b =
          gated ? 1 / (1 + std::exp(-(importance[head] + at(mixer + "importance.out.bias")[head]) / temperature_)) : 1;
      const double z = decay[head] + at(mixer + "decay.bias")[head];
      const double a = std::exp(-std::exp(at(mixer + "decay.log_rate")[head]) * std::log1p(std::exp(z)));
      double* S = &layer.S[head * D * D];
      const double* q = &qkv[head * D];
      const double* k = &qkv[d_ + head * D];
      const double* v = &qkv[2 * d_ + head * D];
      for (int e = 0; e < D * D; ++e) S[e] *= a;
      for (int c = 0; c < D; ++c) {
        double predicted = 0;
        for (int r = 0; r < D && config_.carry == Carry::delta; ++r) predicted += S[r * D + c] * k[r];
        for (int r = 0; r < D; ++r) S[r * D + c] += b * k[r] * (v[c] - predicted);
        for (int r = 0; r < D; ++r) o[head * D + c] += S[r * D + c] * q[r];
      }
      const double size = rms(&o[head * D], D);
      for (int c = 0; c < D; ++c) {
        o[head * D + c] = o[head * D + c] / size * at(mixer + "out_norm.weight")[c] * silu(in[3 * d_ + head * D + c]);
      }
    }
    return times(mixer + "out.weight", o);
  }

  std::shared_ptr<const Weights> weights_;
  const ModelConfig& config_;
  int d_;
  double temperature_;
  bool carry_ = true;
  int position_ = 0;
  std::int64_t chunk_ = 0;
  Numbers last_;
  std::vector<Layer> layers_;
  std::map<std::string, Numbers> cache_;
};

}  // namespace catena::model::test
