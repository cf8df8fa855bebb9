#include "model/tracker/fused_ops.h"
#include "model/tracker/fused_rows.h"

namespace catena::model {
namespace {

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
        for (std::int64_t i = begin; i < end; ++i) swiglu_row(px + i * 2 * f, f, py + i * f);
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
        for (std::int64_t i = begin; i < end; ++i) swiglu_row_gradient(px + i * 2 * f, pdy + i * f, f, pdx + i * 2 * f);
      });
    });
    return {dx};
  }
};

}  // namespace

Tensor swiglu(const Tensor& x) {
  if (fused(x)) return SwiGlu::apply(x);
  const auto parts = x.chunk(2, -1);
  return torch::silu(parts[0]) * parts[1];
}

}  // namespace catena::model
