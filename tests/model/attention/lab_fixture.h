// A small system of each kind, and what its tests share.
#pragma once

#include <torch/types.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <string>

#include "model/attention/registry.h"
#include "tests/model/temporary_folder.h"

namespace catena::test {

using torch::Tensor;
using namespace catena::model::lab;
using catena::model::test::message_of;

inline SystemConfig small_config(const std::string& system, bool causal = true) {
  SystemConfig config;
  config.system = system;
  config.width = 8;
  config.heads = 2;
  config.chunk = 4;
  config.causal = causal;
  config.max_length = 600;
  config.rank = 3;
  config.window = 2;
  config.random_blocks = 2;
  config.levels = 2;
  config.gate_temperature = 0.5;
  return config;
}

/// A mixer with its own parameters.
struct Lab {
  explicit Lab(const SystemConfig& config, torch::ScalarType type = torch::kFloat)
      : parameters(7), mixer(make_system(config, parameters, "")) {
    parameters.convert(type);
  }
  Tensor parameter(const std::string& name) const {
    for (const auto& [own, tensor] : parameters.all()) {
      if (own == name) return tensor.detach().to(torch::kDouble);
    }
    FAIL("no parameter " << name);
    return {};
  }
  void set(const std::string& name, const Tensor& value) const {
    const torch::NoGradGuard no_grad;
    for (const auto& [own, tensor] : parameters.all()) {
      if (own == name) tensor.copy_(value);
    }
  }
  /// q, k, v [B, H, T, D] in float64 for x.
  std::vector<Tensor> qkv(const Tensor& x) const {
    const auto& config = mixer->config();
    const Tensor all = torch::einsum("btd,ed->bte", {x.to(torch::kDouble), parameter("in.weight")});
    std::vector<Tensor> parts;
    for (std::int64_t part = 0; part < 3; ++part) {
      std::vector<Tensor> heads;
      for (std::int64_t h = 0; h < config.heads; ++h) {
        heads.push_back(all.narrow(2, part * config.width + h * config.head_width(), config.head_width()));
      }
      parts.push_back(torch::stack(heads, 1));
    }
    return parts;
  }
  /// Heads [B, H, T, D] side by side, through the output projection.
  Tensor result(const Tensor& heads) const {
    return torch::einsum("btd,ed->bte", {torch::cat(heads.unbind(1), 2), parameter("out.weight")});
  }

  ParameterSet parameters;
  std::unique_ptr<Mixer> mixer;
};

/// Random numbers [batch, length, 8], always the same for the same sizes.
inline Tensor input(std::int64_t batch, std::int64_t length, torch::ScalarType type = torch::kFloat) {
  torch::manual_seed(static_cast<std::uint64_t>(100 * batch + length));
  return torch::randn({batch, length, 8}, type);
}

/// Turns the pairs (j, j + D/2) of x [..., T, D] (float64) by position * 10000^(-2j/D), positions counted inside
/// chunks.
inline Tensor rotated(const Tensor& x, std::int64_t chunk) {
  const std::int64_t half = x.size(-1) / 2;
  Tensor y = x.clone();
  for (std::int64_t t = 0; t < x.size(-2); ++t) {
    for (std::int64_t j = 0; j < half; ++j) {
      const double angle = static_cast<double>(t % chunk) *
                           std::pow(10000.0, -2.0 * static_cast<double>(j) / static_cast<double>(2 * half));
      const Tensor a = x.select(-2, t).select(-1, j), b = x.select(-2, t).select(-1, j + half);
      y.select(-2, t).select(-1, j).copy_(a * std::cos(angle) - b * std::sin(angle));
      y.select(-2, t).select(-1, j + half).copy_(a * std::sin(angle) + b * std::cos(angle));
    }
  }
  return y;
}

/// Attention as a plain loop over queries and keys, float64: query i sees key j where visible(i, j).
template <typename Visible>
Tensor attention_by_hand(const Tensor& q, const Tensor& k, const Tensor& v, Visible visible) {
  const std::int64_t n = q.size(2), m = k.size(2);
  Tensor out = torch::zeros({q.size(0), q.size(1), n, v.size(3)}, torch::kDouble);
  for (std::int64_t i = 0; i < n; ++i) {
    Tensor sum = torch::zeros({q.size(0), q.size(1), 1}, torch::kDouble), total = torch::zeros_like(out.select(2, 0));
    for (std::int64_t j = 0; j < m; ++j) {
      if (!visible(i, j)) continue;
      const Tensor weight =
          ((q.select(2, i) * k.select(2, j)).sum(2, true) / std::sqrt(static_cast<double>(q.size(3)))).exp();
      sum = sum + weight;
      total = total + weight * v.select(2, j);
    }
    out.select(2, i).copy_(total / sum.clamp_min(1e-300));
  }
  return out;
}

}  // namespace catena::test
