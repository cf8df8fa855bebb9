#include "model/tracker/torch_executor.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "model/runtime/state_layout.h"
#include "model/runtime/stream_checks.h"
#include "model/runtime/weights.h"
#include "model/tracker/attention.h"
#include "model/tracker/delta_rule.h"
#include "model/tracker/fused_ops.h"
#include "model/tracker/paired_regression.h"
#include "model/tracker/parameters.h"
#include "model/tracker/product.h"
#include "model/tracker/tracker.h"

namespace catena::model {
namespace {

using torch::Tensor;

constexpr std::int64_t kBlockTokens = 128;    // tokens read at once: bounds the working memory
constexpr std::int64_t kShortestParallel = 16;  // below this the recurrent form of the delta rule is cheaper

/// The layout of model/runtime/state_layout.h, in one tensor.
class TensorStorage final : public StateStorage {
 public:
  explicit TensorStorage(Tensor numbers) : numbers_(std::move(numbers)) {}

  std::size_t floats() const override { return static_cast<std::size_t>(numbers_.numel()); }
  std::unique_ptr<StateStorage> clone() const override { return std::make_unique<TensorStorage>(numbers_.clone()); }
  void copy_from(const StateStorage& other) override {
    const auto* same = dynamic_cast<const TensorStorage*>(&other);
    if (same == nullptr || same->floats() != floats())
      throw std::runtime_error("chain state of another kind cannot be copied");
    numbers_.copy_(same->numbers_);
  }
  void to_host(std::span<float> out) const override { host_view(out.data()).copy_(numbers_); }
  void from_host(std::span<const float> in) override { numbers_.copy_(host_view(const_cast<float*>(in.data()))); }

  /// A part of the block as a tensor that shares its memory.
  Tensor part(std::size_t offset, at::IntArrayRef shape) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    return numbers_.narrow(0, static_cast<std::int64_t>(offset), count).view(shape);
  }
  Tensor& numbers() { return numbers_; }

 private:
  Tensor host_view(float* data) const { return torch::from_blob(data, {numbers_.numel()}, torch::kFloat); }
  Tensor numbers_;
};

torch::Device device_of(const ExecutorOptions& options) {
  if (options.device == Device::cpu) return torch::Device(torch::kCPU);
  if (!torch::cuda::is_available()) {
    throw std::runtime_error("device 'cuda' is not available: no GPU or driver was found; choose cpu");
  }
  return torch::Device(torch::kCUDA);
}

torch::ScalarType dtype_of(Precision precision) {
  if (precision == Precision::int8)
    throw std::runtime_error(
        "precision 'int8' is not available here: it is for the CPU runtime; choose bfloat16 or float32");
  return precision == Precision::bfloat16 ? torch::kBFloat16 : torch::kFloat;
}

class TorchExecutor final : public Executor {
 public:
  TorchExecutor(const std::shared_ptr<const Weights>& weights, const ExecutorOptions& options)
      : options_(options),
        parameters_(weights->config(), device_of(options), dtype_of(options.precision)),
        rotary_(make_rotary(max_chunk_length, config().head_width(), config().rope_base, parameters_.device())) {
    const torch::NoGradGuard no_grad;
    for (const TensorSpec& spec : tensor_specs(config())) {
      std::vector<float> values = weights->to_float(spec.name);
      parameters_.master(spec.name).data().copy_(torch::from_blob(values.data(), spec.shape, torch::kFloat));
    }
    parameters_.refresh_compute();
  }

  const ModelConfig& config() const override { return parameters_.config(); }
  const ExecutorOptions& options() const override { return options_; }

  ChainState initial_state(int chunk_length) const override {
    check_chunk_length(chunk_length);
    ChainState::Counters counters;
    counters.chunk_length = chunk_length;
    return {counters, std::make_unique<TensorStorage>(zeros(StateLayout(config(), chunk_length).floats()))};
  }

  void read(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) override {
    read_blocks(state, tokens, settings, [](const Tensor&, std::size_t) {});
  }

  void end_chunk(ChainState& state) override {
    const torch::NoGradGuard no_grad;
    if (state.counters().position == 0) return;
    const StateLayout layout(config(), state.counters().chunk_length);
    TensorStorage& storage = numbers(state);
    const std::int64_t d = config().width;
    for (int i = 0; i < config().layers; i += 2) {
      if (config().carry == Carry::vector) {
        Tensor r = storage.part(layout.regression(i), {1, d}), y = storage.part(layout.last_result(i), {1, d});
        r.copy_(next_regression(y, r, state.counters().chunks, regression_weights(prefix(i) + "mixer.")));
        y.zero_();
      }
    }
    if (state.counters().carry == 0) {
      storage.numbers()
          .slice(0, static_cast<std::int64_t>(layout.carried()), static_cast<std::int64_t>(layout.running_chunk()))
          .zero_();
    }
    storage.numbers().slice(0, static_cast<std::int64_t>(layout.running_chunk())).zero_();
    state.counters().position = 0;
    ++state.counters().chunks;
  }

  void logits(const ChainState& state, std::span<float> out) override {
    const torch::NoGradGuard no_grad;
    if (out.size() != static_cast<std::size_t>(config().vocab)) {
      throw std::runtime_error("logits: room for " + std::to_string(config().vocab) + " numbers is expected");
    }
    Tensor y = torch::zeros({config().vocab}, torch::kFloat);
    if (state.counters().tokens > 0) {
      auto& storage = const_cast<TensorStorage&>(dynamic_cast<const TensorStorage&>(state.storage()));
      y = head(storage.part(0, {1, config().width})).to(torch::kCPU).contiguous();
    }
    std::copy_n(y.data_ptr<float>(), out.size(), out.data());
  }

  void score(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
             std::span<float> nll) override {
    if (nll.size() != tokens.size()) throw std::runtime_error("score: as many results as tokens are expected");
    Tensor before = numbers(state).part(0, {1, config().width}).clone();
    bool first = state.counters().tokens == 0;
    read_blocks(state, tokens, settings, [&](const Tensor& outputs, std::size_t offset) {
      const std::int64_t n = outputs.size(0);
      const Tensor y = torch::cat({before, outputs.slice(0, 0, n - 1)});
      const Tensor target = to_device(tokens.subspan(offset, static_cast<std::size_t>(n))).unsqueeze(1);
      Tensor result = -torch::log_softmax(head(y), 1).gather(1, target).squeeze(1);
      if (first) result[0] = std::log(static_cast<double>(config().vocab));
      first = false;
      const Tensor host = result.to(torch::kCPU).contiguous();
      std::copy_n(host.data_ptr<float>(), n, nll.data() + offset);
      before = outputs.slice(0, n - 1).clone();
    });
  }

 private:
  static std::string prefix(int layer) { return "layers." + std::to_string(layer) + "."; }
  Tensor zeros(std::size_t count) const {
    return torch::zeros({static_cast<std::int64_t>(count)},
                        torch::TensorOptions().dtype(torch::kFloat).device(parameters_.device()));
  }
  Tensor to_device(std::span<const Token> tokens) const {
    Tensor host = torch::empty({static_cast<std::int64_t>(tokens.size())}, torch::kLong);
    std::copy(tokens.begin(), tokens.end(), host.data_ptr<std::int64_t>());
    return host.to(parameters_.device());
  }
  TensorStorage& numbers(ChainState& state) const {
    auto* storage = state.empty() ? nullptr : dynamic_cast<TensorStorage*>(&state.storage());
    if (storage == nullptr || storage->floats() != StateLayout(config(), state.counters().chunk_length).floats()) {
      throw std::runtime_error("chain state does not belong to model '" + config().name +
                               "' on this device; start from initial_state()");
    }
    return *storage;
  }
  PairedRegressionWeights regression_weights(const std::string& mixer) const {
    PairedRegressionWeights weights;
    weights.regression_weight = parameters_.master(mixer + "regression.weight");
    weights.regression_bias = parameters_.master(mixer + "regression.bias");
    weights.norm_weight = parameters_.master(mixer + "regression_norm.weight");
    weights.norm_bias = parameters_.master(mixer + "regression_norm.bias");
    weights.share = config().regression_share;
    return weights;
  }
  /// y [n, d] float32 -> logits [n, V] float32.
  Tensor head(const Tensor& y) const {
    return product(y.to(parameters_.compute_type()), parameters_["embed.weight"].compute.t()).to(torch::kFloat);
  }

  template <typename After>
  void read_blocks(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                   const After& after) {
    const torch::NoGradGuard no_grad;
    numbers(state);
    check_input(tokens, settings, config().vocab);
    state.counters().carry = settings.carry ? 1 : 0;
    for (std::size_t offset = 0; offset < tokens.size();) {
      if (state.counters().position == 0) begin_chunk(state, settings);
      const std::int64_t room = state.counters().chunk_length - state.counters().position;
      const std::int64_t n = std::min({static_cast<std::int64_t>(tokens.size() - offset), room, kBlockTokens});
      after(read_block(state, to_device(tokens.subspan(offset, static_cast<std::size_t>(n)))), offset);
      offset += static_cast<std::size_t>(n);
      if (state.counters().position == state.counters().chunk_length) end_chunk(state);
    }
  }

  void begin_chunk(ChainState& state, const StreamSettings& settings) {
    ChainState::Counters counters = state.counters();
    counters.gate_temperature = settings.gate_temperature;
    if (counters.chunk_length != settings.chunk_length) {
      counters.chunk_length = settings.chunk_length;
      const StateLayout layout(config(), settings.chunk_length);
      Tensor fresh = zeros(layout.floats());
      const auto kept = static_cast<std::int64_t>(layout.running_chunk());
      fresh.slice(0, 0, kept).copy_(numbers(state).numbers().slice(0, 0, kept));
      state = ChainState(counters, std::make_unique<TensorStorage>(fresh));
    }
    state.counters() = counters;
  }

  /// Reads tokens [n] of one chunk; returns the final outputs [n, d] float32.
  Tensor read_block(ChainState& state, const Tensor& tokens) {
    TensorStorage& storage = numbers(state);
    const StateLayout layout(config(), state.counters().chunk_length);
    const auto type = parameters_.compute_type();
    Tensor x = torch::embedding(parameters_.master("embed.weight"), tokens);
    for (int i = 0; i < config().layers; ++i) {
      const Tensor h = rms_norm(x, parameters_.master(prefix(i) + "norm1.weight"), config().norm_eps, type);
      const bool chain = ModelConfig::is_chain(i);
      if (chain && config().has_memory()) {
        x = x + delta(i, h, storage, layout, state.counters());
      } else if (chain && config().carry == Carry::vector) {
        const Tensor r = storage.part(layout.regression(i), {1, config().width}).to(type);
        const Tensor y = local(i, h + r, storage, layout, state.counters());
        storage.part(layout.last_result(i), {1, config().width}).copy_(y.slice(0, y.size(0) - 1));
        x = x + y;
      } else {
        x = x + local(i, h, storage, layout, state.counters());
      }
      const Tensor f = rms_norm(x, parameters_.master(prefix(i) + "norm2.weight"), config().norm_eps, type);
      x = x + linear(swiglu(linear(f, parameters_[prefix(i) + "ffn.in.weight"])),
                     parameters_[prefix(i) + "ffn.out.weight"]);
    }
    const Tensor outputs = rms_norm(x, parameters_.master("norm.weight"), config().norm_eps, torch::kFloat);
    const std::int64_t n = tokens.size(0);
    storage.part(layout.last_output(), {1, config().width}).copy_(outputs.slice(0, n - 1));
    state.counters().tokens += n;
    state.counters().position += static_cast<std::int32_t>(n);
    return outputs;
  }

  Tensor local(int layer, const Tensor& h, TensorStorage& storage, const StateLayout& layout,
               const ChainState::Counters& at) const {
    const std::int64_t n = h.size(0), d = config().width, heads = config().heads, w = config().head_width(),
                       p = at.position;
    Tensor qkv = linear(h, parameters_[prefix(layer) + "mixer.in.weight"]).to(torch::kFloat);
    if (config().has_local_convolution(layer)) {
      Tensor tail = storage.part(layout.local_tail(layer), {1, config().local_taps - 1, 3 * d});
      const Tensor inputs = qkv.unsqueeze(0);
      qkv = added_convolution(inputs, parameters_.master(prefix(layer) + "mixer.local_conv.weight"), tail)[0];
      tail.copy_(torch::cat({tail, inputs}, 1).slice(1, n));
    }
    const Rotary here{rotary_.cos.slice(0, p, p + n), rotary_.sin.slice(0, p, p + n)};
    const auto by_head = [&](const Tensor& part) { return part.view({-1, heads, w}).transpose(0, 1); };  // [H, n, D]
    const auto column = [&](std::int64_t index) { return qkv.slice(1, index * d, (index + 1) * d).contiguous(); };
    Tensor keys = storage.part(layout.keys(layer), {at.chunk_length, d}),
           values = storage.part(layout.values(layer), {at.chunk_length, d});
    keys.slice(0, p, p + n).copy_(rotate(by_head(column(1)), here).transpose(0, 1).reshape({n, d}));
    values.slice(0, p, p + n).copy_(column(2));
    const Tensor o = found(column(0), storage, layout, at, layer);
    return linear(o.to(h.scalar_type()), parameters_[prefix(layer) + "mixer.out.weight"]);
  }

  /// What queries [n, d] float32 find among the keys and values that `layer` has kept of the chunk, theirs among them:
  /// [n, d].
  Tensor found(const Tensor& query, TensorStorage& storage, const StateLayout& layout, const ChainState::Counters& at,
               int layer) const {
    const std::int64_t n = query.size(0), d = config().width, heads = config().heads, w = config().head_width(),
                       p = at.position;
    const auto by_head = [&](const Tensor& part) { return part.view({-1, heads, w}).transpose(0, 1); };  // [H, n, D]
    const Tensor keys = storage.part(layout.keys(layer), {at.chunk_length, d}),
                 values = storage.part(layout.values(layer), {at.chunk_length, d});
    const Rotary here{rotary_.cos.slice(0, p, p + n), rotary_.sin.slice(0, p, p + n)};
    const Tensor q = rotate(by_head(query), here) * (1.0 / std::sqrt(static_cast<double>(w)));
    const Tensor scores = product(q, by_head(keys.slice(0, 0, p + n)).transpose(1, 2));
    const Tensor later = torch::ones({n, p + n}, scores.options().dtype(torch::kBool)).triu(p + 1);
    const Tensor weights = torch::softmax(scores.masked_fill(later, -std::numeric_limits<float>::infinity()), -1);
    return product(weights, by_head(values.slice(0, 0, p + n))).transpose(0, 1).reshape({n, d});
  }

  Tensor delta(int layer, const Tensor& h, TensorStorage& storage, const StateLayout& layout,
               const ChainState::Counters& at) const {
    const std::string mixer = prefix(layer) + "mixer.";
    const std::int64_t n = h.size(0), d = config().width, heads = config().heads, w = config().head_width();
    const std::int64_t kept = config().conv_taps - 1;
    Tensor memory = storage.part(layout.memory(layer), {heads, w, w}),
           tail = storage.part(layout.tail(layer), {1, kept, 3 * d});
    const Tensor p = linear(h, parameters_[mixer + "in.weight"]).unsqueeze(0);
    const Tensor inputs = p.slice(2, 0, 3 * d);
    const Tensor qkv = short_convolution(inputs, parameters_.master(mixer + "conv.weight"), tail);
    tail.copy_(torch::cat({tail, inputs.to(torch::kFloat)}, 1).slice(1, n));

    const auto parts = qkv.view({n, 3, heads, w}).permute({1, 2, 0, 3}).unbind(0);  // [H, n, D]
    const Tensor rate = torch::softplus(linear(h, parameters_[mixer + "decay.weight"]).to(torch::kFloat) +
                                        parameters_.master(mixer + "decay.bias"));
    DeltaInputs in;
    in.corrected = config().carry == Carry::delta;
    in.q = unit_length(parts[0].contiguous());
    in.k = unit_length(parts[1].contiguous());
    in.v = parts[2].contiguous();
    in.b = importance(parameters_, mixer, h, at.gate_temperature).t().contiguous();
    in.log_a = (-parameters_.master(mixer + "decay.log_rate").exp() * rate).t().contiguous();
    in.state = memory;
    const auto [o, after] = n < kShortestParallel ? delta_rule_recurrent(in) : delta_rule_chunked(in);
    memory.copy_(after);
    const Tensor gate = p[0].slice(1, 3 * d).contiguous();
    const Tensor gated = gated_norm(o.transpose(0, 1).contiguous(), parameters_.master(mixer + "out_norm.weight"), gate,
                                    config().norm_eps);
    const Tensor recalled = linear(gated, parameters_[mixer + "out.weight"]);
    if (!config().attends_below(layer)) return recalled;
    const Tensor query = linear(h, parameters_[mixer + "query.weight"]).to(torch::kFloat);
    return recalled + linear(found(query, storage, layout, at, layer - 1).to(h.scalar_type()),
                             parameters_[mixer + "attention_out.weight"]);
  }

  ExecutorOptions options_;
  Parameters parameters_;
  Rotary rotary_;
};

}  // namespace

std::unique_ptr<Executor> make_torch_executor(std::shared_ptr<const Weights> weights, const ExecutorOptions& options) {
  return std::make_unique<TorchExecutor>(weights, options);
}

bool register_cuda_executor() {
  if (!torch::cuda::is_available()) return false;
  register_executor_factory(Device::cuda, make_torch_executor);
  return true;
}

}  // namespace catena::model
