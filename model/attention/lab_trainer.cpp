#include "model/attention/lab_trainer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include "model/attention/lab_model.h"
#include "model/runtime/failure.h"
#include "model/text/token_file.h"
#include "model/tracker/adamw.h"
#include "model/train/tensor_file.h"
#include "model/train/training_logs.h"
#include "model/train/training_run.h"

namespace catena::model::lab {
namespace {

using torch::Tensor;
using Files = std::vector<std::unique_ptr<const TokenFile>>;

Files open_sources(const std::vector<TrainSource>& sources, const TrainConfig& training) {
  Files files;
  for (const TrainSource& source : sources) {
    files.push_back(std::make_unique<const TokenFile>(source.tokens, training.model.vocab));
    if (static_cast<std::int64_t>(files.back()->tokens().size()) <= training.segment) {
      throw std::runtime_error(source.tokens.string() + ": holds fewer tokens than one segment of " +
                               std::to_string(training.segment) + "; use a smaller segment");
    }
    files.back()->check_tokens();
  }
  return files;
}

class LabRun final : public TrainingRun {
 public:
  LabRun(const LabPlan& plan, const TrainObserver& observer)
      : plan_(plan),
        training_(plan.training),
        observer_(observer),
        train_(open_sources(training_.train, training_)),
        heldout_(open_sources(training_.heldout, training_)),
        model_(plan.model, training_.seed),
        block_(model_.parameters().pack()),
        m_(torch::zeros_like(block_.values)),
        v_(torch::zeros_like(block_.values)),
        checkpoint_(training_.output / "checkpoint" / "lab.safetensors") {
    for (const TrainSource& source : training_.train) weights_.push_back(source.weight);
    if (std::filesystem::exists(checkpoint_)) resume();
    std::filesystem::create_directories(training_.output);
    logs_ = std::make_unique<TrainingLogs>(training_.output);
  }

  bool to_the_end() {
    if (!run({training_.steps, training_.evaluate_every, training_.checkpoint_every_s}, observer_.stop)) return false;
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : model_.parameters().all()) tensors.push_back(named_tensor(name, tensor));
    write_safetensors(training_.output / "model.safetensors", tensors, DType::float32);
    plan_.model.save(training_.output / "config.json");
    return true;
  }

 private:
  void note(const std::string& line) const {
    if (observer_.note) observer_.note(line);
  }

  void resume() {
    const SafetensorsFile file(checkpoint_);
    try {
      restore_tensor(file, "values", block_.values);
      restore_tensor(file, "first_moment", m_);
      restore_tensor(file, "second_moment", v_);
      step_ = std::stoll(file.metadata().at("step"));
    } catch (const std::exception& error) {
      throw std::runtime_error(checkpoint_.string() + ": " + error.what() + ", or remove the folder to start anew");
    }
    note("resumed at step " + std::to_string(step_));
  }

  std::int64_t steps_done() const override { return step_; }
  void save() override {
    std::filesystem::create_directories(checkpoint_.parent_path());
    const std::vector<NamedTensor> tensors{named_tensor("values", block_.values), named_tensor("first_moment", m_),
                                           named_tensor("second_moment", v_)};
    write_safetensors(checkpoint_, tensors, DType::float32, {{"step", std::to_string(step_)}});
  }

  /// `batch` pieces of segment + 1 tokens, [batch, segment + 1], drawn from the step's own generator, so that a resumed
  /// run draws the same.
  Tensor pieces() const {
    std::seed_seq seed{training_.seed, static_cast<std::uint64_t>(step_)};
    std::mt19937_64 random(seed);
    std::discrete_distribution<std::size_t> source(weights_.begin(), weights_.end());
    Tensor result = torch::empty({training_.batch, training_.segment + 1}, torch::kLong);
    for (std::int64_t b = 0; b < training_.batch; ++b) {
      const auto tokens = train_[source(random)]->tokens();
      const auto last = static_cast<std::int64_t>(tokens.size()) - training_.segment - 1;
      const auto begin = tokens.begin() + std::uniform_int_distribution<std::int64_t>(0, last)(random);
      std::copy(begin, begin + training_.segment + 1, result.data_ptr<std::int64_t>() + b * (training_.segment + 1));
    }
    return result;
  }

  void step() override {
    const Tensor all = pieces();
    const Tensor y = model_.forward(model_.embed(all.slice(1, 0, training_.segment)), training_.recompute);
    const Tensor loss = head_loss(y, model_.embedding(), all.slice(1, 1).reshape({-1}));
    block_.gradients.zero_();
    loss.backward();
    norm_ = clip_gradients(block_.gradients, training_.clip);
    if (!std::isfinite(norm_)) {
      throw Failure("step " + std::to_string(step_) +
                    ": the gradient is not finite; the last checkpoint is intact: try a smaller learning rate");
    }
    rate_ = learning_rate_at(training_, step_);
    const torch::NoGradGuard no_grad;
    adamw_step(block_.values, block_.gradients, m_, v_, block_.decayed, step_ + 1, rate_,
               {.weight_decay = training_.weight_decay});
    losses_ += loss.item<double>();
    ++step_;
  }

  void report(const Pace& pace) override {
    const std::int64_t a_step = std::int64_t{training_.batch} * training_.segment;
    TrainProgress p;
    p.step = step_;
    p.steps = training_.steps;
    p.tokens = step_ * a_step;
    p.loss = losses_ / static_cast<double>(pace.steps);
    p.learning_rate = rate_;
    p.gradient_norm = norm_;
    p.tokens_per_s = static_cast<double>(a_step) / pace.seconds_a_step();
    p.remaining_s = static_cast<double>(training_.steps - step_) * pace.seconds_a_step();
    logs_->add(p);
    if (observer_.progress) observer_.progress(p);
    losses_ = 0;
  }

  /// Segments one behind the other, each from its beginning: positions are those in the segment.
  Evaluation evaluate_file(const TokenFile& file, const std::string& name) const {
    Evaluation result;
    result.name = name;
    const auto tokens = file.tokens();
    const auto all = std::min<std::int64_t>(training_.evaluate_tokens, static_cast<std::int64_t>(tokens.size()) - 1);
    for (std::int64_t begin = 0; begin + training_.segment <= all; begin += training_.segment) {
      Tensor piece = torch::empty({1, training_.segment + 1}, torch::kLong);
      std::copy(tokens.begin() + begin, tokens.begin() + begin + training_.segment + 1, piece.data_ptr<std::int64_t>());
      const Tensor y = model_.forward(model_.embed(piece.slice(1, 0, training_.segment)));
      const Tensor targets = piece.slice(1, 1).reshape({-1}), nll = head_nll(y, model_.embedding(), targets);
      for (std::int64_t i = 0; i < training_.segment; ++i) {
        result.add(i, file.lengths()[static_cast<std::size_t>(targets.data_ptr<std::int64_t>()[i])],
                   nll.data_ptr<float>()[i]);
      }
    }
    return result;
  }

  void evaluate() override {
    if (heldout_.empty()) return;
    const torch::NoGradGuard no_grad;
    std::vector<Evaluation> evaluations;
    for (std::size_t i = 0; i < heldout_.size(); ++i) {
      evaluations.push_back(evaluate_file(*heldout_[i], training_.heldout[i].tokens.stem().string()));
    }
    logs_->add(step_, step_ * training_.batch * training_.segment, evaluations);
    if (observer_.evaluated) observer_.evaluated(step_, evaluations);
  }

  const LabPlan& plan_;
  const TrainConfig& training_;
  const TrainObserver& observer_;
  Files train_, heldout_;
  std::vector<double> weights_;
  LabModel model_;
  ParameterSet::Block block_;
  Tensor m_, v_;
  std::filesystem::path checkpoint_;
  std::unique_ptr<TrainingLogs> logs_;

  std::int64_t step_ = 0;
  double losses_ = 0, norm_ = 0, rate_ = 0;
};

}  // namespace

bool train_lab(const LabPlan& plan, const TrainObserver& observer) {
  if (plan.training.threads > 0) at::set_num_threads(plan.training.threads);
  return LabRun(plan, observer).to_the_end();
}

}  // namespace catena::model::lab
