#include "model/attention/recall.h"

#include <algorithm>

#include "model/attention/lab_model.h"
#include "model/attention/memory_task.h"
#include "model/tracker/adamw.h"
#include "model/tracker/optimiser.h"
#include "model/train/learning_rate.h"

namespace catena::model::lab {
namespace {

using torch::Tensor;

LabConfig model_of(const RecallPlan& plan, const MemoryTask& task) {
  LabConfig config;
  config.name = "recall";
  config.vocab = task.vocab();
  config.layers = plan.layers;
  config.ffn = plan.ffn;
  config.mixer = plan.mixer;
  for (const auto* distances : {&plan.trained, &plan.distances}) {
    for (const std::int64_t distance : *distances)
      config.mixer.max_length = std::max(config.mixer.max_length, task.length(distance));
  }
  return config;
}

/// What the model says of the questions at the sequences' ends: [B * pairs, d].
Tensor answers_to(const LabModel& model, const MemoryTask& task, const MemoryBatch& batch) {
  const Tensor x = model.embed(batch.tokens).sum(2);
  const Tensor y = model.forward(x).view(x.sizes());
  return y.slice(1, x.size(1) - task.pairs).reshape({-1, x.size(2)});
}

double ask(const LabModel& model, const MemoryTask& task, std::int64_t distance, const RecallPlan& plan) {
  const torch::NoGradGuard no_grad;
  std::mt19937_64 random(plan.seed + 1000003 * static_cast<std::uint64_t>(distance + 1));  // not what was trained on
  std::int64_t right = 0, all = 0;
  while (all < plan.asked * task.pairs) {
    const MemoryBatch batch = draw(task, distance, std::min(plan.batch, plan.asked), random);
    const Tensor said = answers_to(model, task, batch).mm(model.embedding().compute.t()).argmax(1);
    right += (said == batch.answers.view({-1})).sum().item<std::int64_t>();
    all += said.numel();
  }
  return static_cast<double>(right) / static_cast<double>(all);
}

}  // namespace

RecallResult train_to_recall(const RecallPlan& plan, const std::atomic<bool>* stop) {
  MemoryTask task;
  task.kind = plan.copy ? MemoryTask::Kind::copy : MemoryTask::Kind::recall;
  task.pairs = plan.pairs;
  LabModel model(model_of(plan, task), plan.seed);
  ParameterSet::Block block = model.parameters().pack();
  Tensor m = torch::zeros_like(block.values), v = torch::zeros_like(block.values);
  const LearningRate rate{plan.learning_rate, 0.05, plan.steps / 20, plan.steps};
  const OptimiserOptions options{.beta2 = 0.99, .weight_decay = 0.01};
  std::mt19937_64 random(plan.seed);

  RecallResult result;
  std::int64_t counted = 0;
  for (std::int64_t step = 0; step < plan.steps && (stop == nullptr || !stop->load()); ++step) {
    const auto place = std::uniform_int_distribution<std::size_t>(0, plan.trained.size() - 1)(random);
    const MemoryBatch batch = draw(task, plan.trained[place], plan.batch, random);
    const Tensor loss = head_loss(answers_to(model, task, batch), model.embedding(), batch.answers.view({-1}));
    block.gradients.zero_();
    loss.backward();
    clip_gradients(block.gradients, 1);
    const torch::NoGradGuard no_grad;
    adamw_step(block.values, block.gradients, m, v, block.decayed, step + 1, rate.at(step), options);
    if (step >= plan.steps - std::max<std::int64_t>(1, plan.steps / 10)) {
      result.loss += loss.item<double>();
      ++counted;
    }
  }
  if (counted > 0) result.loss /= static_cast<double>(counted);
  for (const std::int64_t distance : plan.distances)
    result.points.push_back({distance, ask(model, task, distance, plan)});
  result.parameters = model.parameters().count();
  result.streams = model.streams();
  const std::int64_t longest = task.length(*std::max_element(plan.distances.begin(), plan.distances.end()));
  result.state_bytes = plan.layers * model.mixer(0).state_bytes(longest);
  return result;
}

}  // namespace catena::model::lab
