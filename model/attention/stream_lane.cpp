#include "model/attention/stream_lane.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>
#include <stdexcept>

#include "model/attention/frame_embedding.h"
#include "model/attention/lab_lane.h"
#include "model/attention/lane_marks.h"
#include "model/attention/system_names.h"
#include "model/executor.h"
#include "model/runtime/frame_reader.h"
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
      : StreamLane(model.weights->config()),
        executor_(make_executor(model.weights, {Device::cpu, model.precision, 1})),
        settings_(model.settings),
        state_(executor_->initial_state(settings_.chunk_length)) {}

  std::int64_t state_bytes() const override { return static_cast<std::int64_t>(state_.bytes()); }
  std::int64_t held_bytes() const override { return state_bytes() * static_cast<std::int64_t>(1 + marks_.size()); }

 private:
  void compute(const LaneInput& input, std::span<float> logits) override {
    executor_->read(state_, {&input.token, 1}, settings_);
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

/// Inside a chunk every frame sees every other, so that a chunk is read when it is whole.
class SpeechLane final : public StreamLane {
 public:
  explicit SpeechLane(const LaneModel& model)
      : StreamLane(model.weights->config(), std::clamp(model.settings.chunk_length, 1, block_tokens)),
        reader_(model.weights, {Device::cpu, model.precision, 1}),
        settings_(model.settings),
        state_(reader_.config()) {}

  std::int64_t state_bytes() const override { return static_cast<std::int64_t>(state_.bytes()); }
  std::int64_t held_bytes() const override { return state_bytes(); }

 private:
  void compute(const LaneInput& input, std::span<float> logits) override {
    reader_.read_chunk(state_, input.frames, logits, settings_.carry, settings_.gate_temperature);
  }
  void mark(std::int64_t) override {}  // sound does not go back, but to its beginning
  std::int64_t restore(std::int64_t) override {
    state_ = FrameState(reader_.config());
    return 0;
  }

  FrameReader reader_;
  StreamSettings settings_;
  FrameState state_;
};

class TransformerLane final : public StreamLane {
 public:
  explicit TransformerLane(const LaneModel& model)
      : StreamLane(model.weights->config()), most_bytes_(model.most_state_bytes) {
    const ModelConfig config = same_size_transformer(model.weights->config());
    if (model.weights->config().reads_frames()) embedding_.emplace(model.weights, model.precision);
    const std::int64_t longest = std::max<std::int64_t>(1, most_bytes_ / kv_cache_bytes(config, 1));
    transformer_ = std::make_unique<Transformer>(filler_weights(config), model.precision, static_cast<int>(longest));
    longest_ = longest;
  }

  std::int64_t state_bytes() const override { return transformer_->state_bytes(); }
  std::int64_t held_bytes() const override { return transformer_->cache_bytes(); }

 private:
  void compute(const LaneInput& input, std::span<float> logits) override {
    if (transformer_->tokens() == longest_) refuse_to_grow(most_bytes_);
    if (embedding_) {
      transformer_->read((*embedding_)(input.frames));
    } else {
      transformer_->read(input.token);
    }
    transformer_->logits(logits);
  }
  void mark(std::int64_t) override {}  // a cache goes back to any place
  std::int64_t restore(std::int64_t tokens) override {
    transformer_->rewind(static_cast<int>(tokens));
    return tokens;
  }

  std::int64_t most_bytes_, longest_ = 0;
  std::optional<FrameEmbedding> embedding_;
  std::unique_ptr<Transformer> transformer_;
};

}  // namespace

void StreamLane::refuse_to_grow(std::int64_t most_bytes) {
  throw std::runtime_error("its state has reached the " + std::to_string(most_bytes / 1000000) +
                           " MB that a system may hold here");
}

StreamLane::StreamLane(const ModelConfig& config, std::int64_t at_once)
    : vocab_(static_cast<std::size_t>(config.vocab)),
      features_(static_cast<std::size_t>(config.features)),
      at_once_(at_once),
      logits_(vocab_ * static_cast<std::size_t>(at_once)) {}

double StreamLane::read(const LaneInput& input) {
  const std::size_t numbers = features_ * static_cast<std::size_t>(at_once_);
  if (input.frames.size() != numbers) {
    throw std::runtime_error("it is given " + std::to_string(input.frames.size()) + " numbers of sound and reads " +
                             std::to_string(numbers));
  }
  if (features_ == 0 && (input.token < 0 || static_cast<std::size_t>(input.token) >= vocab_)) {
    throw std::runtime_error("token " + std::to_string(input.token) + " is outside the vocabulary of " +
                             std::to_string(vocab_));
  }
  const double start = processor_ms();
  compute(input, logits_);
  const double spent = processor_ms() - start;
  tokens_ += at_once_;
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
  if (name == tracker_lane && model.weights->config().reads_frames()) return std::make_unique<SpeechLane>(model);
  if (name == tracker_lane) return std::make_unique<TrackerLane>(model);
  if (name == transformer_lane) return std::make_unique<TransformerLane>(model);
  return make_lab_lane(name, model);
}

}  // namespace catena::model::lab
