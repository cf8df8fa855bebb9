#include "model/attention/mixer.h"

#include <sstream>
#include <stdexcept>

namespace catena::model::lab {

using torch::Tensor;

std::int64_t MixerState::bytes() const {
  std::int64_t total = 0;
  for (const Tensor& tensor : tensors) total += tensor.numel() * static_cast<std::int64_t>(tensor.element_size());
  return total;
}

void Mixer::check(const Tensor& x) const {
  const auto fail = [&](const std::string& what) {
    throw std::invalid_argument("system '" + config_.system + "': " + what);
  };
  if (x.dim() != 3 || x.size(2) != config_.width || x.size(0) == 0 || x.size(1) == 0) {
    std::ostringstream shape;
    shape << x.sizes();
    fail("input of shape " + shape.str() + ", expected [batch, tokens, " + std::to_string(config_.width) + "]");
  }
  if (x.scalar_type() != type()) {
    fail(std::string("input of type ") + c10::toString(x.scalar_type()) + ", expected " + c10::toString(type()) +
         " as the weights are");
  }
  if (!x.isfinite().all().item<bool>())
    fail("the input holds a number that is not finite; look for it before this layer");
}

Tensor Mixer::forward(const Tensor& x) const {
  check(x);
  if (x.size(1) > config_.max_length) {
    throw std::invalid_argument("system '" + config_.system + "': " + std::to_string(x.size(1)) +
                                " tokens, more than max_length " + std::to_string(config_.max_length));
  }
  return mix(x);
}

MixerState Mixer::initial_state(std::int64_t) const {
  throw std::invalid_argument("system '" + config_.system + "' does not stream: it has no form that reads on");
}

Tensor Mixer::mix_next(const Tensor&, MixerState&) const {
  throw std::invalid_argument("system '" + config_.system + "' does not stream: it has no form that reads on");
}

Tensor Mixer::step(const Tensor& x, MixerState& state) const {
  const torch::NoGradGuard no_grad;
  check(x);
  std::vector<Tensor> outputs;
  for (const Tensor& token : x.unbind(1)) {
    outputs.push_back(mix_next(token, state));
    ++state.tokens;
  }
  return torch::stack(outputs, 1);
}

std::int64_t Mixer::state_bytes(std::int64_t length) const {
  return 2 * length * config_.width * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace catena::model::lab
