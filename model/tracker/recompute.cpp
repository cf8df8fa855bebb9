#include "model/tracker/recompute.h"

#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

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

/// Rows `begin` to `end` of each.
variable_list slices(const variable_list& whole, std::int64_t begin, std::int64_t end) {
  variable_list part;
  for (const Tensor& tensor : whole) part.push_back(tensor.defined() ? tensor.slice(0, begin, end) : tensor);
  return part;
}

/// `whole`, once it is there, with `part` at row `begin`.
void put(Tensor& whole, const Tensor& part, std::int64_t begin, std::int64_t rows) {
  if (!part.defined()) return;
  if (part.size(0) == rows) {
    whole = part;
    return;
  }
  if (!whole.defined()) {
    std::vector<std::int64_t> shape = part.sizes().vec();
    shape[0] = rows;
    whole = torch::zeros(shape, part.options().requires_grad(false));
  }
  whole.slice(0, begin, begin + part.size(0)).copy_(part);
}

/// Runs body(begin, end) on `step` rows at a time, or on all at once.
template <typename Body>
void in_groups(std::int64_t rows, std::int64_t step, const Body& body) {
  if (step == 0) step = rows;
  for (std::int64_t begin = 0; begin < rows; begin += step) body(begin, std::min(rows, begin + step));
}

struct Recompute : Function<Recompute> {
  static variable_list forward(AutogradContext* ctx, at::TensorList inputs, const Recomputed& body, std::int64_t step) {
    const variable_list whole = inputs.vec();
    ctx->save_for_backward(whole);
    ctx->saved_data["body"] = c10::IValue::make_capsule(c10::make_intrusive<Held>(body));
    ctx->saved_data["step"] = step;
    ctx->set_materialize_grads(false);  // an output that nothing used, a state handed on and dropped, costs nothing
    const torch::NoGradGuard no_grad;
    if (step == 0) return body(whole);
    variable_list outputs;
    const std::int64_t rows = whole[0].size(0);
    in_groups(rows, step, [&](std::int64_t begin, std::int64_t end) {
      const variable_list made = body(slices(whole, begin, end));
      outputs.resize(made.size());
      for (std::size_t i = 0; i < made.size(); ++i) put(outputs[i], made[i], begin, rows);
    });
    return outputs;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list whole = ctx->get_saved_variables();
    const auto held = c10::static_intrusive_pointer_cast<Held>(ctx->saved_data["body"].toCapsule());
    const std::int64_t step = ctx->saved_data["step"].toInt();
    variable_list result(whole.size());
    const auto back = [&](const variable_list& part, const variable_list& directions_of) {
      variable_list inputs, outputs, used, directions;
      for (std::size_t i = 0; i < part.size(); ++i)
        inputs.push_back(part[i].detach().requires_grad_(whole[i].requires_grad()));
      {
        const torch::AutoGradMode grad(true);
        outputs = held->body(inputs);
      }
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!directions_of[i].defined() || !outputs[i].requires_grad()) continue;
        used.push_back(outputs[i]);
        directions.push_back(directions_of[i]);
      }
      torch::autograd::backward(used, directions);
      return inputs;
    };
    if (step == 0) {
      const variable_list inputs = back(whole, grads);
      for (std::size_t i = 0; i < inputs.size(); ++i) result[i] = inputs[i].grad();
    } else {
      const std::int64_t rows = whole[0].size(0);
      in_groups(rows, step, [&](std::int64_t begin, std::int64_t end) {
        const variable_list inputs = back(slices(whole, begin, end), slices(grads, begin, end));
        for (std::size_t i = 0; i < inputs.size(); ++i) put(result[i], inputs[i].grad(), begin, rows);
      });
    }
    result.resize(result.size() + 2);  // of the function and its step
    return result;
  }
};

}  // namespace

std::vector<Tensor> recompute(const Recomputed& f, const std::vector<Tensor>& inputs, std::int64_t rows) {
  return Recompute::apply(at::TensorList(inputs), f, rows);
}

}  // namespace catena::model
