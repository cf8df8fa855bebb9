#include "model/tracker/fused_ops.h"
#include "model/tracker/fused_rows.h"

namespace catena::model {
namespace {

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

Tensor unit_lower_inverse(const Tensor& strictly_lower) { return UnitLowerInverse::apply(strictly_lower); }

}  // namespace catena::model
