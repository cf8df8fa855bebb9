#include "model/tracker/parameters.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "model/runtime/safetensors.h"

namespace catena::model {
namespace {

using torch::Tensor;

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Matrices are decayed; the embedding, convolutions, norms and biases are not.
bool is_decayed(const TensorSpec& spec) {
  return spec.shape.size() == 2 && spec.name != "embed.weight" && !ends_with(spec.name, "conv.weight");
}

/// How many matrices of width columns are stacked in a projection between hidden layers; 0 for every other tensor.
std::int64_t stacked(const TensorSpec& spec, const ModelConfig& config) {
  if (ends_with(spec.name, ".mixer.in.weight")) return spec.shape[0] / config.width;
  if (ends_with(spec.name, ".ffn.in.weight")) return 2;
  const bool single = ends_with(spec.name, ".mixer.out.weight") || ends_with(spec.name, ".ffn.out.weight") ||
                      ends_with(spec.name, ".regression.weight") || ends_with(spec.name, ".query.weight") ||
                      ends_with(spec.name, ".attention_out.weight");
  return single ? 1 : 0;
}

std::int64_t elements(const TensorSpec& spec) {
  return std::accumulate(spec.shape.begin(), spec.shape.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace

Parameters::Parameters(const ModelConfig& config, torch::Device device, torch::ScalarType compute_type)
    : config_(config), compute_type_(compute_type), specs_(tensor_specs(config)) {
  const auto decayed_end = std::stable_partition(specs_.begin(), specs_.end(), is_decayed);
  std::stable_partition(specs_.begin(), decayed_end, [&](const TensorSpec& spec) { return stacked(spec, config) > 0; });
  std::int64_t count = 0;
  for (const TensorSpec& spec : specs_) {
    count += elements(spec);
    if (is_decayed(spec)) decayed_ += elements(spec);
  }
  const auto options = torch::TensorOptions().dtype(torch::kFloat).device(device);
  values_ = torch::zeros({count}, options);
  gradients_ = torch::zeros({count}, options);
  compute_ = compute_type == torch::kFloat ? values_ : torch::zeros({count}, options.dtype(compute_type));
  std::int64_t offset = 0;
  for (const TensorSpec& spec : specs_) {
    const auto part = [&](const Tensor& block) {
      return block.narrow(0, offset, elements(spec)).view(spec.shape).detach();
    };
    MasterWeight weight;
    weight.master = part(values_).requires_grad_();
    weight.master.mutable_grad() = part(gradients_);  // defined from the start: gradients are summed in place
    weight.compute = part(compute_);
    by_name_[spec.name] = weight;
    if (const std::int64_t groups = stacked(spec, config); groups > 0) {
      hidden_.push_back({offset, groups, spec.shape[0] / groups, spec.shape[1]});
    }
    offset += elements(spec);
  }
}

const MasterWeight& Parameters::operator[](const std::string& name) const {
  const auto it = by_name_.find(name);
  if (it == by_name_.end()) throw std::runtime_error("the model has no tensor '" + name + "'");
  return it->second;
}

void Parameters::refresh_compute() {
  const torch::NoGradGuard no_grad;
  if (compute_type_ != torch::kFloat) compute_.copy_(values_);
}

void Parameters::initialise(std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  auto generator = torch::make_generator<torch::CPUGeneratorImpl>(seed);
  const double residual = 1.0 / std::sqrt(2.0 * config_.layers);  // outputs that add up over the depth
  for (const TensorSpec& spec : tensor_specs(config_)) {          // in file order, whatever the order in memory
    Tensor value = torch::zeros(spec.shape, torch::kFloat);
    if (spec.name == "embed.weight") {
      value.normal_(0, 0.02, generator);
    } else if (ends_with(spec.name, ".conv.weight")) {
      value.uniform_(-0.5, 0.5, generator);
    } else if (ends_with(spec.name, "decay.bias")) {
      // With log_rate = 0 a head forgets by softplus(bias) = 1/tau a token: tau from 16 to 4096 tokens over the heads,
      // 256 of a single one.
      const std::int64_t heads = spec.shape[0];
      for (std::int64_t h = 0; h < heads; ++h) {
        const double place = heads == 1 ? 0.5 : static_cast<double>(h) / static_cast<double>(heads - 1);
        const double tau = 16 * std::pow(256.0, place);
        value[h] = std::log(std::expm1(1.0 / tau));
      }
    } else if (ends_with(spec.name, "decay.weight")) {
      value.normal_(0, 0.1 / std::sqrt(static_cast<double>(config_.width)), generator);
    } else if (ends_with(spec.name, "importance.out.weight")) {
      // Small, since the gate's temperature divides the score.
      value.normal_(0, 0.5 * config_.gate_temperature / std::sqrt(static_cast<double>(spec.shape[1])), generator);
    } else if (spec.shape.size() == 2 && !ends_with(spec.name, "around_conv.weight") &&
               !ends_with(spec.name, "local_conv.weight")) {  // those begin as if they were not there
      const bool output = ends_with(spec.name, "mixer.out.weight") || ends_with(spec.name, "ffn.out.weight") ||
                          ends_with(spec.name, "attention_out.weight");
      value.normal_(0, 0.5 / std::sqrt(static_cast<double>(spec.shape[1])) * (output ? residual : 1.0), generator);
    } else if (ends_with(spec.name, "norm.weight") || ends_with(spec.name, "norm1.weight") ||
               ends_with(spec.name, "norm2.weight")) {
      value.fill_(1);
    }
    (*this)[spec.name].master.copy_(value);
  }
}

void Parameters::load(const std::filesystem::path& path) {
  const torch::NoGradGuard no_grad;
  const SafetensorsFile file(path);
  for (const TensorSpec& spec : specs_) {
    const auto it = file.tensors().find(spec.name);
    if (it == file.tensors().end() || it->second.shape != spec.shape) {
      throw std::runtime_error(path.string() + ": tensor '" + spec.name +
                               "' is missing or has another shape than the config asks for");
    }
    std::vector<float> values = it->second.to_float();
    master(spec.name).copy_(torch::from_blob(values.data(), spec.shape, torch::kFloat));
  }
}

void Parameters::save(const std::filesystem::path& path, bool as_bfloat16) const {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : tensor_specs(config_)) {
    const Tensor value = master(spec.name).detach().to(torch::kCPU).contiguous();
    const float* data = value.data_ptr<float>();
    tensors.push_back({spec.name, spec.shape, std::vector<float>(data, data + value.numel())});
  }
  write_safetensors(path, tensors, as_bfloat16 ? DType::bfloat16 : DType::float32);
}

}  // namespace catena::model
