#include "model/tracker/fused_ops.h"
#include "model/tracker/fused_rows.h"

namespace catena::model {
namespace {

constexpr std::int64_t kBlockRows = 512;  // its hidden numbers, and their gradients, stay in the caches

/// sum += a^T b, in 32 bits whatever a and b are.
void add_product(const Tensor& sum, const Tensor& a, const Tensor& b) {
  if (a.scalar_type() == torch::kFloat) {
    sum.addmm_(a.t(), b);
  } else {
    sum.add_(a.t().mm(b));
  }
}

struct FeedForward : Function<FeedForward> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor norm, Tensor /*in master*/, Tensor in, Tensor /*out master*/, Tensor out, double eps) {
    x = x.contiguous();
    const std::int64_t n = x.size(0), d = x.size(1), f = out.size(1), block = std::min(n, kBlockRows);
    Tensor hidden = torch::empty({n, 2 * f}, in.options()), result = torch::empty({n, d}, in.options());
    const Tensor normed = torch::empty({block, d}, in.options()), gated = torch::empty({block, f}, in.options());
    by_type(in.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t count = std::min(block, n - first);
        Tensor own = hidden.narrow(0, first, count), to = result.narrow(0, first, count);
        const float *px = x.data_ptr<float>() + first * d, *pw = norm.data_ptr<float>();
        T* pn = normed.data_ptr<T>();
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) norm_row(px + i * d, pw, static_cast<float>(eps), d, pn + i * d);
        });
        at::mm_out(own, normed.narrow(0, 0, count), in.t());
        const T* ph = own.data_ptr<T>();
        T* pg = gated.data_ptr<T>();
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) swiglu_row(ph + i * 2 * f, f, pg + i * f);
        });
        at::mm_out(to, gated.narrow(0, 0, count), out.t());
      }
    });
    ctx->save_for_backward({x, norm, hidden, in, out});
    ctx->saved_data["eps"] = eps;
    return result;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &norm = saved[1], &hidden = saved[2], &in = saved[3], &out = saved[4], g = grads[0].contiguous();
    const float eps = static_cast<float>(ctx->saved_data["eps"].toDouble());
    const std::int64_t n = x.size(0), d = x.size(1), f = out.size(1), block = std::min(n, kBlockRows);
    const Tensor dx = torch::empty_like(x), dnorm = torch::zeros_like(norm);
    const Tensor din = torch::zeros(in.sizes(), torch::kFloat), dout = torch::zeros(out.sizes(), torch::kFloat);
    const Tensor normed = torch::empty({block, d}, in.options()), gated = torch::empty({block, f}, in.options());
    const Tensor dhidden = torch::empty({block, 2 * f}, in.options()), scale = torch::empty({block}, torch::kFloat);
    by_type(in.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t count = std::min(block, n - first);
        const auto whole = [&](const Tensor& buffer) { return buffer.narrow(0, 0, count); };
        const Tensor own = g.narrow(0, first, count), dgated = own.mm(out);
        const float *px = x.data_ptr<float>() + first * d, *pw = norm.data_ptr<float>();
        float *ps = scale.data_ptr<float>(), *pdx = dx.data_ptr<float>() + first * d;
        const T *ph = hidden.data_ptr<T>() + first * 2 * f, *pdg = dgated.data_ptr<T>();
        T *pn = normed.data_ptr<T>(), *pg = gated.data_ptr<T>(), *pdh = dhidden.data_ptr<T>();
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            ps[i] = norm_row(px + i * d, pw, eps, d, pn + i * d);
            swiglu_row(ph + i * 2 * f, f, pg + i * f);
            swiglu_row_gradient(ph + i * 2 * f, pdg + i * f, f, pdh + i * 2 * f);
          }
        });
        add_product(dout, own, whole(gated));
        add_product(din, whole(dhidden), whole(normed));
        const Tensor dnormed = whole(dhidden).mm(in);
        const T* pdn = dnormed.data_ptr<T>();
        dnorm.add_(reduce_rows(count, d, [&](std::int64_t begin, std::int64_t end, float* pdw) {
          for (std::int64_t i = begin; i < end; ++i) norm_row_gradient(px + i * d, pw, ps[i], pdn + i * d, d, pdx + i * d, pdw);
        }));
      }
    });
    return {dx, dnorm, din, Tensor(), dout, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor feed_forward(const Tensor& x, const Tensor& norm, const MasterWeight& in, const MasterWeight& out, double eps) {
  const torch::ScalarType type = in.compute.scalar_type();
  if (fused(x) && (type == torch::kFloat || type == torch::kBFloat16)) {
    return FeedForward::apply(x, norm, in.master, in.compute, out.master, out.compute, eps);
  }
  return linear(swiglu(linear(rms_norm(x, norm, eps, type), in)), out);
}

}  // namespace catena::model
