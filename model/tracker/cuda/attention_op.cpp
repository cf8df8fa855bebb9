#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "model/tracker/cuda/chunk_attention.h"
#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/cuda/kernel_stream.h"

namespace catena::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Part `part` of [B, T, parts, H, D].
training_kernels::HeadVectors vectors(const Tensor& x, std::int64_t part, std::int64_t width, std::int64_t head_width) {
  return {static_cast<char*>(x.data_ptr()) + part * width * static_cast<std::int64_t>(x.element_size()), x.stride(0),
          x.stride(1), head_width};
}

training_kernels::ChunkAttention describe(const Tensor& qkv, const Tensor& cosines, const Tensor& sines,
                                          const Tensor& log_sum_exp, std::int64_t heads, std::int64_t chunk,
                                          bool causal) {
  const std::int64_t width = qkv.size(2) / 3, head_width = width / heads;
  training_kernels::ChunkAttention a;
  a.type = qkv.scalar_type() == torch::kFloat ? training_kernels::ElementType::float32
                                              : training_kernels::ElementType::bfloat16;
  a.batch = qkv.size(0);
  a.tokens = qkv.size(1);
  a.heads = heads;
  a.chunk = std::min(chunk, a.tokens);
  a.head_width = static_cast<int>(head_width);
  a.causal = causal;
  a.q = vectors(qkv, 0, width, head_width);
  a.k = vectors(qkv, 1, width, head_width);
  a.v = vectors(qkv, 2, width, head_width);
  if (cosines.numel() > 0) {
    a.cosines = cosines.data_ptr<float>();
    a.sines = sines.data_ptr<float>();
  }
  a.log_sum_exp = log_sum_exp.data_ptr<float>();
  return a;
}

struct ChunkAttentionKernel : torch::autograd::Function<ChunkAttentionKernel> {
  static Tensor forward(AutogradContext* ctx, Tensor qkv, Tensor cosines, Tensor sines, std::int64_t heads,
                        std::int64_t chunk, bool causal) {
    qkv = qkv.contiguous();
    const std::int64_t b = qkv.size(0), t = qkv.size(1), width = qkv.size(2) / 3;
    const Tensor out = torch::empty({b, t, width}, qkv.options());
    const Tensor log_sum_exp = torch::empty({b, heads, t}, qkv.options().dtype(torch::kFloat));
    on_stream_of(qkv, [&](void* stream) {
      training_kernels::chunk_attention_forward(describe(qkv, cosines, sines, log_sum_exp, heads, chunk, causal),
                                                vectors(out, 0, width, width / heads), stream);
    });
    ctx->save_for_backward({qkv, cosines, sines, out, log_sum_exp});
    ctx->saved_data["heads"] = heads;
    ctx->saved_data["chunk"] = chunk;
    ctx->saved_data["causal"] = causal;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &qkv = saved[0], &out = saved[3], &log_sum_exp = saved[4];
    const std::int64_t heads = ctx->saved_data["heads"].toInt(), width = qkv.size(2) / 3, head_width = width / heads;
    const Tensor d_out = grads[0].to(qkv.scalar_type()).contiguous(), d_qkv = torch::empty_like(qkv),
                 scratch = torch::empty_like(log_sum_exp);
    on_stream_of(qkv, [&](void* stream) {
      training_kernels::AttentionGradients g;
      g.out = vectors(out, 0, width, head_width);
      g.d_out = vectors(d_out, 0, width, head_width);
      g.dq = vectors(d_qkv, 0, width, head_width);
      g.dk = vectors(d_qkv, 1, width, head_width);
      g.dv = vectors(d_qkv, 2, width, head_width);
      g.scratch = scratch.data_ptr<float>();
      training_kernels::chunk_attention_backward(
          describe(qkv, saved[1], saved[2], log_sum_exp, heads, ctx->saved_data["chunk"].toInt(),
                   ctx->saved_data["causal"].toBool()),
          g, stream);
    });
    return {d_qkv, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool attention_kernel_takes(const Tensor& qkv, std::int64_t heads) {
  const bool type = qkv.scalar_type() == torch::kFloat || qkv.scalar_type() == torch::kBFloat16;
  return type && qkv.numel() > 0 && qkv.size(0) <= training_kernels::most_streams &&
         training_kernels::attention_takes(static_cast<int>(qkv.size(2) / 3 / heads));
}

Tensor chunk_attention_kernel(const Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Rotary& rotary,
                              Sight sight) {
  const Tensor none = torch::empty({0}, qkv.options().dtype(torch::kFloat));  // autograd wants tensors that are there
  const bool rotated = rotary.cos.defined();
  return ChunkAttentionKernel::apply(qkv, rotated ? rotary.cos : none, rotated ? rotary.sin : none, heads, chunk,
                                     sight == Sight::back);
}

}  // namespace catena::model
