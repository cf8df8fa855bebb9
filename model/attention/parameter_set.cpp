#include "model/attention/parameter_set.h"

#include <cmath>

namespace catena::model::lab {

using torch::Tensor;

ParameterSet::ParameterSet(std::uint64_t seed) : generator_(torch::make_generator<torch::CPUGeneratorImpl>(seed)) {}

Tensor ParameterSet::add(const std::string& name, const Tensor& value) {
  all_.emplace_back(name, value.detach().requires_grad_());
  return all_.back().second;
}

Tensor ParameterSet::add_normal(const std::string& name, const std::vector<std::int64_t>& shape, double deviation) {
  return add(name, torch::empty(shape, torch::kFloat).normal_(0, deviation, generator_));
}

Tensor ParameterSet::add_projection(const std::string& name, std::int64_t out, std::int64_t in) {
  return add_normal(name, {out, in}, 1 / std::sqrt(static_cast<double>(in)));
}

std::int64_t ParameterSet::count() const {
  std::int64_t total = 0;
  for (const auto& [name, tensor] : all_) total += tensor.numel();
  return total;
}

void ParameterSet::convert(torch::ScalarType type) {
  for (auto& [name, tensor] : all_) tensor.set_data(tensor.detach().to(type));
}

ParameterSet::Block ParameterSet::pack() {
  Block block;
  block.values = torch::empty({count()}, torch::kFloat);
  block.gradients = torch::zeros({count()}, torch::kFloat);
  std::int64_t offset = 0;
  for (const bool matrices : {true, false}) {
    for (auto& [name, tensor] : all_) {
      if ((tensor.dim() == 2) != matrices) continue;
      const auto part = [&, shape = tensor.sizes().vec(), size = tensor.numel()](const Tensor& whole) {
        return whole.narrow(0, offset, size).view(shape).detach();
      };
      part(block.values).copy_(tensor.detach());
      tensor.set_data(part(block.values));
      tensor.mutable_grad() = part(block.gradients);  // defined from the start: gradients are summed in place
      offset += tensor.numel();
    }
    if (matrices) block.decayed = offset;
  }
  return block;
}

}  // namespace catena::model::lab
