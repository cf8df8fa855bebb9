#include "model/tracker/fused_ops.h"
#include "model/tracker/fused_rows.h"

namespace catena::model {
namespace {

/// y = x + mixed. All [d].
template <typename T>
void add_row(const float* x, const T* mixed, std::int64_t d, float* y) {
  for (std::int64_t j = 0; j < d; ++j) y[j] = x[j] + static_cast<float>(mixed[j]);
}

struct FeedForward : Function<FeedForward> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor mixed, Tensor norm, Tensor /*in master*/, Tensor in,
                        Tensor /*out master*/, Tensor out, Tensor keep, double eps) {
    x = x.contiguous();
    mixed = mixed.contiguous();
    const std::int64_t n = x.size(0), d = x.size(1), f = out.size(1), block = std::min(n, kBlockRows);
    Tensor hidden = torch::empty({n, 2 * f}, in.options()), result = torch::empty_like(x);
    const Tensor normed = torch::empty({block, d}, in.options()), gated = torch::empty({block, f}, in.options());
    by_type(in.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t count = std::min(block, n - first);
        Tensor own = hidden.narrow(0, first, count), added = normed.narrow(0, 0, count);
        const float *px = x.data_ptr<float>() + first * d, *pw = norm.data_ptr<float>();
        const T* pm = mixed.data_ptr<T>() + first * d;
        float* py = result.data_ptr<float>() + first * d;
        T* pn = normed.data_ptr<T>();
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            add_row(px + i * d, pm + i * d, d, py + i * d);
            norm_row(py + i * d, pw, static_cast<float>(eps), d, pn + i * d);
          }
        });
        product_into(own, added, in.t());
        const T* ph = own.data_ptr<T>();
        T* pg = gated.data_ptr<T>();
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) swiglu_row(ph + i * 2 * f, f, pg + i * f);
        });
        product_into(added, gated.narrow(0, 0, count), out.t());
        const T* pk = keep.numel() > 0 ? keep.data_ptr<T>() + first * d : nullptr;
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin * d; i < end * d; ++i)
            py[i] += static_cast<float>(pn[i]) * (pk ? static_cast<float>(pk[i]) : 1.0F);
        });
      }
    });
    ctx->save_for_backward({x, mixed, norm, hidden, in, out, keep});
    ctx->saved_data["eps"] = eps;
    return result;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &mixed = saved[1], &norm = saved[2], &hidden = saved[3], &in = saved[4],
                 &out = saved[5], &keep = saved[6];
    const Tensor g = grads[0].contiguous();
    const float eps = static_cast<float>(ctx->saved_data["eps"].toDouble());
    const std::int64_t n = x.size(0), d = x.size(1), f = out.size(1), block = std::min(n, kBlockRows);
    const Tensor dx = torch::empty_like(x), dmixed = torch::empty_like(mixed), dnorm = torch::zeros_like(norm);
    const Tensor din = torch::zeros(in.sizes(), torch::kFloat), dout = torch::zeros(out.sizes(), torch::kFloat);
    const Tensor y = torch::empty({block, d}, torch::kFloat), scale = torch::empty({block}, torch::kFloat);
    const Tensor kept = torch::empty({block, d}, in.options()), normed = torch::empty_like(kept);  // kept: g times keep
    const Tensor gated = torch::empty({block, f}, in.options()), dhidden = torch::empty({block, 2 * f}, in.options());
    by_type(in.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t count = std::min(block, n - first);
        const auto whole = [&](const Tensor& buffer) { return buffer.narrow(0, 0, count); };
        const float *px = x.data_ptr<float>() + first * d, *pw = norm.data_ptr<float>(),
                    *pg = g.data_ptr<float>() + first * d;
        const T *pm = mixed.data_ptr<T>() + first * d, *ph = hidden.data_ptr<T>() + first * 2 * f;
        const T* pk = keep.numel() > 0 ? keep.data_ptr<T>() + first * d : nullptr;
        float *py = y.data_ptr<float>(), *ps = scale.data_ptr<float>(), *pdx = dx.data_ptr<float>() + first * d;
        T *pn = normed.data_ptr<T>(), *pkept = kept.data_ptr<T>(), *pdm = dmixed.data_ptr<T>() + first * d;
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin * d; i < end * d; ++i)
            pkept[i] = static_cast<T>(pg[i] * (pk ? static_cast<float>(pk[i]) : 1.0F));
        });
        const Tensor dgated = product(whole(kept), out);
        const T* pdgated = dgated.data_ptr<T>();
        T *pgated = gated.data_ptr<T>(), *pdh = dhidden.data_ptr<T>();
        rows(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            add_row(px + i * d, pm + i * d, d, py + i * d);
            ps[i] = norm_row(py + i * d, pw, eps, d, pn + i * d);
            swiglu_row(ph + i * 2 * f, f, pgated + i * f);
            swiglu_row_gradient(ph + i * 2 * f, pdgated + i * f, f, pdh + i * 2 * f);
          }
        });
        add_product(dout, whole(kept), whole(gated));
        add_product(din, whole(dhidden), whole(normed));
        const Tensor dnormed = product(whole(dhidden), in);
        const T* pdn = dnormed.data_ptr<T>();
        dnorm.add_(reduce_rows(count, d, [&](std::int64_t begin, std::int64_t end, float* pdw) {
          for (std::int64_t i = begin; i < end; ++i) {
            float* row = pdx + i * d;
            norm_row_gradient(py + i * d, pw, ps[i], pdn + i * d, d, row, pdw);
            for (std::int64_t j = 0; j < d; ++j) {
              row[j] += pg[i * d + j];
              pdm[i * d + j] = static_cast<T>(row[j]);
            }
          }
        }));
      }
    });
    return {dx, dmixed, dnorm, din, Tensor(), dout, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor feed_forward(const Tensor& x, const Tensor& mixed, const Tensor& norm, const MasterWeight& in,
                    const MasterWeight& out, double eps, const Tensor& keep) {
  const torch::ScalarType type = in.compute.scalar_type();
  if (fuses_products(x, type))
    return FeedForward::apply(x, mixed, norm, in.master, in.compute, out.master, out.compute,
                              keep.defined() ? keep : torch::empty({0}, type), eps);
  const Tensor y = x + mixed, added = linear(swiglu(linear(rms_norm(y, norm, eps, type), in)), out);
  return y + (keep.defined() ? added * keep : added);
}

}  // namespace catena::model
