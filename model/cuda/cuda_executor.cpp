#include "model/cuda/cuda_executor.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "model/runtime/device_failure.h"
#include "model/runtime/state_layout.h"
#include "model/runtime/stream_checks.h"

namespace catena::model::cuda {
namespace {

constexpr std::size_t chosen_room = 1024;  // tokens written between two looks of the host
constexpr int least_capability = 8;        // bfloat16 on tensor cores

/// Nothing, or why the device cannot be used.
std::string obstacle() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    cudaGetLastError();
    return "no GPU or driver was found (" + std::string(cudaGetErrorString(error)) + ")";
  }
  cudaDeviceProp properties{};
  if (const cudaError_t asked = cudaGetDeviceProperties(&properties, 0)) return cudaGetErrorString(asked);
  if (properties.major >= least_capability) return {};
  return std::string(properties.name) + " is of compute capability " + std::to_string(properties.major) + "." +
         std::to_string(properties.minor) + ", 8.0 or newer is needed";
}

const ExecutorOptions& usable(const ExecutorOptions& options) {
  const std::string why = obstacle();
  if (why.empty()) return options;
  throw DeviceFailure("device 'cuda' is not available: " + why + "; choose cpu");
}

/// Hands out parts of a block, or only counts where there is none.
class Parts {
 public:
  explicit Parts(std::byte* memory) : memory_(memory) {}
  template <typename T>
  void place(T*& part, std::size_t count) {
    if (memory_ != nullptr) part = reinterpret_cast<T*>(memory_ + used_);
    used_ += (count * sizeof(T) + 255) / 256 * 256;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* memory_;
  std::size_t used_ = 0;
};

}  // namespace

CudaExecutor::CudaExecutor(const std::shared_ptr<const Weights>& weights, const ExecutorOptions& options)
    : options_(usable(options)),
      model_(DeviceModel::get(weights, options.precision)),
      scratch_(lay_out(nullptr), "the working memory of model '" + config().name + "'"),
      host_(std::max<std::size_t>(static_cast<std::size_t>(config().vocab), block_tokens)) {
  lay_out(scratch_.data());
  check(cudaMemsetAsync(scratch_.data(), 0, scratch_.bytes(), stream_), "clearing the working memory");
  const auto step = [this] { queue_tokens(1); };
  step_ = Graph(stream_, step);
  block_ = Graph(stream_, [this] { queue_tokens(block_tokens); });
  scored_block_ = Graph(stream_, [this] {
    queue_tokens(block_tokens);
    queue_scores();
  });
  boundary_ = Graph(stream_, [this] { queue_boundary(); });
  logits_ = Graph(stream_, [this] {
    queue_logits();
    check(cudaMemcpyAsync(host_.data(), buffers_.logits, static_cast<std::size_t>(config().vocab) * sizeof(float),
                          cudaMemcpyDeviceToHost, stream_),
          "recording a graph");
  });
  written_token_ = Graph(stream_, [&] {
    queue_logits();
    choose_token(stream_, buffers_.logits, config().vocab, buffers_.draw, buffers_.chosen, buffers_.place);
    step();
  });
  stream_.wait();
}

std::size_t CudaExecutor::lay_out(std::byte* memory) {
  const auto size = [](int value) { return static_cast<std::size_t>(value); };
  const std::size_t rows = block_tokens, d = size(config().width);
  const bool has_memory = config().has_memory();
  const std::size_t queries = config().shared_attention ? d : 0;
  const std::size_t projections = has_memory ? size(config().memory_projections()) + queries : 3 * d;
  Parts parts(memory);
  parts.place(buffers_.place, 1);
  parts.place(buffers_.draw, 1);
  parts.place(buffers_.chosen, chosen_room);
  parts.place(buffers_.x, rows * d);
  parts.place(buffers_.h, rows * d);
  parts.place(buffers_.hidden, rows * size(config().ffn));
  parts.place(buffers_.outputs, (rows + 1) * d);
  parts.place(buffers_.logits, size(score_rows) * size(config().vocab));
  parts.place(buffers_.nll, rows);
  parts.place(buffers_.next, model_->regressions.size() * d);
  buffers_.mixers.projected_stride = static_cast<int>(projections);
  parts.place(buffers_.mixers.projected, rows * projections);
  parts.place(buffers_.mixers.qkv, rows * 3 * d);
  parts.place(buffers_.mixers.gates, rows * 2 * size(config().heads));
  parts.place(buffers_.mixers.mixed, rows * d);
  return parts.used();
}

void CudaExecutor::queue_product(int tokens, const Matrix& matrix, const float* x, int stride,
                                 const ProductOutput& output) {
  if (tokens == 1) {
    step_product(stream_, matrix, {.x = x}, output, buffers_.place);
  } else {
    block_product(stream_, matrix, x, stride, {}, output, buffers_.place);
  }
}

void CudaExecutor::queue_normed_product(int tokens, const Matrix& matrix, const float* norm, std::size_t regression,
                                        const ProductOutput& output) {
  if (tokens == 1) {
    step_product(stream_, matrix, {buffers_.x, norm, config().norm_eps, regression}, output, buffers_.place);
    return;
  }
  const int d = config().width;
  normalise(stream_, tokens, buffers_.x, norm, config().norm_eps, d, buffers_.h, regression, buffers_.place);
  block_product(stream_, matrix, buffers_.h, d, {}, output, buffers_.place);
}

void CudaExecutor::queue_layer(int tokens, int index) {
  const DeviceLayer& layer = model_->layers[static_cast<std::size_t>(index)];
  const int d = config().width, ffn = config().ffn;
  const MixerScratch& mixers = buffers_.mixers;
  const StateLayout layout(config(), min_chunk_length);  // what is asked of it does not depend on the length
  const bool vector = ModelConfig::is_chain(index) && config().carry == Carry::vector;
  const std::size_t regression = vector ? layout.regression(index) : no_offset;

  queue_normed_product(tokens, layer.in, layer.norm1, regression,
                       {.result = Result::store, .out = mixers.projected, .stride = mixers.projected_stride});
  if (layer.has_memory) {
    delta_mixer(stream_, tokens, layer.delta, mixers, buffers_.place);
  } else {
    local_mixer(stream_, tokens, layer.local, mixers, buffers_.place);
  }
  ProductOutput residual{.result = Result::add, .out = buffers_.x, .stride = d};
  if (vector) {
    residual.result = Result::keep;
    residual.kept = layout.last_result(index);
  }
  queue_product(tokens, layer.out, mixers.mixed, d, residual);
  if (layer.attends_below) {
    shared_mixer(stream_, tokens, layer.below, config().memory_projections(), mixers, buffers_.place);
    queue_product(tokens, layer.attention_out, mixers.mixed, d, residual);
  }
  queue_normed_product(tokens, layer.ffn_in, layer.norm2, no_offset,
                       {.result = Result::swiglu, .out = buffers_.hidden, .stride = ffn});
  queue_product(tokens, layer.ffn_out, buffers_.hidden, ffn, {.result = Result::add, .out = buffers_.x, .stride = d});
}

void CudaExecutor::queue_tokens(int tokens) {
  begin_tokens(stream_, tokens, model_->embed, buffers_.x, buffers_.outputs, buffers_.place);
  for (int i = 0; i < config().layers; ++i) queue_layer(tokens, i);
  finish_tokens(stream_, tokens, buffers_.x, model_->norm, config().norm_eps, config().width, buffers_.outputs,
                buffers_.place);
  queue_boundary();
}

void CudaExecutor::queue_boundary() {
  if (!model_->regressions.empty()) {
    regress(stream_, model_->device_regressions, static_cast<int>(model_->regressions.size()),
            model_->regressions[0].matrix.number, config().width, config().regression_share, buffers_.next,
            buffers_.place);
  }
  const StateLayout layout(config(), min_chunk_length);
  const int attention_layers = config().has_memory() ? config().layers / 2 : config().layers;
  clear_chunk(stream_, {config().width, layout.carried(), layout.running_chunk(), attention_layers}, buffers_.place);
}

void CudaExecutor::queue_scores() {
  for (int first = 0; first < block_tokens; first += score_rows) {
    block_product(stream_, model_->embed, buffers_.outputs, config().width, {first, score_rows},
                  {.result = Result::store, .out = buffers_.logits, .stride = config().vocab}, buffers_.place);
    cuda::score(stream_, buffers_.logits, config().vocab, first, buffers_.nll, buffers_.place);
  }
  check(cudaMemcpyAsync(host_.data(), buffers_.nll, block_tokens * sizeof(float), cudaMemcpyDeviceToHost, stream_),
        "recording a graph");
}

void CudaExecutor::queue_logits() {
  step_product(stream_, model_->embed, {}, {.result = Result::store, .out = buffers_.logits}, buffers_.place);
}

ChainState CudaExecutor::initial_state(int chunk_length) const {
  check_chunk_length(chunk_length);
  ChainState::Counters counters;
  counters.chunk_length = chunk_length;
  return {counters, std::make_unique<DeviceStorage>(StateLayout(config(), chunk_length).floats())};
}

DeviceStorage& CudaExecutor::numbers(const ChainState& state) const {
  const auto* storage = state.empty() ? nullptr : dynamic_cast<const DeviceStorage*>(&state.storage());
  if (storage == nullptr || storage->floats() != StateLayout(config(), state.counters().chunk_length).floats()) {
    throw std::runtime_error("chain state does not belong to model '" + config().name +
                             "' on the CUDA device; start from initial_state()");
  }
  return const_cast<DeviceStorage&>(*storage);  // NOLINT: who may write is decided by the callers' own const
}

CudaExecutor::Reading CudaExecutor::start_reading(const ChainState& state, std::size_t tokens,
                                                  const StreamSettings& settings) const {
  Reading reading{state.counters(), numbers(state).data(), nullptr};
  reading.counters.carry = settings.carry ? 1 : 0;
  const ChainState::Counters& at = reading.counters;
  const std::size_t before_boundary =
      at.position == 0 ? 0 : static_cast<std::size_t>(at.chunk_length) - static_cast<std::size_t>(at.position);
  // Before anything is read, so that a device that has no room leaves the state as it was.
  if (at.chunk_length != settings.chunk_length && tokens > before_boundary)
    reading.fresh = std::make_unique<DeviceStorage>(StateLayout(config(), settings.chunk_length).floats());
  return reading;
}

void CudaExecutor::begin_chunk(Reading& reading, const StreamSettings& settings) {
  if (reading.counters.position != 0) return;
  reading.counters.gate_temperature = settings.gate_temperature;
  if (reading.counters.chunk_length == settings.chunk_length) return;
  reading.counters.chunk_length = settings.chunk_length;
  const std::size_t kept = StateLayout(config(), settings.chunk_length).running_chunk();
  check(
      cudaMemcpyAsync(reading.fresh->data(), reading.numbers, kept * sizeof(float), cudaMemcpyDeviceToDevice, stream_),
      "changing the chunk length");
  reading.numbers = reading.fresh->data();
  reading.moved = true;
}

Place CudaExecutor::place_of(const Reading& reading, const StreamSettings& settings) const {
  const auto in_force = [&](float temperature) { return temperature > 0 ? temperature : config().gate_temperature; };
  Place place;
  place.numbers = reading.numbers;
  place.position = reading.counters.position;
  place.chunk_length = reading.counters.chunk_length;
  place.chunk_is_odd = static_cast<int>(reading.counters.chunks % 2);
  place.carry = reading.counters.carry;
  place.temperature = in_force(reading.counters.gate_temperature);
  place.next_temperature = in_force(settings.gate_temperature);
  return place;
}

void CudaExecutor::finish_reading(ChainState& state, Reading& reading) {
  stream_.wait();
  if (reading.moved) {
    state = ChainState(reading.counters, std::move(reading.fresh));
  } else {
    state.counters() = reading.counters;
  }
}

void CudaExecutor::read_blocks(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                               float* nll) {
  check_input(tokens, settings, config().vocab);
  Reading reading = start_reading(state, tokens.size(), settings);
  ChainState::Counters& at = reading.counters;
  for (std::size_t offset = 0; offset < tokens.size();) {
    begin_chunk(reading, settings);
    const auto room = static_cast<std::size_t>(at.chunk_length - at.position);
    const std::size_t count = std::min({tokens.size() - offset, room, std::size_t{block_tokens}});
    Place place = place_of(reading, settings);
    place.count = static_cast<int>(count);
    std::copy_n(tokens.data() + offset, count, place.tokens);
    set_place(stream_, place, buffers_.place);
    (nll != nullptr ? scored_block_ : count == 1 ? step_ : block_).replay(stream_);
    if (nll != nullptr) {
      stream_.wait();
      std::copy_n(host_.data(), count, nll + offset);
      if (at.tokens == 0) nll[0] = std::log(static_cast<float>(config().vocab));
    }
    offset += count;
    at.tokens += static_cast<std::int64_t>(count);
    at.position += static_cast<std::int32_t>(count);
    if (at.position < at.chunk_length) continue;
    at.position = 0;
    ++at.chunks;
  }
  finish_reading(state, reading);
}

void CudaExecutor::read(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings) {
  read_blocks(state, tokens, settings, nullptr);
}

void CudaExecutor::score(ChainState& state, std::span<const Token> tokens, const StreamSettings& settings,
                         std::span<float> nll) {
  if (nll.size() != tokens.size()) throw std::runtime_error("score: as many results as tokens are expected");
  read_blocks(state, tokens, settings, nll.data());
}

void CudaExecutor::end_chunk(ChainState& state) {
  Reading reading{state.counters(), numbers(state).data(), nullptr};
  if (reading.counters.position == 0) return;
  Place place = place_of(reading, {});
  place.ended = 1;
  set_place(stream_, place, buffers_.place);
  boundary_.replay(stream_);
  reading.counters.position = 0;
  ++reading.counters.chunks;
  finish_reading(state, reading);
}

void CudaExecutor::logits(const ChainState& state, std::span<float> out) {
  if (out.size() != static_cast<std::size_t>(config().vocab))
    throw std::runtime_error("logits: room for " + std::to_string(config().vocab) + " numbers is expected");
  const Reading reading{state.counters(), numbers(state).data(), nullptr};
  if (reading.counters.tokens == 0) {
    std::fill(out.begin(), out.end(), 0.0F);
    return;
  }
  set_place(stream_, place_of(reading, {}), buffers_.place);
  logits_.replay(stream_);
  stream_.wait();
  std::copy_n(host_.data(), out.size(), out.data());
}

void CudaExecutor::generate(ChainState& state, std::span<Token> out, const Draw& draw, const StreamSettings& settings) {
  check_input({}, settings, config().vocab);
  if (state.empty() || state.counters().tokens == 0)
    throw std::runtime_error("nothing was read yet that a text could follow; read a token first");
  Reading reading = start_reading(state, out.size(), settings);
  ChainState::Counters& at = reading.counters;
  for (std::size_t offset = 0; offset < out.size();) {
    begin_chunk(reading, settings);
    std::size_t count = std::min(out.size() - offset, chosen_room);
    // Boundaries pass on the device, but for one at which the layout changes.
    if (at.chunk_length != settings.chunk_length)
      count = std::min(count, static_cast<std::size_t>(at.chunk_length - at.position));
    set_place(stream_, place_of(reading, settings), buffers_.place);
    Draw piece = draw;
    piece.seed += 0x9e3779b97f4a7c15ULL * offset;  // another sequence in every piece
    piece.drawn = 0;
    set_draw(stream_, piece, buffers_.draw);
    for (std::size_t i = 0; i < count; ++i) written_token_.replay(stream_);
    static_assert(sizeof(Token) == sizeof(*buffers_.chosen));
    check(cudaMemcpyAsync(out.data() + offset, buffers_.chosen, count * sizeof(Token), cudaMemcpyDeviceToHost, stream_),
          "reading the written tokens");
    stream_.wait();
    offset += count;
    at.tokens += static_cast<std::int64_t>(count);
    const std::int64_t position = at.position + static_cast<std::int64_t>(count);
    if (position > at.chunk_length) at.gate_temperature = settings.gate_temperature;
    at.chunks += position / at.chunk_length;
    at.position = static_cast<std::int32_t>(position % at.chunk_length);
  }
  finish_reading(state, reading);
}

void generate(Executor& executor, ChainState& state, std::span<Token> out, const StreamSettings& settings) {
  auto* ours = dynamic_cast<CudaExecutor*>(&executor);
  if (ours == nullptr) throw std::invalid_argument("tokens are written in a loop by the CUDA executor only");
  ours->generate(state, out, {}, settings);
}

bool register_executor() {
  if (!obstacle().empty()) return false;
  register_executor_factory(
      Device::cuda,
      [](std::shared_ptr<const Weights> weights, const ExecutorOptions& options) -> std::unique_ptr<Executor> {
        return std::make_unique<CudaExecutor>(weights, options);
      });
  return true;
}

}  // namespace catena::model::cuda
