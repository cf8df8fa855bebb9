#include "model/train/trainer.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <cmath>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include "model/runtime/failure.h"
#include "model/text/token_file.h"
#include "model/tracker/linear.h"
#include "model/tracker/optimiser.h"
#include "model/tracker/parameters.h"
#include "model/tracker/tracker.h"
#include "model/train/batches.h"
#include "model/train/checkpoint.h"
#include "model/train/learning_rate.h"
#include "model/train/next_chunk_loss.h"
#include "model/train/process_group.h"
#include "model/train/torch_names.h"
#include "model/train/training_logs.h"
#include "model/train/training_run.h"
#include "model/train/weight_update.h"

namespace catena::model {
namespace {

using torch::Tensor;

std::vector<std::shared_ptr<const TokenFile>> open_files(const std::vector<TrainSource>& sources, int vocab) {
  std::vector<std::shared_ptr<const TokenFile>> files;
  for (const TrainSource& source : sources) {
    files.push_back(std::make_shared<const TokenFile>(source.tokens, vocab));
    if (files.back()->tokens().size() < 2) {
      throw std::runtime_error(source.tokens.string() + ": holds nothing to predict; is its text empty?");
    }
    files.back()->check_tokens();
  }
  return files;
}

/// Side-by-side streams through one held-out file, each from a cleared state.
Evaluation evaluate_file(const Tracker& tracker, const Parameters& parameters, const TokenFile& file,
                         const std::string& name, const TrainConfig& config) {
  const torch::NoGradGuard no_grad;
  const auto tokens = file.tokens();
  const std::int64_t wanted =
      std::min<std::int64_t>(config.evaluate_tokens, static_cast<std::int64_t>(tokens.size()) - 1);
  const std::int64_t streams = std::clamp<std::int64_t>(wanted / (4 * config.segment), 1, 8);
  const std::int64_t length = std::max<std::int64_t>(1, wanted / streams / config.segment) * config.segment;
  const std::int64_t stride = (static_cast<std::int64_t>(tokens.size()) - 1) / streams;
  Evaluation result;
  result.name = name;
  SegmentState state = tracker.initial_state(streams);
  for (std::int64_t begin = 0; begin < length; begin += config.segment) {
    const std::int64_t n = std::min<std::int64_t>(config.segment, stride - begin);
    if (n <= 0) break;
    Tensor inputs = torch::empty({streams, n}, torch::kLong), targets = torch::empty({streams, n}, torch::kLong);
    for (std::int64_t s = 0; s < streams; ++s) {
      for (std::int64_t t = 0; t < n; ++t) {
        inputs.data_ptr<std::int64_t>()[s * n + t] = tokens[static_cast<std::size_t>(s * stride + begin + t)];
        targets.data_ptr<std::int64_t>()[s * n + t] = tokens[static_cast<std::size_t>(s * stride + begin + t + 1)];
      }
    }
    const Tensor y = tracker.forward(inputs.to(parameters.device()), config.model.chunk_length, state);
    const Tensor nll =
        head_nll(y, parameters["embed.weight"], targets.view({-1}).to(parameters.device())).to(torch::kCPU);
    for (std::int64_t i = 0; i < streams * n; ++i) {
      const auto target = static_cast<std::size_t>(targets.data_ptr<std::int64_t>()[i]);
      result.add(begin + i % n, file.lengths()[target], nll.data_ptr<float>()[i]);
    }
  }
  return result;
}

std::vector<Evaluation> evaluate_files(const Tracker& tracker, const Parameters& parameters,
                                       const std::vector<std::shared_ptr<const TokenFile>>& files,
                                       const TrainConfig& config) {
  std::vector<Evaluation> evaluations;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = config.heldout[i].tokens.stem().string();
    evaluations.push_back(evaluate_file(tracker, parameters, *files[i], name, config));
  }
  return evaluations;
}

}  // namespace

double learning_rate_at(const TrainConfig& config, std::int64_t step) {
  return LearningRate{config.learning_rate * config.learning_rate_scale, config.final_learning_rate,
                      config.warmup_steps, config.steps}
      .at(step);
}

namespace {

std::vector<double> weights_of(const std::vector<TrainSource>& sources) {
  std::vector<double> weights;
  for (const TrainSource& source : sources) weights.push_back(source.weight);
  return weights;
}

/// A run from its first step or its checkpoint to its end, as one of the processes of a group.
class Run final : public TrainingRun {
 public:
  Run(const TrainConfig& config, const TrainObserver& observer, const ProcessPlace& place)
      : config_(config),
        observer_(observer),
        group_(place),
        device_(torch_device(config.device, place.local_rank)),
        heldout_(open_files(config.heldout, config.model.vocab)),
        batches_(open_files(config.train, config.model.vocab), weights_of(config.train), config.batch, config.segment,
                 config.run_tokens, config.seed, place.rank * config.batch),
        parameters_(config.model, device_, torch_type(config.precision)),
        shards_(parameters_, config.optimiser, group_, config.shard_optimiser),
        optimiser_(parameters_, {.kind = config.optimiser, .weight_decay = config.weight_decay}, shards_.own()),
        update_(config.clip, config.loss_scale),
        tracker_(parameters_, {.recompute = config.recompute,
                               .across_segments = config.backpropagate_segments > 1,
                               .across_chunks = !config.truncate_at_chunks}),
        segment_(tracker_.initial_state(config.batch)),
        state_{config, group_, parameters_, optimiser_, shards_, batches_, segment_, update_.scale()},
        checkpoint_(config.output / "checkpoint") {
    if (config.initial_weights.empty()) {
      parameters_.initialise(config.seed);
    } else {
      parameters_.load(config.initial_weights);
    }
    if (load_checkpoint(checkpoint_, state_)) note("resumed at step " + std::to_string(state_.step));
    if (config.precision == TrainPrecision::bfloat16 && fast_precision(config.device) == TrainPrecision::float32) {
      note("this processor has no bfloat16 products: \"precision\": \"float32\" would be many times faster");
    }
    note_optimiser_state();
    if (!group_.first()) return;
    std::filesystem::create_directories(config.output);
    logs_.emplace(config.output);
  }

  bool to_the_end() {
    if (!run({config_.steps, config_.evaluate_every, config_.checkpoint_every_s}, observer_.stop)) return false;
    if (group_.first()) {
      parameters_.save(config_.output / "model.safetensors", config_.save_precision == Precision::bfloat16);
      config_.model.save(config_.output / "config.json");
    }
    return true;
  }

 private:
  void note(const std::string& line) const {
    if (group_.first() && observer_.note) observer_.note(line);
  }
  /// By every one of several processes, since each may hold another share.
  void note_optimiser_state() const {
    if (group_.size() == 1 || !observer_.note) return;
    observer_.note("process " + std::to_string(group_.rank()) + " of " + std::to_string(group_.size()) + " holds " +
                   std::to_string(optimiser_.state_bytes()) + " bytes of optimiser state, for " +
                   std::to_string(optimiser_.range().count()) + " of " + std::to_string(parameters_.values().numel()) +
                   " weights");
  }
  bool any(bool here) override {
    if (group_.size() == 1) return here;
    Tensor votes = torch::full({1}, here ? 1.0F : 0.0F);
    group_.average(votes);
    return votes.item<float>() > 0;
  }

  std::int64_t steps_done() const override { return state_.step; }
  bool worth_saving() const override { return !update_.skipping(); }
  void save() override {
    require_finite_weights(parameters_, state_.step);
    save_checkpoint(checkpoint_, state_);
  }

  /// Reads the next segment. Returns the mean loss of its tokens, and what is to be differentiated.
  std::pair<Tensor, Tensor> read_segment(int chunk) {
    const Batch batch = batches_.next();
    const Tensor all = torch::tensor(batch.tokens, torch::kLong).view({config_.batch, config_.segment + 1}).to(device_);
    std::vector<float> keep;
    for (const bool cleared : batch.cleared) keep.push_back(cleared ? 0.0F : 1.0F);
    segment_.keep(torch::tensor(keep).to(device_), config_.model.heads);

    const Tensor inputs = all.slice(1, 0, config_.segment);
    const MasterWeight& embedding = parameters_["embed.weight"];
    const Tensor y = tracker_.forward(inputs, chunk, segment_);
    const Tensor loss = head_loss(y, embedding, all.slice(1, 1).reshape({-1}));
    if (config_.auxiliary_loss == 0) return {loss.detach(), loss};
    return {loss.detach(), loss + config_.auxiliary_loss * next_chunk_loss(y, embedding, inputs, chunk)};
  }

  void step() override {
    parameters_.refresh_compute();
    std::mt19937_64 random = generator_of_step(config_.seed, state_.step);
    const int chunk = draw_chunk(config_.chunk_lengths, random), segments = config_.backpropagate_segments;
    auto [mean, objective] = read_segment(chunk);
    for (int i = 1; i < segments; ++i) {
      const auto [more, further] = read_segment(chunk);
      mean = mean + more;
      objective = objective + further;
    }
    parameters_.gradients().zero_();
    const double scale = update_.scale().factor() / segments;
    (scale == 1 ? objective : objective * scale).backward();
    segment_.detach();
    group_.average(parameters_.gradients());
    rate_ = learning_rate_at(config_, state_.step);
    const auto [norm, skipped] = update_.apply(parameters_, optimiser_, rate_);
    if (!skipped) shards_.exchange(parameters_.values());
    gradient_norm_ = norm;
    mean = mean / segments;
    group_.average(mean);
    if (skipped) {
      std::ostringstream line;
      line << "step " << state_.step << ": gradient is not finite, step skipped";
      if (config_.loss_scale > 0) line << "; the loss scale is now " << update_.scale().factor();
      note(line.str());
      segment_.clear_damaged(config_.batch);
    } else {
      loss_sum_ += mean;
      ++losses_in_sum_;
    }
    state_.step += 1;
    state_.tokens += tokens_per_step();
  }

  void report(const Pace& pace) override {
    if (group_.first()) {
      TrainProgress p;
      p.step = state_.step;
      p.steps = config_.steps;
      p.tokens = state_.tokens;
      p.loss = loss_sum_.item<double>() / losses_in_sum_;
      p.learning_rate = rate_;
      p.gradient_norm = gradient_norm_;
      p.tokens_per_s = static_cast<double>(tokens_per_step()) / pace.seconds_a_step();
      p.remaining_s = static_cast<double>(config_.steps - state_.step) * pace.seconds_a_step();
      logs_->add(p);
      if (observer_.progress) observer_.progress(p);
    }
    loss_sum_.zero_();
    losses_in_sum_ = 0;
  }

  /// By the first process; the others wait for it at the next step.
  void evaluate() override {
    if (heldout_.empty() || !group_.first()) return;
    parameters_.refresh_compute();
    const std::vector<Evaluation> evaluations = evaluate_files(tracker_, parameters_, heldout_, config_);
    logs_->add(state_.step, state_.tokens, evaluations);
    if (observer_.evaluated) observer_.evaluated(state_.step, evaluations);
  }

  std::int64_t tokens_per_step() const {
    return static_cast<std::int64_t>(config_.batch) * group_.size() * config_.segment * config_.backpropagate_segments;
  }

  const TrainConfig& config_;
  const TrainObserver& observer_;
  ProcessGroup group_;
  torch::Device device_;
  std::vector<std::shared_ptr<const TokenFile>> heldout_;
  Batches batches_;
  Parameters parameters_;
  OptimiserShards shards_;
  Optimiser optimiser_;
  WeightUpdate update_;
  Tracker tracker_;
  SegmentState segment_;
  TrainingState state_;
  std::filesystem::path checkpoint_;
  std::optional<TrainingLogs> logs_;

  Tensor loss_sum_ = torch::zeros({}, torch::TensorOptions().dtype(torch::kFloat).device(device_));
  double losses_in_sum_ = 0;  ///< steps that were not skipped
  double gradient_norm_ = 0, rate_ = 0;
};

}  // namespace

bool train(const TrainConfig& config, const TrainObserver& observer) {
  const ProcessPlace place = ProcessPlace::from_environment();
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (config.threads > 0) {
    at::set_num_threads(config.threads);
  } else if (place.size > 1) {
    at::set_num_threads(std::max(1, cores / place.local_size));
  }
  return Run(config, observer, place).to_the_end();
}

}  // namespace catena::model
