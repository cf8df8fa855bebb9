#include "model/attention/lab_lane.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "model/attention/frame_embedding.h"
#include "model/attention/lab_model.h"
#include "model/attention/lane_marks.h"
#include "model/runtime/weights.h"

namespace catena::model::lab {
namespace {

using LayerStates = std::vector<MixerState>;

std::int64_t bytes_of(const LayerStates& states) {
  std::int64_t total = 0;
  for (const MixerState& state : states) total += state.bytes();
  return total;
}

LabConfig lane_config(const std::string& system, const LaneModel& model) {
  const ModelConfig& shape = model.weights->config();
  LabConfig config;
  config.name = system;
  config.vocab = shape.vocab;
  config.layers = shape.layers;
  config.ffn = shape.ffn;
  config.mixer.system = system;
  config.mixer.width = shape.width;
  config.mixer.heads = shape.heads;
  config.mixer.chunk = model.settings.chunk_length;
  // Only a cache is bounded by it, and a cache holds two rows a layer and token.
  const std::int64_t token_bytes = 2 * config.layers * config.mixer.width * static_cast<std::int64_t>(sizeof(float));
  config.mixer.max_length = std::clamp<std::int64_t>(model.most_state_bytes / token_bytes, 1, 1 << 20);
  return config;
}

class LabLane final : public StreamLane {
 public:
  LabLane(const LabConfig& config, const LaneModel& model)
      : StreamLane(model.weights->config()), most_bytes_(model.most_state_bytes), model_(config, 1) {
    if (!model_.streams()) throw std::runtime_error("system '" + config.mixer.system + "' does not stream");
    state_ = model_.initial_state(1);
    if (model.weights->config().reads_frames()) embedding_.emplace(model.weights, model.precision);
    grows_ = model_.mixer(0).state_bytes(2) > model_.mixer(0).state_bytes(1);
  }

  std::int64_t state_bytes() const override { return bytes_of(state_); }
  std::int64_t held_bytes() const override { return state_bytes() * static_cast<std::int64_t>(1 + marks_.size()); }

 private:
  torch::Tensor embedded(const LaneInput& input) {
    if (!embedding_) return model_.embed(torch::full({1, 1}, input.token, torch::kLong));
    const std::span<float> x = (*embedding_)(input.frames);
    return torch::from_blob(x.data(), {1, 1, static_cast<std::int64_t>(x.size())});
  }
  void compute(const LaneInput& input, std::span<float> logits) override {
    const torch::NoGradGuard no_grad;
    if (grows_ && tokens() == model_.config().mixer.max_length) refuse_to_grow(most_bytes_);
    try {
      const torch::Tensor y = model_.step(embedded(input), state_).mm(model_.embedding().master.t());
      std::copy_n(y.data_ptr<float>(), logits.size(), logits.begin());
    } catch (const c10::Error& error) {
      throw std::runtime_error(error.what_without_backtrace());  // what() is a page
    }
  }
  void mark(std::int64_t tokens) override {
    if (!grows_) marks_.add(tokens, state_);  // a cache goes back to any place
  }
  std::int64_t restore(std::int64_t tokens) override {
    if (grows_) {
      for (MixerState& state : state_) {
        for (torch::Tensor& cache : state.tensors) cache = cache.narrow(1, 0, tokens).clone();
        state.tokens = tokens;
      }
      return tokens;
    }
    std::int64_t at = 0;
    const LayerStates* states = marks_.go_back(tokens, at);
    state_ = states != nullptr ? *states : model_.initial_state(1);
    return at;
  }

  std::int64_t most_bytes_;
  bool grows_ = false;
  std::optional<FrameEmbedding> embedding_;
  LabModel model_;
  LayerStates state_;
  LaneMarks<LayerStates> marks_;
};

}  // namespace

std::unique_ptr<StreamLane> make_lab_lane(const std::string& system, const LaneModel& model) {
  return std::make_unique<LabLane>(lane_config(system, model), model);
}

void use_one_thread() { at::set_num_threads(1); }

}  // namespace catena::model::lab
