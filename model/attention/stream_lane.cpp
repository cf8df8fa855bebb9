#include "model/attention/stream_lane.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <stdexcept>

#include "model/attention/lab_lane.h"
#include "model/attention/lane_marks.h"
#include "model/attention/system_names.h"
#include "model/executor.h"
#include "model/runtime/transformer.h"

namespace catena::model::lab {
namespace {

/// Of this thread: a lane has a low priority, and what others do meanwhile is not its time.
double processor_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

class TrackerLane final : public StreamLane {
 public:
  explicit TrackerLane(const LaneModel& model)
      : StreamLane(static_cast<std::size_t>(model.weights->config().vocab)),
        executor_(make_executor(model.weights, {Device::cpu, model.precision, 1})),
        settings_(model.settings),
        state_(executor_->initial_state(settings_.chunk_length)) {}

  std::int64_t state_bytes() const override { return static_cast<std::int64_t>(state_.bytes()); }
  std::int64_t held_bytes() const override { return state_bytes() * static_cast<std::int64_t>(1 + marks_.size()); }

 private:
  void compute(Token token, std::span<float> logits) override {
    executor_->read(state_, {&token, 1}, settings_);
    executor_->logits(state_, logits);
  }
  void mark(std::int64_t tokens) override { marks_.add(tokens, state_); }
  std::int64_t restore(std::int64_t tokens) override {
    std::int64_t at = 0;
    const ChainState* state = marks_.go_back(tokens, at);
    state_ = state != nullptr ? *state : executor_->initial_state(settings_.chunk_length);
    return at;
  }

  std::unique_ptr<Executor> executor_;
  StreamSettings settings_;
  ChainState state_;
  LaneMarks<ChainState> marks_;
};

class TransformerLane final : public StreamLane {
 public:
  explicit TransformerLane(const LaneModel& model)
      : StreamLane(static_cast<std::size_t>(model.weights->config().vocab)), most_bytes_(model.most_state_bytes) {
    const ModelConfig config = same_size_transformer(model.weights->config());
    const std::int64_t longest = std::max<std::int64_t>(1, most_bytes_ / kv_cache_bytes(config, 1));
    transformer_ = std::make_unique<Transformer>(filler_weights(config), model.precision, static_cast<int>(longest));
    longest_ = longest;
  }

  std::int64_t state_bytes() const override { return transformer_->state_bytes(); }
  std::int64_t held_bytes() const override { return transformer_->cache_bytes(); }

 private:
  void compute(Token token, std::span<float> logits) override {
    if (transformer_->tokens() == longest_) refuse_to_grow(most_bytes_);
    transformer_->read(token);
    transformer_->logits(logits);
  }
  void mark(std::int64_t) override {}  // a cache goes back to any place
  std::int64_t restore(std::int64_t tokens) override {
    transformer_->rewind(static_cast<int>(tokens));
    return tokens;
  }

  std::int64_t most_bytes_, longest_ = 0;
  std::unique_ptr<Transformer> transformer_;
};

}  // namespace

void StreamLane::refuse_to_grow(std::int64_t most_bytes) {
  throw std::runtime_error("its state has reached the " + std::to_string(most_bytes / 1000000) +
                           " MB that a system may hold here");
}

double StreamLane::read(Token token) {
  if (token < 0 || static_cast<std::size_t>(token) >= logits_.size()) {
    throw std::runtime_error("token " + std::to_string(token) + " is outside the vocabulary of " +
                             std::to_string(logits_.size()));
  }
  const double start = processor_ms();
  compute(token, logits_);
  const double spent = processor_ms() - start;
  ++tokens_;
  if (!std::all_of(logits_.begin(), logits_.end(), [](float logit) { return std::isfinite(logit); })) {
    throw std::runtime_error("what it predicts after " + std::to_string(tokens_) + " tokens is not a number");
  }
  mark(tokens_);
  return spent;
}

std::int64_t StreamLane::go_back(std::int64_t tokens) {
  if (tokens < tokens_) tokens_ = restore(std::max<std::int64_t>(0, tokens));
  return tokens_;
}

const std::vector<std::string>& lane_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list{tracker_lane, transformer_lane};
    list.insert(list.end(), streaming_system_names().begin(), streaming_system_names().end());
    return list;
  }();
  return names;
}

std::unique_ptr<StreamLane> make_lane(const std::string& name, const LaneModel& model) {
  if (name == tracker_lane) return std::make_unique<TrackerLane>(model);
  if (name == transformer_lane) return std::make_unique<TransformerLane>(model);
  return make_lab_lane(name, model);
}

}  // namespace catena::model::lab
