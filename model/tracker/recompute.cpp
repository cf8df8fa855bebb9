#include "model/tracker/recompute.h"

#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace catena::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

struct Held : torch::CustomClassHolder {
  explicit Held(Recomputed body) : body(std::move(body)) {}
  Recomputed body;
};

struct Recompute : Function<Recompute> {
  static variable_list forward(AutogradContext* ctx, at::TensorList inputs, const Recomputed& body) {
    ctx->save_for_backward(inputs.vec());
    ctx->saved_data["body"] = c10::IValue::make_capsule(c10::make_intrusive<Held>(body));
    ctx->set_materialize_grads(false);  // an output that nothing used, a state handed on and dropped, costs nothing
    const torch::NoGradGuard no_grad;
    return body(inputs.vec());
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    variable_list inputs;
    for (const Tensor& saved : ctx->get_saved_variables())
      inputs.push_back(saved.detach().requires_grad_(saved.requires_grad()));
    const auto held = c10::static_intrusive_pointer_cast<Held>(ctx->saved_data["body"].toCapsule());
    variable_list outputs, used, directions;
    {
      const torch::AutoGradMode grad(true);
      outputs = held->body(inputs);
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!grads[i].defined() || !outputs[i].requires_grad()) continue;
      used.push_back(outputs[i]);
      directions.push_back(grads[i]);
    }
    torch::autograd::backward(used, directions);
    variable_list result;
    for (const Tensor& input : inputs) result.push_back(input.grad());
    result.emplace_back();  // of the function
    return result;
  }
};

}  // namespace

std::vector<Tensor> recompute(const Recomputed& f, const std::vector<Tensor>& inputs) {
  return Recompute::apply(at::TensorList(inputs), f);
}

}  // namespace catena::model
