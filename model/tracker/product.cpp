#include "model/tracker/product.h"

#include <ATen/Context.h>

namespace catena::model {
namespace {

using torch::Tensor;

/// As LibTorch chooses between oneDNN and loops of its own.
bool rounds_every_term(const Tensor& x) {
  static const bool onednn_has_bfloat16 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                                          __builtin_cpu_supports("avx512dq") && at::hasMKLDNN();
  if (x.scalar_type() != torch::kBFloat16 || !x.device().is_cpu()) return false;
  return !onednn_has_bfloat16 || !at::globalContext().userEnabledMkldnn();
}

}  // namespace

Tensor product(const Tensor& a, const Tensor& b) {
  if (rounds_every_term(a)) return product(a.to(torch::kFloat), b.to(torch::kFloat)).to(a.scalar_type());
  return a.dim() == 3 ? a.bmm(b) : a.mm(b);
}

void product_into(Tensor& result, const Tensor& a, const Tensor& b) {
  if (rounds_every_term(a)) {
    result.copy_(product(a.to(torch::kFloat), b.to(torch::kFloat)));
  } else if (a.dim() == 3) {
    at::bmm_out(result, a, b);
  } else {
    at::mm_out(result, a, b);
  }
}

}  // namespace catena::model
