#include "model/runtime/native_executor.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "model/runtime/stream_checks.h"

namespace catena::model {
namespace {

constexpr int worth_sharing = 32;  // tokens

std::size_t rounded_up(std::size_t count) { return (count + vector_lanes - 1) / vector_lanes * vector_lanes; }

ExecutorOptions checked(const ExecutorOptions& options) {
  if (options.threads >= 1 && options.threads <= 256) return options;
  throw std::runtime_error("thread count is " + std::to_string(options.threads) + ", expected 1 to 256");
}

}  // namespace

Scratch::Scratch(const ModelConfig& config, int threads, const Kernels& kernels)
    : width(static_cast<std::size_t>(config.width)),
      quantized(block_tokens, std::max({config.width, config.ffn, config.features, config.gate_hidden}), kernels,
                threads) {
  const auto size = [](int value) { return static_cast<std::size_t>(value); };
  const std::size_t rows = block_tokens;
  const bool delta = config.has_memory();
  const std::size_t projections =
      delta ? size(config.memory_projections()) + (config.shared_attention ? width : 0) : 3 * width;
  wide_stride = rounded_up(std::max(projections, 2 * size(config.ffn)));
  gate_stride = rounded_up(size(config.heads));
  residual.resize(rows * width);
  normed.resize(rows * width);
  wide.resize(rows * wide_stride);
  convolved.resize(delta || config.local_taps > 0 ? rows * 3 * width : 0);
  mixer_out.resize(rows * width);
  gate_hidden.resize(delta ? rows * size(config.gate_hidden) : 0);
  importance.resize(delta ? rows * gate_stride : 0);
  decay.resize(delta ? rows * gate_stride : 0);
  ffn_hidden.resize(rows * size(config.ffn));
  outputs.resize((rows + 1) * width);
  logits.resize(size(score_rows) * size(config.vocab));
  scores.resize(size(threads) * size(max_chunk_length));
}

NativeExecutor::NativeExecutor(const std::shared_ptr<const Weights>& weights, const ExecutorOptions& options,
                               const Kernels& kernels)
    : model_(PackedModel::get(weights, options.precision, kernels)),
      options_(checked(options)),
      kernels_(kernels),
      pool_(options.threads),
      scratch_(model_->config, options.threads, kernels) {
  if (config().reads_frames()) throw std::runtime_error("model '" + config().name + "' reads sound, not text");
}

ChainState NativeExecutor::initial_state(int chunk_length) const {
  check_chunk_length(chunk_length);
  ChainState::Counters counters;
  counters.chunk_length = chunk_length;
  return {counters, std::make_unique<HostStorage>(StateLayout(config(), chunk_length).floats())};
}

void NativeExecutor::read(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) {
  check_input(tokens, settings, config().vocab);
  read_blocks(state, tokens, settings, false, [](const ChainState::Counters&, std::size_t, std::size_t) {});
}

void NativeExecutor::score(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                           std::span<float> nll) {
  if (nll.size() != tokens.size()) throw std::runtime_error("score: as many results as tokens are expected");
  check_input(tokens, settings, config().vocab);
  read_blocks(state, tokens, settings, true,
              [&](const ChainState::Counters& before, std::size_t offset, std::size_t count) {
                score_block(before, tokens.subspan(offset, count), nll.subspan(offset, count));
              });
}

void NativeExecutor::logits(const ChainState& state, std::span<float> out) {
  if (out.size() != static_cast<std::size_t>(config().vocab)) {
    throw std::runtime_error("logits: room for " + std::to_string(config().vocab) + " numbers is expected");
  }
  const float* from = numbers(state) + StateLayout(config(), state.counters().chunk_length).last_output();
  if (state.counters().tokens == 0) {
    std::fill(out.begin(), out.end(), 0.0F);
    return;
  }
  float* last = scratch_.normed.data();
  std::copy_n(from, scratch_.width, last);
  model_->embed.multiply(compute(), {last, scratch_.width}, 1, {out.data(), out.size()});
}

float* NativeExecutor::numbers(ChainState& state) const {
  return const_cast<float*>(numbers(std::as_const(state)));  // NOLINT: the state itself is not const
}

const float* NativeExecutor::numbers(const ChainState& state) const {
  const auto* host = state.empty() ? nullptr : dynamic_cast<const HostStorage*>(&state.storage());
  if (host == nullptr || host->floats() != StateLayout(config(), state.counters().chunk_length).floats()) {
    throw std::runtime_error("chain state does not belong to model '" + config().name +
                             "' on the CPU; start from initial_state()");
  }
  return host->data();
}

template <typename After>
void NativeExecutor::read_blocks(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                                 bool every_output, const After& after) {
  numbers(state);  // refuses a foreign state before anything changes
  state.counters().carry = settings.carry ? 1 : 0;
  for (std::size_t offset = 0; offset < tokens.size();) {
    if (state.counters().position == 0) begin_chunk(state, settings);
    const ChainState::Counters before = state.counters();
    const int room = before.chunk_length - before.position;
    const std::size_t count =
        std::min({tokens.size() - offset, static_cast<std::size_t>(room), std::size_t{block_tokens}});
    read_block(state, tokens.subspan(offset, count), every_output);
    after(before, offset, count);
    offset += count;
    if (state.counters().position == before.chunk_length) end_chunk(state);
  }
}

void NativeExecutor::begin_chunk(ChainState& state, const StreamSettings& settings) {
  ChainState::Counters counters = state.counters();
  counters.gate_temperature = settings.gate_temperature;
  if (counters.chunk_length == settings.chunk_length) {
    state.counters() = counters;
    return;
  }
  counters.chunk_length = settings.chunk_length;
  const StateLayout layout(config(), settings.chunk_length);
  auto storage = std::make_unique<HostStorage>(layout.floats());
  std::copy_n(numbers(state), layout.running_chunk(), storage->data());
  state = ChainState(counters, std::move(storage));
}

void NativeExecutor::end_chunk(ChainState& state) {
  float* data = numbers(state);
  ChainState::Counters& counters = state.counters();
  if (counters.position == 0) return;
  const StateLayout layout(config(), counters.chunk_length);
  for (int i = 0; i < config().layers; ++i) {
    if (ModelConfig::is_chain(i) && config().carry == Carry::vector) {
      regress(compute(), model_->layers[static_cast<std::size_t>(i)], config().regression_share, scratch_,
              counters.chunks, {data + layout.regression(i), data + layout.last_result(i)});
      std::fill_n(data + layout.last_result(i), scratch_.width, 0.0F);
    }
    if (!ModelConfig::is_chain(i) || !config().has_memory()) {
      const std::size_t used = static_cast<std::size_t>(counters.position) * scratch_.width;
      std::fill_n(data + layout.keys(i), used, 0.0F);
      std::fill_n(data + layout.values(i), used, 0.0F);
    }
  }
  if (counters.carry == 0) std::fill(data + layout.carried(), data + layout.running_chunk(), 0.0F);
  counters.position = 0;
  ++counters.chunks;
}

void NativeExecutor::normalise(const Buffer& weight, int first, int last) {
  pool_.split(last - first, last - first >= worth_sharing, [&](int begin, int end) {
    for (int t = first + begin; t < first + end; ++t)
      kernels_.rms_norm(scratch_.x().row(t), weight.data(), scratch_.h().row(t), config().width, config().norm_eps);
  });
}

void NativeExecutor::read_block(ChainState& state, std::span<const Token> tokens, bool every_output) {
  float* data = numbers(state);
  ChainState::Counters& counters = state.counters();
  const StateLayout layout(config(), counters.chunk_length);
  const int count = static_cast<int>(tokens.size());
  const Rows x = scratch_.x();
  const Rows h = scratch_.h();
  const Rows hidden{scratch_.ffn_hidden.data(), static_cast<std::size_t>(config().ffn)};
  for (int t = 0; t < count; ++t) model_->embed.row(tokens[static_cast<std::size_t>(t)], x.row(t));

  for (int i = 0; i < config().layers; ++i) {
    const PackedLayer& layer = model_->layers[static_cast<std::size_t>(i)];
    // Of the last layer only the state and the last token's output are used, unless every output is asked for.
    const int first = i + 1 == config().layers && !every_output ? count - 1 : 0;
    normalise(layer.norm1, 0, count);
    mix(layout, data, i, counters, count, first);

    const int rest = count - first;
    normalise(layer.norm2, first, count);
    const Rows wide = scratch_.projected();
    layer.ffn_in.multiply(compute(), {h.row(first), h.stride}, rest, wide);
    pool_.split(rest, rest >= worth_sharing, [&](int begin, int end) {
      for (int t = begin; t < end; ++t) {
        kernels_.swiglu(wide.row(t), wide.row(t) + config().ffn, hidden.row(t), config().ffn);
      }
    });
    layer.ffn_out.multiply(compute(), hidden, rest, {x.row(first), x.stride}, true);
  }

  float* last = data + layout.last_output();
  const Rows outputs{scratch_.outputs.data(), scratch_.width};
  if (every_output) {
    std::copy_n(last, scratch_.width, outputs.row(0));
    for (int t = 0; t < count; ++t) {
      kernels_.rms_norm(x.row(t), model_->norm.data(), outputs.row(t + 1), config().width, config().norm_eps);
    }
    std::copy_n(outputs.row(count), scratch_.width, last);
  } else {
    kernels_.rms_norm(x.row(count - 1), model_->norm.data(), last, config().width, config().norm_eps);
  }
  counters.position += count;
  counters.tokens += count;
}

void NativeExecutor::mix(const StateLayout& layout, float* data, int i, const ChainState::Counters& at, int tokens,
                         int first) {
  const PackedLayer& layer = model_->layers[static_cast<std::size_t>(i)];
  const Carry carry = ModelConfig::is_chain(i) ? config().carry : Carry::none;
  const bool attends = config().attends_below(i);
  const VectorState vector{data + layout.regression(i), data + layout.last_result(i)};
  if (carry == Carry::delta || carry == Carry::linear) {
    const float temperature = at.gate_temperature > 0 ? at.gate_temperature : config().gate_temperature;
    delta_mixer(compute(), config(), layer, scratch_, tokens, temperature,
                {data + layout.memory(i), data + layout.tail(i)});
  } else {
    if (carry == Carry::vector) add_regression(scratch_, tokens, vector);
    local_mixer(compute(), *model_, layer, scratch_, tokens, first,
                {data + layout.keys(i), data + layout.values(i), at.position, data + layout.local_tail(i)});
  }
  if (carry == Carry::vector) {
    vector_output(compute(), layer, scratch_, tokens, first, vector);
    return;
  }
  const Rows mixed = scratch_.mixed();
  const Rows x = scratch_.x();
  const auto add = [&](const Linear& matrix) {
    matrix.multiply(compute(), {mixed.row(first), mixed.stride}, tokens - first, {x.row(first), x.stride}, true);
  };
  add(layer.out);
  if (!attends) return;
  shared_mixer(compute(), *model_, scratch_, tokens, first,
               {data + layout.keys(i - 1), data + layout.values(i - 1), at.position});
  add(layer.attention_out);
}

void NativeExecutor::score_block(const ChainState::Counters& before, std::span<const Token> tokens,
                                 std::span<float> nll) {
  const std::size_t vocab = static_cast<std::size_t>(config().vocab);
  const Rows outputs{scratch_.outputs.data(), scratch_.width};
  const Rows logits{scratch_.logits.data(), vocab};
  const int count = static_cast<int>(tokens.size());
  for (int start = 0; start < count; start += score_rows) {
    const int rows = std::min(score_rows, count - start);
    model_->embed.multiply(compute(), {outputs.row(start), outputs.stride}, rows, logits);
    pool_.split(rows, true, [&](int begin, int end) {
      for (int t = begin; t < end; ++t) {
        const auto i = static_cast<std::size_t>(start + t);
        nll[i] = kernels_.log_sum_exp(logits.row(t), config().vocab) - logits.row(t)[tokens[i]];
      }
    });
  }
  if (before.tokens == 0) nll[0] = std::log(static_cast<float>(config().vocab));
}

}  // namespace catena::model
