#include "model/train/checkpoint.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/runtime/atomic_file.h"
#include "model/train/tensor_file.h"

namespace catena::model {
namespace {

using nlohmann::json;
using torch::Tensor;

/// What the optimiser keeps of the weights in its range: name and tensor.
template <typename F>
void each_moment(const TrainingState& state, const F& f) {
  f("first_moment", state.optimiser.first_moment());
  f("second_moment", state.optimiser.second_moment());
}

/// What belongs to the streams that a process reads; the streams are the first dimension.
template <typename F>
void each_stream_tensor(const TrainingState& state, const F& f) {
  for (std::size_t i = 0; i < state.segment.layers.size(); ++i) {
    SegmentState::Layer& layer = state.segment.layers[i];
    if (layer.memory.defined()) f("memory." + std::to_string(i), layer.memory);
    if (layer.tail.defined()) f("tail." + std::to_string(i), layer.tail);
    if (layer.summaries.defined()) f("summaries." + std::to_string(i), layer.summaries);
  }
}

/// The part of the plan that a resumed run must not change, or it would not go on as if it had never stopped.
json fixed_plan(const TrainingState& state) {
  const TrainConfig& config = state.config;
  json sources = json::array();
  for (const TrainSource& source : config.train) sources.push_back({source.tokens.filename().string(), source.weight});
  return {{"optimiser", config.optimiser == OptimiserKind::muon ? "muon" : "adamw"},
          {"seed", config.seed},
          {"batch", config.batch * state.group.size()},
          {"segment", config.segment},
          {"chunk_lengths", config.chunk_lengths},
          {"run_tokens", config.run_tokens},
          {"train", sources}};
}

constexpr std::int64_t kLaneNumbers = 4;

/// The positions of the streams of all processes, [streams, 4] int64.
Tensor all_lanes(const TrainingState& state) {
  std::vector<std::int64_t> numbers;
  for (const Batches::Lane& lane : state.batches.lanes()) {
    for (const std::int64_t number : {lane.source, lane.offset, lane.remaining, lane.starts}) numbers.push_back(number);
  }
  return state.group.gather(torch::tensor(numbers, torch::kLong).view({-1, kLaneNumbers}));
}

}  // namespace

void save_checkpoint(const std::filesystem::path& folder, const TrainingState& state) {
  std::vector<NamedTensor> tensors;
  const Tensor lanes = all_lanes(state);
  each_stream_tensor(state, [&](const std::string& name, Tensor& tensor) {
    tensors.push_back(named_tensor(name, state.group.gather(tensor)));
  });
  each_moment(state, [&](const std::string& name, Tensor& tensor) {
    if (const Tensor whole = state.shards.gather(tensor); whole.defined()) tensors.push_back(named_tensor(name, whole));
  });
  if (!state.group.first()) return;
  tensors.push_back(named_tensor("values", state.parameters.values()));
  std::filesystem::create_directories(folder);
  json positions = json::array();
  const std::int64_t* numbers = lanes.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < lanes.numel(); i += kLaneNumbers)
    positions.push_back({numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]});
  // The position travels inside the same file, so that tensors and position can never be of different steps.
  const json position = {{"step", state.step},
                         {"tokens", state.tokens},
                         {"optimiser_steps", state.optimiser.steps()},
                         {"chunks", state.segment.chunks},
                         {"loss_scale", {state.loss_scale.factor(), state.loss_scale.good_steps()}},
                         {"lanes", positions},
                         {"plan", fixed_plan(state)}};
  write_safetensors(folder / "training.safetensors", tensors, DType::float32, {{"position", position.dump()}});
}

bool load_checkpoint(const std::filesystem::path& folder, TrainingState& state) {
  const std::filesystem::path path = folder / "training.safetensors";
  if (!std::filesystem::exists(path)) return false;
  const SafetensorsFile file(path);
  const int rank = state.group.rank(), size = state.group.size();
  try {
    const json position = json::parse(file.metadata().at("position"));
    const json now = fixed_plan(state), &then = position.at("plan");
    for (const auto& [key, value] : now.items()) {
      if (then.at(key) != value) {
        throw std::runtime_error("was made with '" + key + "' " + then.at(key).dump() + ", the plan now says " +
                                 value.dump() + "; change it back");
      }
    }
    restore_tensor(file, "values", state.parameters.values());
    each_moment(state, [&](const std::string& name, Tensor& tensor) {
      restore_rows(file, name, tensor, state.optimiser.range().begin, state.parameters.values().numel());
    });
    each_stream_tensor(state, [&](const std::string& name, Tensor& tensor) {
      restore_rows(file, name, tensor, rank * tensor.size(0), size * tensor.size(0));
    });
    const json& lanes = position.at("lanes");
    auto& own = state.batches.lanes();
    for (std::size_t i = 0; i < own.size(); ++i) {
      const json& lane = lanes.at(static_cast<std::size_t>(rank) * own.size() + i);
      own[i] = {lane.at(0), lane.at(1), lane.at(2), lane.at(3)};
    }
    state.step = position.at("step");
    state.tokens = position.at("tokens");
    state.optimiser.steps() = position.at("optimiser_steps");
    state.segment.chunks = position.at("chunks");
    if (const auto scale = position.find("loss_scale"); scale != position.end())
      state.loss_scale.restore(scale->at(0), scale->at(1));
  } catch (const json::exception&) {
    throw std::runtime_error(path.string() + ": its position is damaged; remove the folder to start anew");
  } catch (const std::out_of_range&) {
    throw std::runtime_error(path.string() + ": its position is damaged; remove the folder to start anew");
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(path.string() + ": " + error.what() + " or remove the folder to start anew");
  }
  return true;
}

}  // namespace catena::model
