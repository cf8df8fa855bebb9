#include "model/train/checkpoint.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/runtime/atomic_file.h"
#include "model/runtime/safetensors.h"

namespace catena::model {
namespace {

using nlohmann::json;
using torch::Tensor;

NamedTensor named(const std::string& name, const Tensor& tensor) {
  const Tensor host = tensor.detach().to(torch::kCPU).contiguous();
  const float* data = host.data_ptr<float>();
  return {name, host.sizes().vec(), std::vector<float>(data, data + host.numel())};
}

void restore(const SafetensorsFile& file, const std::string& name, Tensor& tensor, const std::filesystem::path& path) {
  const torch::NoGradGuard no_grad;
  const auto it = file.tensors().find(name);
  if (it == file.tensors().end() || it->second.shape != tensor.sizes().vec()) {
    throw std::runtime_error(path.string() + ": '" + name + "' does not fit this training; remove the folder to start anew");
  }
  std::vector<float> values = it->second.to_float();
  tensor.copy_(torch::from_blob(values.data(), tensor.sizes(), torch::kFloat));
}

/// Name and tensor of everything that is saved.
template <typename F>
void each_tensor(const TrainingState& state, const F& f) {
  f("values", state.parameters.values());
  f("first_moment", state.optimiser.first_moment());
  f("second_moment", state.optimiser.second_moment());
  for (std::size_t i = 0; i < state.segment.layers.size(); ++i) {
    SegmentState::Layer& layer = state.segment.layers[i];
    if (layer.memory.defined()) f("memory." + std::to_string(i), layer.memory);
    if (layer.tail.defined()) f("tail." + std::to_string(i), layer.tail);
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& folder, const TrainingState& state) {
  std::filesystem::create_directories(folder);
  std::vector<NamedTensor> tensors;
  each_tensor(state, [&](const std::string& name, Tensor& tensor) { tensors.push_back(named(name, tensor)); });
  // The position travels inside the same file, so that tensors and position can never be of different steps.
  json lanes = json::array();
  for (const Batches::Lane& lane : state.batches.lanes()) lanes.push_back({lane.source, lane.offset, lane.remaining, lane.starts});
  const json position = {{"step", state.step},
                         {"tokens", state.tokens},
                         {"optimiser_steps", state.optimiser.steps()},
                         {"chunks", state.segment.chunks},
                         {"lanes", lanes}};
  write_safetensors(folder / "training.safetensors", tensors, DType::float32, {{"position", position.dump()}});
}

bool load_checkpoint(const std::filesystem::path& folder, TrainingState& state) {
  const std::filesystem::path path = folder / "training.safetensors";
  if (!std::filesystem::exists(path)) return false;
  const SafetensorsFile file(path);
  each_tensor(state, [&](const std::string& name, Tensor& tensor) { restore(file, name, tensor, path); });
  try {
    const json position = json::parse(file.metadata().at("position"));
    const json& lanes = position.at("lanes");
    if (lanes.size() != state.batches.lanes().size()) throw std::runtime_error("another batch size");
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      state.batches.lanes()[i] = {lanes[i].at(0), lanes[i].at(1), lanes[i].at(2), lanes[i].at(3)};
    }
    state.step = position.at("step");
    state.tokens = position.at("tokens");
    state.optimiser.steps() = position.at("optimiser_steps");
    state.segment.chunks = position.at("chunks");
  } catch (const std::exception& error) {
    throw std::runtime_error(path.string() + ": position is damaged (" + error.what() + "); remove the folder to start anew");
  }
  return true;
}

}  // namespace catena::model
