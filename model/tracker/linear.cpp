#include "model/tracker/linear.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "model/tracker/product.h"

namespace catena::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr std::int64_t kHeadRows = 512;  // 512 x 8192 logits stay in the last-level cache

struct Linear : Function<Linear> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor /*master*/, Tensor compute) {
    ctx->save_for_backward({x, compute});
    return product(x, compute.t());
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor g = grads[0].contiguous();
    return {product(g, saved[1]), product(g.t(), saved[0]).to(torch::kFloat), Tensor()};
  }
};

struct HeadLoss : Function<HeadLoss> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor /*master*/, Tensor compute, Tensor targets) {
    const std::int64_t n = x.size(0);
    Tensor dx = torch::empty_like(x);
    Tensor dw = torch::zeros(compute.sizes(), compute.options().dtype(torch::kFloat));
    Tensor loss = torch::zeros({}, x.options().dtype(torch::kFloat));
    for (std::int64_t begin = 0; begin < n; begin += kHeadRows) {
      const std::int64_t end = std::min(n, begin + kHeadRows);
      const Tensor rows = x.slice(0, begin, end);
      const Tensor target = targets.slice(0, begin, end).unsqueeze(1);
      const Tensor log_p = torch::log_softmax(product(rows, compute.t()).to(torch::kFloat), 1);
      loss -= log_p.gather(1, target).sum();
      Tensor p = log_p.exp_();
      p.scatter_add_(1, target, torch::full_like(target, -1.0, p.options()));
      const Tensor dlogits = p.to(x.scalar_type());
      dx.slice(0, begin, end).copy_(product(dlogits, compute));
      dw += product(dlogits.t(), rows).to(torch::kFloat);
    }
    ctx->save_for_backward({dx, dw});
    ctx->saved_data["n"] = n;
    return loss / static_cast<double>(n);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const std::int64_t n = ctx->saved_data["n"].toInt();
    const Tensor scale = grads[0] / static_cast<double>(n), dx = torch::empty_like(saved[0]);
    // In 32 bits: a loss scale over n may be too large or too small for the compute type, its product with dx is not.
    for (std::int64_t begin = 0; begin < n; begin += kHeadRows) {
      const std::int64_t end = std::min(n, begin + kHeadRows);
      dx.slice(0, begin, end).copy_(saved[0].slice(0, begin, end).to(torch::kFloat) * scale);
    }
    return {dx, saved[1] * scale, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor linear(const Tensor& x, const MasterWeight& weight) { return Linear::apply(x, weight.master, weight.compute); }

Tensor head_loss(const Tensor& x, const MasterWeight& weight, const Tensor& targets) {
  return HeadLoss::apply(x, weight.master, weight.compute, targets);
}

Tensor head_nll(const Tensor& x, const MasterWeight& weight, const Tensor& targets) {
  const torch::NoGradGuard no_grad;
  Tensor nll = torch::empty({x.size(0)}, x.options().dtype(torch::kFloat));
  for (std::int64_t begin = 0; begin < x.size(0); begin += kHeadRows) {
    const std::int64_t end = std::min(x.size(0), begin + kHeadRows);
    const Tensor logits = product(x.slice(0, begin, end), weight.compute.t()).to(torch::kFloat);
    nll.slice(0, begin, end)
        .copy_(-torch::log_softmax(logits, 1).gather(1, targets.slice(0, begin, end).unsqueeze(1)).squeeze(1));
  }
  return nll;
}

}  // namespace catena::model
