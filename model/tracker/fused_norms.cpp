#include "model/tracker/fused_ops.h"
#include "model/tracker/fused_rows.h"

namespace catena::model {
namespace {

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
        for (std::int64_t i = begin; i < end; ++i)
          ps[i] = norm_row(px + i * d, pw, static_cast<float>(eps), d, py + i * d);
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
        for (std::int64_t i = begin; i < end; ++i)
          norm_row_gradient(px + i * d, pw, ps[i], pg + i * d, d, pdx + i * d, pdw);
      });
    });
    return {dx, dw, Tensor(), Tensor()};
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

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps, torch::ScalarType out_type) {
  if (fused(x)) return RmsNorm::apply(x, weight, eps, static_cast<std::int64_t>(out_type));
  return (x * torch::rsqrt(x.square().mean(-1, true) + eps) * weight).to(out_type);
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

}  // namespace catena::model
