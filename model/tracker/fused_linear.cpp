#include "model/tracker/fused_ops.h"
#include "model/tracker/fused_rows.h"

namespace catena::model {
namespace {

struct NormedLinear : Function<NormedLinear> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor norm, Tensor /*master*/, Tensor weight, double eps) {
    x = x.contiguous();
    const std::int64_t n = x.size(0), d = x.size(1), block = std::min(n, kBlockRows);
    Tensor result = torch::empty({n, weight.size(0)}, weight.options());
    const Tensor normed = torch::empty({block, d}, weight.options());
    by_type(weight.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t count = std::min(block, n - first);
        const float *px = x.data_ptr<float>() + first * d, *pw = norm.data_ptr<float>();
        T* pn = normed.data_ptr<T>();
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) norm_row(px + i * d, pw, static_cast<float>(eps), d, pn + i * d);
        });
        Tensor to = result.narrow(0, first, count);
        product_into(to, normed.narrow(0, 0, count), weight.t());
      }
    });
    ctx->save_for_backward({x, norm, weight});
    ctx->saved_data["eps"] = eps;
    return result;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &norm = saved[1], &weight = saved[2], g = grads[0].contiguous();
    const float eps = static_cast<float>(ctx->saved_data["eps"].toDouble());
    const std::int64_t n = x.size(0), d = x.size(1), block = std::min(n, kBlockRows);
    const Tensor dx = torch::empty_like(x), dnorm = torch::zeros_like(norm),
                 dweight = torch::zeros(weight.sizes(), torch::kFloat);
    const Tensor normed = torch::empty({block, d}, weight.options());
    by_type(weight.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t count = std::min(block, n - first);
        const Tensor own = g.narrow(0, first, count), dnormed = product(own, weight);
        const float *px = x.data_ptr<float>() + first * d, *pw = norm.data_ptr<float>();
        const T* pdn = dnormed.data_ptr<T>();
        float* pdx = dx.data_ptr<float>() + first * d;
        T* pn = normed.data_ptr<T>();
        dnorm.add_(reduce_rows(count, d, [&](std::int64_t begin, std::int64_t end, float* pdw) {
          for (std::int64_t i = begin; i < end; ++i) {
            const float scale = norm_row(px + i * d, pw, eps, d, pn + i * d);
            norm_row_gradient(px + i * d, pw, scale, pdn + i * d, d, pdx + i * d, pdw);
          }
        }));
        add_product(dweight, own, normed.narrow(0, 0, count));
      }
    });
    return {dx, dnorm, dweight, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor normed_linear(const Tensor& x, const Tensor& norm, const MasterWeight& weight, double eps) {
  const torch::ScalarType type = weight.compute.scalar_type();
  if (fuses_products(x, type)) return NormedLinear::apply(x, norm, weight.master, weight.compute, eps);
  return linear(rms_norm(x, norm, eps, type), weight);
}

}  // namespace catena::model
