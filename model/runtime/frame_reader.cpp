#include "model/runtime/frame_reader.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace catena::model {

FrameState::FrameState(const ModelConfig& config) : numbers_(StateLayout(config, min_chunk_length).running_chunk()) {}

FrameReader::FrameReader(const std::shared_ptr<const Weights>& weights, const ExecutorOptions& options,
                         const Kernels& kernels)
    : model_(PackedModel::get(weights, options.precision, kernels)),
      kernels_(kernels),
      pool_(options.threads),
      scratch_(model_->config, options.threads, kernels),
      keys_(static_cast<std::size_t>(block_tokens) * scratch_.width),
      values_(keys_.size()) {
  if (!config().reads_frames()) throw std::runtime_error("model '" + config().name + "' reads text, not sound");
}

/// Adds the convolution over the frames around to what the mixer is going to read.
void FrameReader::look_around(const PackedLayer& layer, int count) {
  const int taps = config().around_taps;
  const Rows h = scratch_.h(), sums = scratch_.mixed();
  std::array<const float*, 31> rows{};  // ModelConfig::validate bounds the taps
  for (int t = 0; t < count; ++t) {
    const int first = std::max(0, taps / 2 - t), last = std::min(taps - 1, count - 1 - t + taps / 2);
    for (int j = first; j <= last; ++j) rows[static_cast<std::size_t>(j - first)] = h.row(t + j - taps / 2);
    std::copy_n(h.row(t), scratch_.width, sums.row(t));
    kernels_.convolve_add(rows.data(), layer.around.data() + static_cast<std::size_t>(first) * scratch_.width,
                          last - first + 1, sums.row(t), config().width);
  }
  std::copy_n(sums.row(0), static_cast<std::size_t>(count) * scratch_.width, h.row(0));
}

void FrameReader::read_chunk(FrameState& state, std::span<const float> frames, std::span<float> logits, bool carry,
                             float gate_temperature) {
  const auto features = static_cast<std::size_t>(config().features), vocab = static_cast<std::size_t>(config().vocab);
  const std::size_t n = frames.size() / features;
  if (n < 1 || n > block_tokens || n * features != frames.size() || logits.size() != n * vocab) {
    throw std::runtime_error("read_chunk: 1 to " + std::to_string(block_tokens) +
                             " whole frames, and room for the logits of each, are expected");
  }
  const StateLayout layout(config(), min_chunk_length);
  if (state.numbers_.size() != layout.running_chunk()) {
    throw std::runtime_error("the state does not belong to model '" + config().name + "'");
  }
  float* data = state.numbers_.data();
  const int count = static_cast<int>(n);
  const Rows x = scratch_.x(), h = scratch_.h();
  const Rows hidden{scratch_.ffn_hidden.data(), static_cast<std::size_t>(config().ffn)};
  const float temperature = gate_temperature > 0 ? gate_temperature : config().gate_temperature;
  for (int t = 0; t < count; ++t) std::copy(model_->frames_bias.begin(), model_->frames_bias.end(), x.row(t));
  // The product only reads its input.
  model_->frames.multiply(compute(), {const_cast<float*>(frames.data()), features}, count, x, true);

  for (int i = 0; i < config().layers; ++i) {
    const PackedLayer& layer = model_->layers[static_cast<std::size_t>(i)];
    const Carry kind = ModelConfig::is_chain(i) ? config().carry : Carry::none;
    for (int t = 0; t < count; ++t)
      kernels_.rms_norm(x.row(t), layer.norm1.data(), h.row(t), config().width, config().norm_eps);
    if (!layer.around.empty()) look_around(layer, count);
    if (kind == Carry::delta || kind == Carry::linear) {
      delta_mixer(compute(), config(), layer, scratch_, count, temperature,
                  {data + layout.memory(i), data + layout.tail(i)});
      layer.out.multiply(compute(), scratch_.mixed(), count, x, true);
      if (config().attends_below(i)) {  // keys_ and values_ are still those of the local layer below
        shared_mixer(compute(), *model_, scratch_, count, 0,
                     {keys_.data(), values_.data(), 0, nullptr, AttentionState::Sight::around});
        layer.attention_out.multiply(compute(), scratch_.mixed(), count, x, true);
      }
    } else {
      const VectorState vector{data + layout.regression(i), data + layout.last_result(i)};
      if (kind == Carry::vector) add_regression(scratch_, count, vector);
      local_mixer(compute(), *model_, layer, scratch_, count, 0,
                  {keys_.data(), values_.data(), 0, data + layout.local_tail(i), AttentionState::Sight::around});
      if (kind == Carry::vector) {
        vector_output(compute(), layer, scratch_, count, 0, vector);
        regress(compute(), layer, config().regression_share, scratch_, state.chunks_, vector);
      } else {
        layer.out.multiply(compute(), scratch_.mixed(), count, x, true);
      }
    }
    for (int t = 0; t < count; ++t)
      kernels_.rms_norm(x.row(t), layer.norm2.data(), h.row(t), config().width, config().norm_eps);
    const Rows wide = scratch_.projected();
    layer.ffn_in.multiply(compute(), h, count, wide);
    for (int t = 0; t < count; ++t)
      kernels_.swiglu(wide.row(t), wide.row(t) + config().ffn, hidden.row(t), config().ffn);
    layer.ffn_out.multiply(compute(), hidden, count, x, true);
  }
  for (int t = 0; t < count; ++t) {
    kernels_.rms_norm(x.row(t), model_->norm.data(), h.row(t), config().width, config().norm_eps);
    std::copy(model_->head_bias.begin(), model_->head_bias.end(), logits.data() + static_cast<std::size_t>(t) * vocab);
  }
  model_->head.multiply(compute(), h, count, {logits.data(), vocab}, true);
  state.frames_ += count;
  ++state.chunks_;
  if (!carry) std::fill(state.numbers_.begin(), state.numbers_.end(), 0.0F);
}

}  // namespace catena::model
