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
using Body = std::function<Tensor(const Tensor&)>;

struct Held : torch::CustomClassHolder {
  explicit Held(Body body) : body(std::move(body)) {}
  Body body;
};

struct Recompute : Function<Recompute> {
  static Tensor forward(AutogradContext* ctx, Tensor x, const Body& body) {
    ctx->save_for_backward({x});
    ctx->saved_data["body"] = c10::IValue::make_capsule(c10::make_intrusive<Held>(body));
    const torch::NoGradGuard no_grad;
    return body(x);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor x = ctx->get_saved_variables()[0].detach().requires_grad_();
    const auto held = c10::static_intrusive_pointer_cast<Held>(ctx->saved_data["body"].toCapsule());
    Tensor y;
    {
      const torch::AutoGradMode grad(true);
      y = held->body(x);
    }
    torch::autograd::backward({y}, {grads[0]});
    return {x.grad(), Tensor()};
  }
};

}  // namespace

Tensor recompute(const Body& f, const Tensor& x) { return Recompute::apply(x, f); }

}  // namespace catena::model
