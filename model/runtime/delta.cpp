#include <algorithm>
#include <cmath>

#include "model/runtime/causal_convolution.h"
#include "model/runtime/mixers.h"

namespace catena::model {
namespace {

constexpr int worth_sharing = 32;  // tokens

void convolve(const Compute& compute, const ModelConfig& config, const PackedLayer& layer, Scratch& scratch, int tokens,
              float* tail) {
  const ConvolutionInput input{scratch.projected(), tail, config.conv_taps, 3 * config.width};
  compute.pool.split(tokens, tokens >= worth_sharing, [&](int begin, int end) {
    const float* rows[most_taps];
    for (int t = begin; t < end; ++t) {
      input.window(t, rows);
      float* out = scratch.qkv().row(t);
      compute.kernels.convolve_silu(rows, layer.convolution.data(), input.taps, out, input.channels);
      compute.kernels.unit_length(out, 2 * config.heads, config.head_width());  // q and k
    }
  });
  input.keep_tail(tokens);
}

float softplus(float z) { return z > 20.0F ? z : std::log1p(std::exp(z)); }

void gates(const Compute& compute, const ModelConfig& config, const PackedLayer& layer, Scratch& scratch, int tokens,
           float temperature) {
  const int hidden = config.gate_hidden;
  const Rows hidden_rows{scratch.gate_hidden.data(), static_cast<std::size_t>(hidden)};
  const Rows importance{scratch.importance.data(), scratch.gate_stride};
  const Rows decay{scratch.decay.data(), scratch.gate_stride};
  const Rows projected = scratch.projected();
  if (hidden > 0) {
    for (int t = 0; t < tokens; ++t) {
      compute.kernels.silu(projected.row(t) + 4 * config.width, hidden_rows.row(t), hidden);
    }
    layer.importance_out.multiply(compute, hidden_rows, tokens, importance);
  }
  const auto token_gates = [&](int t) {
    const float* decay_in = projected.row(t) + 4 * config.width + hidden;
    for (int head = 0; head < config.heads; ++head) {
      const auto i = static_cast<std::size_t>(head);
      if (hidden > 0) {
        const float score = (importance.row(t)[head] + layer.importance_bias[i]) / temperature;
        importance.row(t)[head] = 1.0F / (1.0F + std::exp(-score));
      } else {
        importance.row(t)[head] = 1.0F;
      }
      decay.row(t)[head] = std::exp(-layer.decay_rate[i] * softplus(decay_in[head] + layer.decay_bias[i]));
    }
  };
  compute.pool.split(tokens, tokens >= worth_sharing, [&](int begin, int end) {
    for (int t = begin; t < end; ++t) token_gates(t);
  });
}

}  // namespace

void delta_mixer(const Compute& compute, const ModelConfig& config, const PackedLayer& layer, Scratch& scratch,
                 int tokens, float temperature, DeltaState state) {
  const int size = config.head_width();
  layer.in.multiply(compute, scratch.h(), tokens, scratch.projected());
  convolve(compute, config, layer, scratch, tokens, state.tail);
  gates(compute, config, layer, scratch, tokens, temperature);

  compute.pool.split(config.heads, tokens >= worth_sharing, [&](int begin, int end) {
    for (int head = begin; head < end; ++head) {
      const std::size_t column = static_cast<std::size_t>(head) * static_cast<std::size_t>(size);
      DeltaArgs args;
      args.memory = state.memory + column * static_cast<std::size_t>(size);
      args.q = scratch.qkv().data + column;
      args.k = args.q + scratch.width;
      args.v = args.k + scratch.width;
      args.stride = scratch.qkv().stride;
      args.decay = scratch.decay.data() + head;
      args.importance = scratch.importance.data() + head;
      args.corrected = config.carry == Carry::delta ? 1.0F : 0.0F;
      args.gate_stride = scratch.gate_stride;
      args.out = scratch.mixed().data + column;
      args.out_stride = scratch.mixed().stride;
      args.tokens = tokens;
      args.head_width = size;
      compute.kernels.delta(args);
    }
  });
  compute.pool.split(tokens, tokens >= worth_sharing, [&](int begin, int end) {
    for (int t = begin; t < end; ++t) {
      compute.kernels.gated_norm(scratch.mixed().row(t), scratch.projected().row(t) + 3 * config.width,
                                 layer.out_norm.data(), config.heads, size, config.norm_eps);
    }
  });
}

}  // namespace catena::model
