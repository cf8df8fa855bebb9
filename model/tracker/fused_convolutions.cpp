#include "model/tracker/fused_ops.h"
#include "model/tracker/fused_rows.h"

namespace catena::model {
namespace {

/// Gradient [B, taps-1, C] of the inputs before a convolution, from that of its sum, ds [B, T, C], and its weights
/// [taps, C].
Tensor tail_gradient(const Tensor& ds, const Tensor& weights) {
  const std::int64_t t = ds.size(1), taps = weights.size(0);
  Tensor result = torch::zeros({ds.size(0), taps - 1, ds.size(2)}, ds.options());
  for (std::int64_t p = 0; p < taps - 1; ++p) {
    for (std::int64_t i = 0; i <= std::min(p, t - 1); ++i) result.select(1, p) += ds.select(1, i) * weights[p - i];
  }
  return result;
}

/// The taps that stay inside a row of `length` around place t: j from first to last.
struct TapRange {
  std::int64_t first, last;
};

TapRange taps_inside(std::int64_t t, std::int64_t length, std::int64_t taps) {
  const std::int64_t half = taps / 2;
  return {std::max<std::int64_t>(0, half - t), std::min(taps - 1, length - 1 - t + half)};
}

struct AroundConvolution : Function<AroundConvolution> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor weight) {
    x = x.contiguous();
    const std::int64_t n = x.size(0), t = x.size(1), c = x.size(2), taps = weight.size(1);
    const Tensor by_tap = weight.t().contiguous();
    Tensor y = x.clone();
    const float* px = x.data_ptr<float>();
    const float* pw = by_tap.data_ptr<float>();
    float* py = y.data_ptr<float>();
    rows(n * t, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto [first, last] = taps_inside(i % t, t, taps);
        float* out = py + i * c;
        for (std::int64_t j = first; j <= last; ++j) {
          const float* row = px + (i + j - taps / 2) * c;
          const float* w = pw + j * c;
          for (std::int64_t k = 0; k < c; ++k) out[k] += w[k] * row[k];
        }
      }
    });
    ctx->save_for_backward({x, by_tap});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &by_tap = saved[1];
    const Tensor g = grads[0].contiguous();
    const std::int64_t n = x.size(0), t = x.size(1), c = x.size(2), taps = by_tap.size(0);
    Tensor dx = g.clone();
    const float* px = x.data_ptr<float>();
    const float* pw = by_tap.data_ptr<float>();
    const float* pg = g.data_ptr<float>();
    float* pdx = dx.data_ptr<float>();
    rows(n * t, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto [first, last] = taps_inside(i % t, t, taps);
        float* out = pdx + i * c;
        for (std::int64_t j = first; j <= last; ++j) {  // the place that is j away saw this one with the mirrored tap
          const float* row = pg + (i + j - taps / 2) * c;
          const float* w = pw + (taps - 1 - j) * c;
          for (std::int64_t k = 0; k < c; ++k) out[k] += w[k] * row[k];
        }
      }
    });
    const Tensor dw = reduce_rows(n * t, taps * c, [&](std::int64_t begin, std::int64_t end, float* pdw) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto [first, last] = taps_inside(i % t, t, taps);
        const float* grow = pg + i * c;
        for (std::int64_t j = first; j <= last; ++j) {
          const float* row = px + (i + j - taps / 2) * c;
          float* out = pdw + j * c;
          for (std::int64_t k = 0; k < c; ++k) out[k] += grow[k] * row[k];
        }
      }
    });
    return {dx, dw.view({taps, c}).t().contiguous()};
  }
};

/// What becomes of a causal convolution's sum: silu of it takes the input's place, or it is added to the input.
enum class Sum { silu, added };

struct CausalConvolution : Function<CausalConvolution> {
  /// One pass forward, one backward. Saves the sum where its silu has to be differentiated.
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor weight, Tensor tail, Sum use) {
    const std::int64_t b = x.size(0), t = x.size(1), c = x.size(2), taps = weight.size(1);
    Tensor padded = torch::cat({tail, x.to(torch::kFloat)}, 1).contiguous();
    Tensor wt = weight.t().contiguous();  // [taps, C]
    Tensor y = torch::empty({b, t, c}, torch::kFloat);
    Tensor sum = use == Sum::silu ? torch::empty({b, t, c}, torch::kFloat) : y;
    const float *pp = padded.data_ptr<float>(), *pw = wt.data_ptr<float>();
    float *psum = sum.data_ptr<float>(), *py = y.data_ptr<float>();
    rows(b * t, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float* in = pp + ((i / t) * (t + taps - 1) + i % t) * c;
        float *s = psum + i * c, *out = py + i * c;
        for (std::int64_t j = 0; j < c; ++j) s[j] = pw[j] * in[j];
        for (std::int64_t k = 1; k < taps; ++k) {
          for (std::int64_t j = 0; j < c; ++j) s[j] += pw[k * c + j] * in[k * c + j];
        }
        if (use == Sum::silu) {
          for (std::int64_t j = 0; j < c; ++j) out[j] = s[j] * sigmoid(s[j]);
        } else {
          const float* own = in + (taps - 1) * c;
          for (std::int64_t j = 0; j < c; ++j) out[j] += own[j];
        }
      }
    });
    ctx->save_for_backward({padded, wt, use == Sum::silu ? sum : Tensor()});
    ctx->saved_data["type"] = static_cast<std::int64_t>(x.scalar_type());
    ctx->saved_data["tail"] = tail.requires_grad();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &padded = saved[0], &wt = saved[1], &sum = saved[2];
    const bool added = !sum.defined();
    const Tensor dy = grads[0].contiguous();
    const std::int64_t b = dy.size(0), t = dy.size(1), c = dy.size(2), taps = wt.size(0);
    Tensor ds = added ? dy : torch::empty_like(dy);
    Tensor dx =
        torch::empty({b, t, c}, dy.options().dtype(static_cast<torch::ScalarType>(ctx->saved_data["type"].toInt())));
    const float *pp = padded.data_ptr<float>(), *pw = wt.data_ptr<float>(), *pdy = dy.data_ptr<float>();
    const float* psum = added ? nullptr : sum.data_ptr<float>();
    float* pds = ds.data_ptr<float>();
    Tensor dw = reduce_rows(b * t, taps * c, [&](std::int64_t begin, std::int64_t end, float* pdw) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float* in = pp + ((i / t) * (t + taps - 1) + i % t) * c;
        for (std::int64_t j = 0; !added && j < c; ++j) {
          const float s = psum[i * c + j], sg = sigmoid(s);
          pds[i * c + j] = pdy[i * c + j] * sg * (1.0F + s * (1.0F - sg));
        }
        for (std::int64_t k = 0; k < taps; ++k) {
          for (std::int64_t j = 0; j < c; ++j) pdw[k * c + j] += pds[i * c + j] * in[k * c + j];
        }
      }
    });
    by_type(dx.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      T* pdx = dx.data_ptr<T>();
      rows(b * t, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> acc(static_cast<std::size_t>(c));
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t last =
              std::min<std::int64_t>(taps, t - i % t);  // later outputs of this sample that saw x[i]
          for (std::int64_t j = 0; j < c; ++j)
            acc[j] = pds[i * c + j] * (pw[(taps - 1) * c + j] + (added ? 1.0F : 0.0F));
          for (std::int64_t k = 1; k < last; ++k) {
            for (std::int64_t j = 0; j < c; ++j) acc[j] += pds[(i + k) * c + j] * pw[(taps - 1 - k) * c + j];
          }
          for (std::int64_t j = 0; j < c; ++j) pdx[i * c + j] = static_cast<T>(acc[j]);
        }
      });
    });
    return {dx, dw.view({taps, c}).t(), ctx->saved_data["tail"].toBool() ? tail_gradient(ds, wt) : Tensor(), Tensor()};
  }
};

/// The sum of a causal convolution by library operations, float32.
Tensor causal_sum(const Tensor& x, const Tensor& weight, const Tensor& tail) {
  const std::int64_t t = x.size(1), taps = weight.size(1);
  const Tensor padded = torch::cat({tail, x.to(torch::kFloat)}, 1);
  Tensor sum;
  for (std::int64_t k = 0; k < taps; ++k) {
    const Tensor term = padded.slice(1, k, k + t) * weight.select(1, k);
    sum = k == 0 ? term : sum + term;
  }
  return sum;
}

}  // namespace

Tensor around_convolution(const Tensor& x, const Tensor& weight) {
  if (fused(x)) return AroundConvolution::apply(x, weight);
  const std::int64_t taps = weight.size(1);
  return x + torch::conv1d(x.transpose(1, 2), weight.unsqueeze(1), {}, at::IntArrayRef{1}, at::IntArrayRef{taps / 2},
                           at::IntArrayRef{1}, x.size(2))
                 .transpose(1, 2);
}

Tensor short_convolution(const Tensor& x, const Tensor& weight, const Tensor& tail) {
  if (fused(x)) return CausalConvolution::apply(x, weight, tail, Sum::silu);
  return torch::silu(causal_sum(x, weight, tail));
}

Tensor added_convolution(const Tensor& x, const Tensor& weight, const Tensor& tail) {
  if (fused(x)) return CausalConvolution::apply(x, weight, tail, Sum::added);
  return x.to(torch::kFloat) + causal_sum(x, weight, tail);
}

}  // namespace catena::model
