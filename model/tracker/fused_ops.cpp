#include "model/tracker/fused_ops.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

namespace catena::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr std::int64_t kGrain = 8;  // rows a task: a row is a few hundred numbers

/// This file is compiled for AVX2 (CMakeLists.txt); older processors take the composed form.
bool fused(const Tensor& x) {
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return avx2 && x.device().is_cpu();
}

inline float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

/// Calls body(begin, end) on ranges of rows; kernels are written once for float and bfloat16 inputs.
template <typename Body>
void rows(std::int64_t count, const Body& body) {
  at::parallel_for(0, count, kGrain, body);
}

template <typename F>
void by_type(torch::ScalarType type, const F& f) {
  if (type == torch::kBFloat16) {
    f(c10::BFloat16{});
  } else {
    f(float{});
  }
}

/// Sums per-thread partial gradients of a small weight: body(begin, end, partial).
template <typename Body>
Tensor reduce_rows(std::int64_t count, std::int64_t width, const Body& body) {
  const int threads = at::get_num_threads();
  Tensor partial = torch::zeros({threads, width}, torch::kFloat);
  float* base = partial.data_ptr<float>();
  const std::int64_t share = (count + threads - 1) / threads;
  at::parallel_for(0, threads, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t t = first; t < last; ++t) {
      body(std::min(count, t * share), std::min(count, (t + 1) * share), base + t * width);
    }
  });
  return partial.sum(0);
}

struct RmsNorm : Function<RmsNorm> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor weight, double eps, std::int64_t out_type) {
    x = x.contiguous();
    const std::int64_t n = x.size(0), d = x.size(1);
    Tensor scale = torch::empty({n}, torch::kFloat);
    Tensor y = torch::empty({n, d}, static_cast<torch::ScalarType>(out_type));
    const float* px = x.data_ptr<float>();
    const float* pw = weight.data_ptr<float>();
    float* ps = scale.data_ptr<float>();
    by_type(y.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      T* py = y.data_ptr<T>();
      rows(n, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const float* row = px + i * d;
          float sum = 0;
#pragma omp simd reduction(+ : sum)
          for (std::int64_t j = 0; j < d; ++j) sum += row[j] * row[j];
          const float s = 1.0F / std::sqrt(sum / static_cast<float>(d) + static_cast<float>(eps));
          ps[i] = s;
          for (std::int64_t j = 0; j < d; ++j) py[i * d + j] = static_cast<T>(row[j] * s * pw[j]);
        }
      });
    });
    ctx->save_for_backward({x, weight, scale});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &scale = saved[2];
    const Tensor g = grads[0].contiguous();
    const std::int64_t n = x.size(0), d = x.size(1);
    Tensor dx = torch::empty_like(x);
    Tensor dw;
    const float* px = x.data_ptr<float>();
    const float* pw = weight.data_ptr<float>();
    const float* ps = scale.data_ptr<float>();
    float* pdx = dx.data_ptr<float>();
    by_type(g.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      const T* pg = g.data_ptr<T>();
      dw = reduce_rows(n, d, [&](std::int64_t begin, std::int64_t end, float* pdw) {
        for (std::int64_t i = begin; i < end; ++i) {
          const float* row = px + i * d;
          const T* grow = pg + i * d;
          float* out = pdx + i * d;
          const float s = ps[i];
          float dot = 0;
#pragma omp simd reduction(+ : dot)
          for (std::int64_t j = 0; j < d; ++j) {
            const float gj = static_cast<float>(grow[j]);
            dot += gj * pw[j] * row[j];
            pdw[j] += gj * row[j] * s;
          }
          const float c = dot * s * s * s / static_cast<float>(d);
          for (std::int64_t j = 0; j < d; ++j) out[j] = static_cast<float>(grow[j]) * pw[j] * s - row[j] * c;
        }
      });
    });
    return {dx, dw, Tensor(), Tensor()};
  }
};

struct SwiGlu : Function<SwiGlu> {
  static Tensor forward(AutogradContext* ctx, Tensor x) {
    x = x.contiguous();
    const std::int64_t n = x.size(0), f = x.size(1) / 2;
    Tensor y = torch::empty({n, f}, x.options());
    by_type(x.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      const T* px = x.data_ptr<T>();
      T* py = y.data_ptr<T>();
      rows(n, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const T* g = px + i * 2 * f;
          const T* u = g + f;
          for (std::int64_t j = 0; j < f; ++j) {
            const float gj = static_cast<float>(g[j]);
            py[i * f + j] = static_cast<T>(gj * sigmoid(gj) * static_cast<float>(u[j]));
          }
        }
      });
    });
    ctx->save_for_backward({x});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor x = ctx->get_saved_variables()[0];
    const Tensor dy = grads[0].contiguous();
    const std::int64_t n = x.size(0), f = x.size(1) / 2;
    Tensor dx = torch::empty_like(x);
    by_type(x.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      const T* px = x.data_ptr<T>();
      const T* pdy = dy.data_ptr<T>();
      T* pdx = dx.data_ptr<T>();
      rows(n, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const T* g = px + i * 2 * f;
          T* dg = pdx + i * 2 * f;
          for (std::int64_t j = 0; j < f; ++j) {
            const float gj = static_cast<float>(g[j]), uj = static_cast<float>(g[f + j]);
            const float d = static_cast<float>(pdy[i * f + j]), s = sigmoid(gj);
            dg[j] = static_cast<T>(d * uj * s * (1.0F + gj * (1.0F - s)));
            dg[f + j] = static_cast<T>(d * gj * s);
          }
        }
      });
    });
    return {dx};
  }
};

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

struct ShortConvolution : Function<ShortConvolution> {
  /// Saves the convolution's sum (before silu): one pass forward, one backward.
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor weight, Tensor tail) {
    const std::int64_t b = x.size(0), t = x.size(1), c = x.size(2), taps = weight.size(1);
    Tensor padded = torch::cat({tail, x.to(torch::kFloat)}, 1).contiguous();
    Tensor wt = weight.t().contiguous();  // [taps, C]
    Tensor sum = torch::empty({b, t, c}, torch::kFloat), y = torch::empty({b, t, c}, torch::kFloat);
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
        for (std::int64_t j = 0; j < c; ++j) out[j] = s[j] * sigmoid(s[j]);
      }
    });
    ctx->save_for_backward({padded, wt, sum});
    ctx->saved_data["type"] = static_cast<std::int64_t>(x.scalar_type());
    ctx->saved_data["tail"] = tail.requires_grad();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &padded = saved[0], &wt = saved[1], &sum = saved[2];
    const Tensor dy = grads[0].contiguous();
    const std::int64_t b = sum.size(0), t = sum.size(1), c = sum.size(2), taps = wt.size(0);
    Tensor ds = torch::empty_like(sum);
    Tensor dx = torch::empty({b, t, c}, sum.options().dtype(static_cast<torch::ScalarType>(ctx->saved_data["type"].toInt())));
    const float *pp = padded.data_ptr<float>(), *pw = wt.data_ptr<float>(), *psum = sum.data_ptr<float>(), *pdy = dy.data_ptr<float>();
    float* pds = ds.data_ptr<float>();
    Tensor dw = reduce_rows(b * t, taps * c, [&](std::int64_t begin, std::int64_t end, float* pdw) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float* in = pp + ((i / t) * (t + taps - 1) + i % t) * c;
        for (std::int64_t j = 0; j < c; ++j) {
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
          const std::int64_t last = std::min<std::int64_t>(taps, t - i % t);  // later outputs of this sample that saw x[i]
          for (std::int64_t j = 0; j < c; ++j) acc[j] = pds[i * c + j] * pw[(taps - 1) * c + j];
          for (std::int64_t k = 1; k < last; ++k) {
            for (std::int64_t j = 0; j < c; ++j) acc[j] += pds[(i + k) * c + j] * pw[(taps - 1 - k) * c + j];
          }
          for (std::int64_t j = 0; j < c; ++j) pdx[i * c + j] = static_cast<T>(acc[j]);
        }
      });
    });
    return {dx, dw.view({taps, c}).t(), ctx->saved_data["tail"].toBool() ? tail_gradient(ds, wt) : Tensor()};
  }
};

struct UnitLength : Function<UnitLength> {
  static Tensor forward(AutogradContext* ctx, Tensor x) {
    x = x.contiguous();
    const std::int64_t d = x.size(-1), n = x.numel() / d;
    Tensor y = torch::empty_like(x), scale = torch::empty({n}, torch::kFloat);
    const float* px = x.data_ptr<float>();
    float *py = y.data_ptr<float>(), *ps = scale.data_ptr<float>();
    rows(n, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        float sum = 1e-6F;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t j = 0; j < d; ++j) sum += px[i * d + j] * px[i * d + j];
        const float s = 1.0F / std::sqrt(sum);
        ps[i] = s;
        for (std::int64_t j = 0; j < d; ++j) py[i * d + j] = px[i * d + j] * s;
      }
    });
    ctx->save_for_backward({y, scale});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &y = saved[0], &scale = saved[1];
    const Tensor g = grads[0].contiguous();
    const std::int64_t d = y.size(-1), n = y.numel() / d;
    Tensor dx = torch::empty_like(y);
    const float *py = y.data_ptr<float>(), *pg = g.data_ptr<float>(), *ps = scale.data_ptr<float>();
    float* pdx = dx.data_ptr<float>();
    rows(n, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (std::int64_t j = 0; j < d; ++j) dot += pg[i * d + j] * py[i * d + j];
        for (std::int64_t j = 0; j < d; ++j) pdx[i * d + j] = (pg[i * d + j] - py[i * d + j] * dot) * ps[i];
      }
    });
    return {dx};
  }
};

struct GatedNorm : Function<GatedNorm> {
  static Tensor forward(AutogradContext* ctx, Tensor o, Tensor weight, Tensor gate, double eps) {
    o = o.contiguous();
    gate = gate.contiguous();
    const std::int64_t n = o.size(0), h = o.size(1), d = o.size(2);
    Tensor scale = torch::empty({n * h}, torch::kFloat), y = torch::empty({n, h * d}, gate.options());
    const float *po = o.data_ptr<float>(), *pw = weight.data_ptr<float>();
    float* ps = scale.data_ptr<float>();
    by_type(gate.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      const T* pgate = gate.data_ptr<T>();
      T* py = y.data_ptr<T>();
      rows(n * h, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          float sum = 0;
#pragma omp simd reduction(+ : sum)
          for (std::int64_t j = 0; j < d; ++j) sum += po[i * d + j] * po[i * d + j];
          const float s = 1.0F / std::sqrt(sum / static_cast<float>(d) + static_cast<float>(eps));
          ps[i] = s;
          for (std::int64_t j = 0; j < d; ++j) {
            const float g = static_cast<float>(pgate[i * d + j]);
            py[i * d + j] = static_cast<T>(po[i * d + j] * s * pw[j] * g * sigmoid(g));
          }
        }
      });
    });
    ctx->save_for_backward({o, weight, gate, scale});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &o = saved[0], &weight = saved[1], &gate = saved[2], &scale = saved[3];
    const Tensor dy = grads[0].contiguous();
    const std::int64_t n = o.size(0), h = o.size(1), d = o.size(2);
    Tensor d_o = torch::empty_like(o), dgate = torch::empty_like(gate), dw;
    const float *po = o.data_ptr<float>(), *pw = weight.data_ptr<float>(), *ps = scale.data_ptr<float>();
    float* pdo = d_o.data_ptr<float>();
    by_type(gate.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      const T *pgate = gate.data_ptr<T>(), *pdy = dy.data_ptr<T>();
      T* pdgate = dgate.data_ptr<T>();
      dw = reduce_rows(n * h, d, [&](std::int64_t begin, std::int64_t end, float* pdw) {
        for (std::int64_t i = begin; i < end; ++i) {
          const float s = ps[i];
          float* out = pdo + i * d;
          float dot = 0;
#pragma omp simd reduction(+ : dot)
          for (std::int64_t j = 0; j < d; ++j) {
            const float g = static_cast<float>(pgate[i * d + j]), sg = sigmoid(g);
            const float dyj = static_cast<float>(pdy[i * d + j]), normed = po[i * d + j] * s;
            const float through = dyj * g * sg;  // gradient of normed * weight
            pdgate[i * d + j] = static_cast<T>(dyj * normed * pw[j] * sg * (1.0F + g * (1.0F - sg)));
            pdw[j] += through * normed;
            out[j] = through * pw[j];
            dot += out[j] * po[i * d + j];
          }
          const float c = dot * s * s * s / static_cast<float>(d);
          for (std::int64_t j = 0; j < d; ++j) out[j] = out[j] * s - po[i * d + j] * c;
        }
      });
    });
    return {d_o, dw, dgate, Tensor()};
  }
};

/// Rows of the inverse by forward substitution: X[i] = e_i - sum_{j<i} L[i][j] X[j], in cache, one matrix a task.
void invert_in_cache(const float* lower, float* inverse, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    float* row = inverse + i * n;
    for (std::int64_t c = 0; c < n; ++c) row[c] = 0;
    row[i] = 1;
    for (std::int64_t j = 0; j < i; ++j) {
      const float l = lower[i * n + j];
      const float* other = inverse + j * n;
      for (std::int64_t c = 0; c <= j; ++c) row[c] -= l * other[c];
    }
  }
}

Tensor invert_by_doubling(const Tensor& strictly_lower) {
  const std::int64_t n = strictly_lower.size(-1);
  const Tensor eye = torch::eye(n, strictly_lower.options());
  Tensor inverse = eye.expand_as(strictly_lower);
  const Tensor index = torch::arange(n, strictly_lower.options().dtype(torch::kLong));
  // inv([[A, 0], [B, C]]) = [[A', 0], [-C' B A', C']]: all blocks of one size at once, B picked out by a mask.
  for (std::int64_t size = 1; size < n; size *= 2) {
    const Tensor half = index.div(size, "floor"), whole = half.div(2, "floor");
    const Tensor below = whole.unsqueeze(1).eq(whole.unsqueeze(0)) & half.unsqueeze(1).gt(half.unsqueeze(0));
    inverse = inverse - torch::matmul(inverse, torch::matmul(strictly_lower * below, inverse));
  }
  return inverse;
}

struct UnitLowerInverse : Function<UnitLowerInverse> {
  static Tensor forward(AutogradContext* ctx, Tensor strictly_lower) {
    Tensor inverse;
    if (fused(strictly_lower)) {
      const Tensor lower = strictly_lower.contiguous();
      inverse = torch::empty_like(lower);
      const std::int64_t n = lower.size(-1);
      const float* pl = lower.data_ptr<float>();
      float* pi = inverse.data_ptr<float>();
      at::parallel_for(0, lower.numel() / (n * n), 4, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t m = begin; m < end; ++m) invert_in_cache(pl + m * n * n, pi + m * n * n, n);
      });
    } else {
      inverse = invert_by_doubling(strictly_lower);
    }
    ctx->save_for_backward({inverse});
    return inverse;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor inverse_t = ctx->get_saved_variables()[0].transpose(-1, -2);
    return {torch::matmul(torch::matmul(inverse_t, grads[0]), inverse_t).neg()};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps, torch::ScalarType out_type) {
  if (fused(x)) return RmsNorm::apply(x, weight, eps, static_cast<std::int64_t>(out_type));
  return (x * torch::rsqrt(x.square().mean(-1, true) + eps) * weight).to(out_type);
}

Tensor swiglu(const Tensor& x) {
  if (fused(x)) return SwiGlu::apply(x);
  const auto parts = x.chunk(2, -1);
  return torch::silu(parts[0]) * parts[1];
}

Tensor around_convolution(const Tensor& x, const Tensor& weight) {
  if (fused(x)) return AroundConvolution::apply(x, weight);
  const std::int64_t taps = weight.size(1);
  return x + torch::conv1d(x.transpose(1, 2), weight.unsqueeze(1), {}, at::IntArrayRef{1}, at::IntArrayRef{taps / 2}, at::IntArrayRef{1}, x.size(2)).transpose(1, 2);
}

Tensor short_convolution(const Tensor& x, const Tensor& weight, const Tensor& tail) {
  if (fused(x)) return ShortConvolution::apply(x, weight, tail);
  const std::int64_t t = x.size(1), taps = weight.size(1);
  const Tensor padded = torch::cat({tail, x.to(torch::kFloat)}, 1);
  Tensor sum;
  for (std::int64_t k = 0; k < taps; ++k) {
    const Tensor term = padded.slice(1, k, k + t) * weight.select(1, k);
    sum = k == 0 ? term : sum + term;
  }
  return torch::silu(sum);
}

Tensor unit_length(const Tensor& x) {
  if (fused(x)) return UnitLength::apply(x);
  return x * torch::rsqrt(x.square().sum(-1, true) + 1e-6);
}

Tensor gated_norm(const Tensor& o, const Tensor& weight, const Tensor& gate, double eps) {
  if (fused(o)) return GatedNorm::apply(o, weight, gate, eps);
  const Tensor normed = o * torch::rsqrt(o.square().mean(-1, true) + eps) * weight;
  return (normed.flatten(1) * torch::silu(gate.to(torch::kFloat))).to(gate.scalar_type());
}

Tensor unit_lower_inverse(const Tensor& strictly_lower) { return UnitLowerInverse::apply(strictly_lower); }

}  // namespace catena::model
