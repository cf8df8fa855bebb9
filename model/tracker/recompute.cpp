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

/// Some of the rows of tensors that have `count`.
struct Rows {
  std::int64_t begin, end, count;
  bool all() const { return begin == 0 && end == count; }
};

/// Calls body(rows) on `step` of `count` rows at a time; step 0: on all of them.
template <typename Body>
void in_groups(std::int64_t count, std::int64_t step, const Body& body) {
  if (step == 0) step = count;
  for (std::int64_t begin = 0; begin < count; begin += step) body(Rows{begin, std::min(count, begin + step), count});
}

/// These rows of each; all of them: the tensors themselves, whose numbers of rows may then differ.
variable_list take(const variable_list& tensors, const Rows& rows) {
  if (rows.all()) return tensors;
  variable_list parts;
  for (const Tensor& tensor : tensors) {
    parts.push_back(tensor.defined() ? tensor.slice(0, rows.begin, rows.end) : tensor);
  }
  return parts;
}

/// Writes `part` to these rows of `whole`, which is made when its first part comes.
void put(Tensor& whole, const Tensor& part, const Rows& rows) {
  if (rows.all()) {
    whole = part;
    return;
  }
  if (!part.defined()) return;
  if (!whole.defined()) {
    std::vector<std::int64_t> shape = part.sizes().vec();
    shape[0] = rows.count;
    whole = torch::zeros(shape, part.options().requires_grad(false));
  }
  whole.slice(0, rows.begin, rows.end).copy_(part);
}

struct Recompute : Function<Recompute> {
  static variable_list forward(AutogradContext* ctx, at::TensorList inputs, const Recomputed& body, std::int64_t step) {
    const variable_list whole = inputs.vec();
    ctx->save_for_backward(whole);
    ctx->saved_data["body"] = c10::IValue::make_capsule(c10::make_intrusive<Held>(body));
    ctx->saved_data["step"] = step;
    ctx->set_materialize_grads(false);  // an output that nothing used, a state handed on and dropped, costs nothing
    const torch::NoGradGuard no_grad;
    variable_list outputs;
    in_groups(whole[0].size(0), step, [&](const Rows& rows) {
      const variable_list made = body(take(whole, rows));
      outputs.resize(made.size());
      for (std::size_t i = 0; i < made.size(); ++i) put(outputs[i], made[i], rows);
    });
    return outputs;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list whole = ctx->get_saved_variables();
    const auto held = c10::static_intrusive_pointer_cast<Held>(ctx->saved_data["body"].toCapsule());
    variable_list result(whole.size() + 2);  // also of the function and its step
    in_groups(whole[0].size(0), ctx->saved_data["step"].toInt(), [&](const Rows& rows) {
      variable_list inputs = take(whole, rows), outputs, used, directions;
      for (std::size_t i = 0; i < whole.size(); ++i) {
        inputs[i] = inputs[i].detach().requires_grad_(whole[i].requires_grad());
      }
      {
        const torch::AutoGradMode grad(true);
        outputs = held->body(inputs);
      }
      const variable_list wanted = take(grads, rows);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!wanted[i].defined() || !outputs[i].requires_grad()) continue;
        used.push_back(outputs[i]);
        directions.push_back(wanted[i]);
      }
      torch::autograd::backward(used, directions);
      for (std::size_t i = 0; i < whole.size(); ++i) put(result[i], inputs[i].grad(), rows);
    });
    return result;
  }
};

}  // namespace

std::vector<Tensor> recompute(const Recomputed& f, const std::vector<Tensor>& inputs, std::int64_t rows) {
  return Recompute::apply(at::TensorList(inputs), f, rows);
}

}  // namespace catena::model
