#include <algorithm>
#include <cmath>

#include "model/runtime/causal_convolution.h"
#include "model/runtime/mixers.h"

namespace catena::model {
namespace {

constexpr int worth_sharing = 16;  // tokens

/// q, k, v plus their convolution, in scratch.qkv.
Rows with_convolution(const Compute& compute, const ModelConfig& config, const PackedLayer& layer, Scratch& scratch,
                      int tokens, float* tail) {
  const ConvolutionInput input{scratch.projected(), tail, config.local_taps, 3 * config.width};
  compute.pool.split(tokens, tokens >= worth_sharing, [&](int begin, int end) {
    const float* rows[most_taps];
    for (int t = begin; t < end; ++t) {
      input.window(t, rows);
      float* out = scratch.qkv().row(t);
      std::copy_n(input.row(t), input.channels, out);
      compute.kernels.convolve_add(rows, layer.convolution.data(), input.taps, out, input.channels);
    }
  });
  input.keep_tail(tokens);
  return scratch.qkv();
}

/// Queries, rotated, of the run's tokens from `first` on over the state's keys and values, to scratch.mixed.
void attend(const Compute& compute, const ModelConfig& config, Rows queries, Scratch& scratch, int tokens, int first,
            const AttentionState& state) {
  const int size = config.head_width();
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  const auto attend_one = [&](int t, int thread) {
    for (int head = 0; head < config.heads; ++head) {
      const std::size_t column = static_cast<std::size_t>(head) * static_cast<std::size_t>(size);
      AttentionArgs args;
      args.q = queries.row(t) + column;
      args.keys = state.keys + column;
      args.values = state.values + column;
      args.stride = scratch.width;
      args.count = state.position + (state.sight == AttentionState::Sight::around ? tokens : t + 1);
      args.scale = scale;
      args.scores = scratch.thread_scores(thread);
      args.out = scratch.mixed().row(t) + column;
      args.head_width = size;
      compute.kernels.attend(args);
    }
  };
  if (tokens - first < worth_sharing || compute.pool.threads() == 1) {
    for (int t = first; t < tokens; ++t) attend_one(t, 0);
    return;
  }
  // Interleaved, because later tokens look at more keys.
  const int parts = ThreadPool::pieces_a_thread * compute.pool.threads();
  compute.pool.run(parts, [&](int part, int thread) {
    for (int t = first + part; t < tokens; t += parts) attend_one(t, thread);
  });
}

}  // namespace

void local_mixer(const Compute& compute, const PackedModel& model, const PackedLayer& layer, Scratch& scratch,
                 int tokens, int first, AttentionState state) {
  const ModelConfig& config = model.config;
  const int size = config.head_width();
  const std::size_t width = scratch.width;
  layer.in.multiply(compute, scratch.h(), tokens, scratch.projected());
  const Rows qkv = layer.convolution.empty() ? scratch.projected()
                                             : with_convolution(compute, config, layer, scratch, tokens, state.tail);

  for (int t = 0; t < tokens; ++t) {
    const auto position = static_cast<std::size_t>(state.position + t);
    const float* cosine = model.cosine.data() + position * static_cast<std::size_t>(size / 2);
    const float* sine = model.sine.data() + position * static_cast<std::size_t>(size / 2);
    float* q = qkv.row(t);
    compute.kernels.rotate(q, cosine, sine, 2 * config.heads, size);  // q and k lie side by side
    std::copy(q + width, q + 2 * width, state.keys + position * width);
    std::copy(q + 2 * width, q + 3 * width, state.values + position * width);
  }

  attend(compute, config, qkv, scratch, tokens, first, state);
}

void shared_mixer(const Compute& compute, const PackedModel& model, Scratch& scratch, int tokens, int first,
                  AttentionState below) {
  const ModelConfig& config = model.config;
  const Rows queries{scratch.projected().data + config.memory_projections(), scratch.wide_stride};
  for (int t = first; t < tokens; ++t) {
    const std::size_t angles =
        static_cast<std::size_t>(below.position + t) * static_cast<std::size_t>(config.head_width() / 2);
    compute.kernels.rotate(queries.row(t), model.cosine.data() + angles, model.sine.data() + angles, config.heads,
                           config.head_width());
  }
  attend(compute, config, queries, scratch, tokens, first, below);
}

}  // namespace catena::model
