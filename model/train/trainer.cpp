#include "model/train/trainer.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <memory>
#include <numbers>
#include <random>

#include "model/text/token_file.h"
#include "model/tracker/linear.h"
#include "model/tracker/optimiser.h"
#include "model/tracker/parameters.h"
#include "model/tracker/tracker.h"
#include "model/train/batches.h"
#include "model/train/checkpoint.h"

namespace catena::model {
namespace {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

torch::Device torch_device(Device device) { return device == Device::cuda ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU); }

std::vector<std::shared_ptr<const TokenFile>> open_files(const std::vector<TrainSource>& sources, int vocab) {
  std::vector<std::shared_ptr<const TokenFile>> files;
  for (const TrainSource& source : sources) {
    files.push_back(std::make_shared<const TokenFile>(source.tokens, vocab));
    files.back()->check_tokens();
  }
  return files;
}

/// Chunk length of a step, drawn from the step's own generator so that a resumed run draws the same.
int chunk_at(const TrainConfig& config, std::int64_t step) {
  std::seed_seq seq{config.seed, static_cast<std::uint64_t>(step), std::uint64_t{0x6368756e6b}};
  std::mt19937_64 random(seq);
  return config.chunk_lengths[std::uniform_int_distribution<std::size_t>(0, config.chunk_lengths.size() - 1)(random)];
}

/// Side-by-side streams through one held-out file, each from a cleared state.
Evaluation evaluate_file(const Tracker& tracker, const Parameters& parameters, const TokenFile& file, const std::string& name,
                         const TrainConfig& config) {
  const torch::NoGradGuard no_grad;
  const auto tokens = file.tokens();
  const std::int64_t wanted = std::min<std::int64_t>(config.evaluate_tokens, static_cast<std::int64_t>(tokens.size()) - 1);
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
    const Tensor nll = head_nll(y, parameters["embed.weight"], targets.view({-1}).to(parameters.device())).to(torch::kCPU);
    for (std::int64_t i = 0; i < streams * n; ++i) {
      const auto target = static_cast<std::size_t>(targets.data_ptr<std::int64_t>()[i]);
      result.add(begin + i % n, file.lengths()[target], nll.data_ptr<float>()[i]);
    }
  }
  return result;
}

std::vector<Evaluation> evaluate_files(const Tracker& tracker, const Parameters& parameters,
                                       const std::vector<std::shared_ptr<const TokenFile>>& files, const TrainConfig& config) {
  std::vector<Evaluation> evaluations;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = config.heldout[i].tokens.stem().string();
    evaluations.push_back(evaluate_file(tracker, parameters, *files[i], name, config));
  }
  return evaluations;
}

class Log {
 public:
  explicit Log(const std::filesystem::path& path) {
    const bool fresh = !std::filesystem::exists(path);
    out_.open(path, std::ios::app);
    if (!out_) throw std::runtime_error(path.string() + ": cannot be written");
    if (fresh) out_ << "step,tokens,loss,learning_rate,gradient_norm,tokens_per_s\n";
  }
  void add(const TrainProgress& p) {
    out_ << p.step << ',' << p.tokens << ',' << p.loss << ',' << p.learning_rate << ',' << p.gradient_norm << ',' << p.tokens_per_s
         << std::endl;
  }

 private:
  std::ofstream out_;
};

}  // namespace

double learning_rate_at(const TrainConfig& config, std::int64_t step) {
  if (step < config.warmup_steps) {
    return config.learning_rate * static_cast<double>(step + 1) / static_cast<double>(config.warmup_steps);
  }
  const double span = static_cast<double>(std::max<std::int64_t>(1, config.steps - config.warmup_steps));
  const double done = std::min(1.0, static_cast<double>(step - config.warmup_steps) / span);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * done));
  return config.learning_rate * (config.final_learning_rate + (1 - config.final_learning_rate) * cosine);
}

bool train(const TrainConfig& config, const TrainObserver& observer) {
  if (config.threads > 0) at::set_num_threads(config.threads);
  const torch::Device device = torch_device(config.device);
  const auto compute = config.precision == Precision::bfloat16 ? torch::kBFloat16 : torch::kFloat;
  const auto files = open_files(config.train, config.model.vocab), heldout = open_files(config.heldout, config.model.vocab);
  std::vector<double> weights;
  for (const TrainSource& source : config.train) weights.push_back(source.weight);
  Batches batches(files, weights, config.batch, config.segment, config.run_tokens, config.seed);

  Parameters parameters(config.model, device, compute);
  if (config.initial_weights.empty()) {
    parameters.initialise(config.seed);
  } else {
    parameters.load(config.initial_weights);
  }
  Optimiser optimiser(parameters, {.kind = config.optimiser, .weight_decay = config.weight_decay});
  const Tracker tracker(parameters);
  SegmentState state = tracker.initial_state(config.batch);
  TrainingState training{parameters, optimiser, batches, state};
  const std::filesystem::path checkpoint = config.output / "checkpoint";
  std::filesystem::create_directories(config.output);
  if (load_checkpoint(checkpoint, training) && observer.note) observer.note("resumed at step " + std::to_string(training.step));
  if (observer.note && config.precision != Precision::float32 && fast_precision(config.device) == Precision::float32) {
    observer.note("this processor has no bfloat16 products: \"precision\": \"float32\" would be many times faster");
  }
  Log log(config.output / "log.csv");

  const std::int64_t tokens_per_step = static_cast<std::int64_t>(config.batch) * config.segment;
  Tensor loss_sum = torch::zeros({}, torch::TensorOptions().dtype(torch::kFloat).device(device));
  std::int64_t steps_in_sum = 0;
  auto reported = Clock::now(), saved = Clock::now();
  double gradient_norm = 0;
  while (training.step < config.steps) {
    if (observer.stop != nullptr && observer.stop->load()) {
      save_checkpoint(checkpoint, training);
      return false;
    }
    parameters.refresh_compute();
    const Batch batch = batches.next();
    const Tensor all = torch::tensor(batch.tokens, torch::kLong).view({config.batch, config.segment + 1}).to(device);
    std::vector<float> keep;
    for (const bool cleared : batch.cleared) keep.push_back(cleared ? 0.0F : 1.0F);
    state.keep(torch::tensor(keep).to(device), config.model.heads);

    const Tensor y = tracker.forward(all.slice(1, 0, config.segment), chunk_at(config, training.step), state);
    const Tensor loss = head_loss(y, parameters["embed.weight"], all.slice(1, 1).reshape({-1}));
    parameters.gradients().zero_();
    loss.backward();
    gradient_norm = clip_gradients(parameters.gradients(), config.clip);
    const double rate = learning_rate_at(config, training.step);
    if (std::isfinite(gradient_norm)) {
      optimiser.step(parameters, rate);
    } else if (observer.note) {
      observer.note("step " + std::to_string(training.step) + ": gradient is not finite, step skipped");
    }
    loss_sum += loss.detach();
    ++steps_in_sum;
    training.step += 1;
    training.tokens += tokens_per_step;

    if (const double elapsed = seconds_since(reported); elapsed > 1.0 || training.step == config.steps) {
      TrainProgress p;
      p.step = training.step;
      p.steps = config.steps;
      p.tokens = training.tokens;
      p.loss = loss_sum.item<double>() / static_cast<double>(steps_in_sum);
      p.learning_rate = rate;
      p.gradient_norm = gradient_norm;
      p.tokens_per_s = static_cast<double>(steps_in_sum * tokens_per_step) / elapsed;
      p.remaining_s = static_cast<double>((config.steps - training.step) * tokens_per_step) / p.tokens_per_s;
      log.add(p);
      if (observer.progress) observer.progress(p);
      loss_sum.zero_();
      steps_in_sum = 0;
      reported = Clock::now();
    }
    const bool last = training.step == config.steps;
    if (!heldout.empty() && (last || training.step % config.evaluate_every == 0)) {
      parameters.refresh_compute();
      if (observer.evaluated) observer.evaluated(training.step, evaluate_files(tracker, parameters, heldout, config));
    }
    if (last || seconds_since(saved) > config.checkpoint_every_s) {
      save_checkpoint(checkpoint, training);
      saved = Clock::now();
    }
  }
  parameters.save(config.output / "model.safetensors", config.save_precision == Precision::bfloat16);
  config.model.save(config.output / "config.json");
  return true;
}

std::vector<Evaluation> evaluate_heldout(const TrainConfig& config, const std::filesystem::path& weights) {
  if (config.threads > 0) at::set_num_threads(config.threads);
  Parameters parameters(config.model, torch_device(config.device), torch::kFloat);
  parameters.load(weights);
  parameters.refresh_compute();
  const Tracker tracker(parameters);
  return evaluate_files(tracker, parameters, open_files(config.heldout, config.model.vocab), config);
}

}  // namespace catena::model
