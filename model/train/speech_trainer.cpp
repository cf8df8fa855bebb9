#include "model/train/speech_trainer.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "model/speech/frame_stack.h"
#include "model/speech/greedy_decoder.h"
#include "model/speech/speech_batches.h"
#include "model/speech/symbols.h"
#include "model/tracker/optimiser.h"
#include "model/tracker/parameters.h"
#include "model/tracker/tracker.h"
#include "model/train/learning_rate.h"
#include "model/train/tensor_file.h"
#include "model/train/training_run.h"
#include "model/train/weight_update.h"

namespace catena::model {
namespace {

using nlohmann::json;
using torch::Tensor;

std::vector<std::shared_ptr<const UtteranceFile>> open_files(const std::vector<SpeechSource>& sources) {
  std::vector<std::shared_ptr<const UtteranceFile>> files;
  for (const SpeechSource& source : sources) files.push_back(std::make_shared<const UtteranceFile>(source.utterances));
  return files;
}

std::vector<double> weights_of(const std::vector<SpeechSource>& sources) {
  std::vector<double> weights;
  for (const SpeechSource& source : sources) weights.push_back(source.weight);
  return weights;
}

int lane_steps(const SpeechConfig& config) { return static_cast<int>(config.seconds * 1000 / kStepMs); }

/// Mean loss a symbol: every part of a lane is read by itself, so that nothing has to be found out that is known.
/// logits [B * T, V] float32.
Tensor ctc(const Tensor& logits, const SpeechBatch& batch, std::int64_t lane_length) {
  std::vector<std::int64_t> symbols, lengths, steps, rows;
  std::int64_t longest = 0;
  for (const SpokenPart& part : batch.parts) longest = std::max<std::int64_t>(longest, part.steps);
  for (const SpokenPart& part : batch.parts) {
    symbols.insert(symbols.end(), part.symbols.begin(), part.symbols.end());
    lengths.push_back(static_cast<std::int64_t>(part.symbols.size()));
    steps.push_back(part.steps);
    for (std::int64_t t = 0; t < longest; ++t)
      rows.push_back(part.lane * lane_length + part.first + std::min<std::int64_t>(t, part.steps - 1));
  }
  const Tensor log_p =
      torch::log_softmax(logits, 1).index_select(0, torch::tensor(rows, torch::kLong).to(logits.device()));
  const Tensor targets = torch::tensor(symbols, torch::kLong).to(logits.device());
  const Tensor nll =
      torch::ctc_loss(log_p.view({static_cast<std::int64_t>(batch.parts.size()), longest, -1}).transpose(0, 1), targets,
                      steps, lengths, kBlank, /*reduction=*/at::Reduction::Sum, /*zero_infinity=*/true);
  return nll / static_cast<double>(symbols.size());
}

SpeechEvaluation evaluate_file(const Tracker& tracker, const UtteranceFile& file, const std::string& name,
                               const SpeechConfig& config, const Lexicon* lexicon) {
  const torch::NoGradGuard no_grad;
  SpeechEvaluation result;
  result.name = name;
  const auto count = static_cast<std::int64_t>(file.utterances().size()),
             wanted = std::min(count, config.evaluate_utterances);
  for (std::int64_t i = 0; i < wanted; ++i) {
    const Utterance& utterance = file.utterances()[static_cast<std::size_t>(i * count / wanted)];
    const std::vector<float> mels = file.mels(utterance);
    FrameStack stack;
    std::vector<float> inputs;
    for (std::size_t t = 0; t < mels.size(); t += kMelBands) stack.feed(std::span(mels).subspan(t, kMelBands), inputs);
    if (inputs.empty()) continue;
    const Tensor x = torch::from_blob(
        inputs.data(), {1, static_cast<std::int64_t>(inputs.size() / kStackedFeatures), kStackedFeatures},
        torch::kFloat);
    SegmentState state = tracker.initial_state(1);
    const Tensor embedded = tracker.embed_frames(x);
    const Tensor logits =
        tracker.symbol_logits(tracker.forward_embedded(embedded, 1, config.evaluate_chunk_ms / kStepMs, state))
            .to(torch::kCPU)
            .contiguous();
    GreedyDecoder decoder;
    std::vector<Symbol> read;
    for (std::int64_t t = 0; t < logits.size(0); ++t) {
      const Symbol symbol =
          decoder.feed({logits.data_ptr<float>() + t * logits.size(1), static_cast<std::size_t>(logits.size(1))});
      if (symbol != kBlank) read.push_back(symbol);
    }
    const std::string text = to_text(read),
                      said = lexicon == nullptr
                                 ? utterance.text
                                 : to_text(lexicon->symbols(utterance.text).value_or(std::vector<Symbol>{}));
    if (said.empty()) continue;  // a word that the lexicon lacks
    result.words += word_errors(said, text);
    result.characters += character_errors(said, text);
  }
  return result;
}

class Run final : public TrainingRun {
 public:
  Run(const SpeechConfig& config, const SpeechObserver& observer)
      : config_(config),
        observer_(observer),
        device_(config.device == Device::cuda ? torch::kCUDA : torch::kCPU),
        lexicon_(config.lexicon.empty() ? std::nullopt : std::optional(Lexicon::load(config.lexicon))),
        heldout_(open_files(config.heldout)),
        batches_(open_files(config.train), weights_of(config.train), config.batch, lane_steps(config), config.seed,
                 config.augment, lexicon()),
        parameters_(config.model, device_, torch::kFloat),
        average_(config.model, device_, torch::kFloat),
        optimiser_(parameters_, {.kind = OptimiserKind::muon, .weight_decay = config.weight_decay}),
        update_(config.clip, 0),
        tracker_(parameters_, {}, config.dropout),
        averaged_tracker_(average_) {
    if (config.initial_weights.empty()) {
      parameters_.initialise(config.seed);
    } else {
      parameters_.load(config.initial_weights);
    }
    average_.values().copy_(parameters_.values());
    std::filesystem::create_directories(config.output / "checkpoint");
    if (resume()) note("resumed at step " + std::to_string(step_));
    log_.open(config.output / "log.csv", std::ios::app);
    scores_.open(config.output / "heldout.csv", std::ios::app);
    if (!log_ || !scores_) throw std::runtime_error(config.output.string() + ": cannot be written to");
    if (log_.tellp() == 0) log_ << "step,loss,learning_rate,gradient_norm\n";
    if (scores_.tellp() == 0) scores_ << "step,name,word_error_percent,character_error_percent\n";
  }

  bool to_the_end() {
    next_ = prepare(step_);
    return run({config_.steps, config_.evaluate_every, config_.checkpoint_every_s}, observer_.stop);
  }

 private:
  const Lexicon* lexicon() const { return lexicon_ ? &*lexicon_ : nullptr; }
  void note(const std::string& line) const {
    if (observer_.note) observer_.note(line);
  }
  std::filesystem::path checkpoint() const { return config_.output / "checkpoint" / "training.safetensors"; }

  /// Batches are made on another thread while the last one is learnt from.
  std::future<SpeechBatch> prepare(std::int64_t step) const {
    return std::async(std::launch::async, [this, step] { return batches_.at(step); });
  }

  std::int64_t steps_done() const override { return step_; }
  bool worth_saving() const override { return !update_.skipping(); }

  void step() override {
    SpeechBatch batch = next_.get();
    if (step_ + 1 < config_.steps) next_ = prepare(step_ + 1);
    std::mt19937_64 random = generator_of_step(config_.seed, step_);
    const int chunk = draw_chunk(config_.chunk_ms, random) / kStepMs;
    torch::manual_seed(random());  // of the dropout, so that a resumed run draws the same
    const std::int64_t lanes = config_.batch, length = lane_steps(config_);
    const Tensor x =
        torch::from_blob(batch.inputs.data(), {lanes, length, kStackedFeatures}, torch::kFloat).to(device_);
    SegmentState state = tracker_.initial_state(lanes);
    Tensor middle;
    const Tensor y = tracker_.forward_embedded(tracker_.embed_frames(x), lanes, chunk, state,
                                               config_.intermediate_loss > 0 ? &middle : nullptr);
    const Tensor loss = ctc(tracker_.symbol_logits(y), batch, length);
    Tensor objective = loss;
    if (config_.intermediate_loss > 0) {
      objective = (1 - config_.intermediate_loss) * loss +
                  config_.intermediate_loss * ctc(tracker_.symbol_logits(middle), batch, length);
    }
    parameters_.gradients().zero_();
    objective.backward();
    rate_ =
        LearningRate{config_.learning_rate, config_.final_learning_rate, config_.warmup_steps, config_.steps}.at(step_);
    const auto [norm, skipped] = update_.apply(parameters_, optimiser_, rate_);
    norm_ = norm;
    if (skipped) {
      note("step " + std::to_string(step_) + ": gradient is not finite, step skipped");
    } else {
      loss_sum_ += loss.item<double>();
      ++losses_;
    }
    ++step_;
    const torch::NoGradGuard no_grad;
    // At the start the mean follows sooner.
    const double decay = std::min(config_.averaging, static_cast<double>(step_) / static_cast<double>(step_ + 10));
    average_.values().lerp_(parameters_.values(), 1 - decay);
  }

  void report(const Pace& pace) override {
    const double a_step = pace.seconds_a_step();
    SpeechProgress p{step_,
                     config_.steps,
                     losses_ == 0 ? 0 : loss_sum_ / losses_,
                     rate_,
                     norm_,
                     config_.batch * config_.seconds / a_step,
                     static_cast<double>(config_.steps - step_) * a_step};
    log_ << p.step << ',' << p.loss << ',' << p.learning_rate << ',' << p.gradient_norm << '\n' << std::flush;
    if (observer_.progress) observer_.progress(p);
    loss_sum_ = losses_ = 0;
  }

  void evaluate() override {
    std::vector<SpeechEvaluation> results;
    for (std::size_t i = 0; i < heldout_.size(); ++i) {
      results.push_back(evaluate_file(averaged_tracker_, *heldout_[i], config_.heldout[i].utterances.stem().string(),
                                      config_, lexicon()));
      scores_ << step_ << ',' << results.back().name << ',' << results.back().words.percent() << ','
              << results.back().characters.percent() << '\n';
    }
    scores_ << std::flush;
    if (observer_.evaluated && !results.empty()) observer_.evaluated(step_, results);
  }

  json plan() const {
    json sources = json::array();
    for (const SpeechSource& source : config_.train)
      sources.push_back({source.utterances.filename().string(), source.weight});
    return {{"seed", config_.seed},
            {"batch", config_.batch},
            {"seconds", config_.seconds},
            {"chunk_ms", config_.chunk_ms},
            {"train", sources}};
  }

  void save() override {
    require_finite_weights(parameters_, step_);
    const json position = {{"step", step_}, {"optimiser_steps", optimiser_.steps()}, {"plan", plan()}};
    write_safetensors(checkpoint(),
                      std::vector<NamedTensor>{named_tensor("values", parameters_.values()),
                                               named_tensor("average", average_.values()),
                                               named_tensor("first_moment", optimiser_.first_moment()),
                                               named_tensor("second_moment", optimiser_.second_moment())},
                      DType::float32, {{"position", position.dump()}});
    average_.save(config_.output / "model.safetensors", true);
    config_.model.save(config_.output / "config.json");
  }

  bool resume() {
    if (!std::filesystem::exists(checkpoint())) return false;
    try {
      const SafetensorsFile file(checkpoint());
      const json position = json::parse(file.metadata().at("position"));
      if (position.at("plan") != plan()) throw std::runtime_error("was made by another plan; change the plan back");
      restore_tensor(file, "values", parameters_.values());
      restore_tensor(file, "average", average_.values());
      restore_tensor(file, "first_moment", optimiser_.first_moment());
      restore_tensor(file, "second_moment", optimiser_.second_moment());
      step_ = position.at("step");
      optimiser_.steps() = position.at("optimiser_steps");
    } catch (const json::exception&) {
      throw std::runtime_error(checkpoint().string() + ": its position is damaged; remove the folder to start anew");
    } catch (const std::exception& error) {
      throw std::runtime_error(checkpoint().string() + ": " + error.what() + ", or remove the folder to start anew");
    }
    return true;
  }

  const SpeechConfig& config_;
  const SpeechObserver& observer_;
  torch::Device device_;
  std::optional<Lexicon> lexicon_;
  std::vector<std::shared_ptr<const UtteranceFile>> heldout_;
  SpeechBatches batches_;
  Parameters parameters_, average_;
  Optimiser optimiser_;
  WeightUpdate update_;
  Tracker tracker_, averaged_tracker_;
  std::future<SpeechBatch> next_;
  std::ofstream log_, scores_;

  std::int64_t step_ = 0;
  double loss_sum_ = 0, losses_ = 0, norm_ = 0, rate_ = 0;
};

}  // namespace

bool train_speech(const SpeechConfig& config, const SpeechObserver& observer) {
  at::set_num_threads(config.threads > 0 ? config.threads
                                         : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  return Run(config, observer).to_the_end();
}

}  // namespace catena::model
