#include <torch/csrc/autograd/custom_function.h>

#include "model/tracker/cuda/delta_kernels.h"
#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/cuda/kernel_stream.h"

namespace catena::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

training_kernels::DeltaSizes describe(const Tensor& k, const Tensor& v, bool corrected, std::int64_t truncate) {
  training_kernels::DeltaSizes sizes;
  sizes.heads = k.size(0);
  sizes.tokens = k.size(1);
  sizes.width = static_cast<int>(k.size(2));
  sizes.value_width = static_cast<int>(v.size(2));
  sizes.block = static_cast<int>(delta_block_length(training_kernels::delta_block(sizes.width), truncate));
  sizes.corrected = corrected;
  sizes.truncate = truncate;
  return sizes;
}

training_kernels::DeltaArrays arrays(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& log_a,
                                     const Tensor& b) {
  return {q.data_ptr<float>(), k.data_ptr<float>(), v.data_ptr<float>(), log_a.data_ptr<float>(), b.data_ptr<float>()};
}

float* data(const Tensor& x) { return x.data_ptr<float>(); }

struct DeltaRuleKernel : torch::autograd::Function<DeltaRuleKernel> {
  static variable_list forward(AutogradContext* ctx, Tensor q, Tensor k, Tensor v, Tensor log_a, Tensor b, Tensor state,
                               bool corrected, std::int64_t truncate) {
    for (Tensor* x : {&q, &k, &v, &log_a, &b, &state}) *x = x->contiguous();
    const training_kernels::DeltaSizes sizes = describe(k, v, corrected, truncate);
    const Tensor out = torch::empty_like(v), final_state = torch::empty_like(state);
    const Tensor states = torch::empty({sizes.heads, sizes.blocks(), sizes.width, sizes.value_width}, v.options());
    const Tensor x = torch::empty_like(v), w = torch::empty_like(k);
    on_stream_of(v, [&](void* stream) {
      training_kernels::delta_rule_forward(sizes, arrays(q, k, v, log_a, b),
                                           {data(state), data(out), data(final_state), data(states), data(x), data(w)},
                                           stream);
    });
    ctx->save_for_backward({q, k, v, log_a, b, states});
    ctx->saved_data["corrected"] = corrected;
    ctx->saved_data["truncate"] = truncate;
    return {out, final_state};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &log_a = saved[3], &b = saved[4], &states = saved[5];
    const std::int64_t truncate = ctx->saved_data["truncate"].toInt();
    const training_kernels::DeltaSizes sizes = describe(k, v, ctx->saved_data["corrected"].toBool(), truncate);
    const Tensor d_out = grads[0].defined() ? grads[0].contiguous() : torch::zeros_like(v);
    const Tensor d_final = grads[1].defined()
                               ? grads[1].contiguous()
                               : torch::zeros({sizes.heads, sizes.width, sizes.value_width}, v.options());
    const Tensor dq = torch::empty_like(q), dk = torch::empty_like(k), dv = torch::empty_like(v),
                 d_log_a = torch::empty_like(log_a), db = torch::empty_like(b), d_state = torch::empty_like(d_final);
    const Tensor x = torch::empty_like(v), w = torch::empty_like(k), dx = torch::empty_like(v),
                 d_states = torch::empty_like(states);
    const int block = training_kernels::delta_block(sizes.width);
    const Tensor inverse = torch::empty({sizes.heads, sizes.blocks(), block, block}, v.options());
    on_stream_of(v, [&](void* stream) {
      training_kernels::DeltaBackward back;
      back.states = data(states);
      back.d_out = data(d_out);
      back.d_final_state = data(d_final);
      back.dq = data(dq);
      back.dk = data(dk);
      back.dv = data(dv);
      back.d_log_a = data(d_log_a);
      back.db = data(db);
      back.d_state = data(d_state);
      back.scratch_x = data(x);
      back.scratch_w = data(w);
      back.scratch_dx = data(dx);
      back.scratch_inverse = data(inverse);
      back.scratch_states = data(d_states);
      training_kernels::delta_rule_backward(sizes, arrays(q, k, v, log_a, b), back, stream);
    });
    // The first token of a segment is a place where the way back is cut.
    return {dq, dk, dv, d_log_a, db, truncate == 0 ? d_state : Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool delta_kernel_takes(const Tensor& v, std::int64_t width) {
  return v.scalar_type() == torch::kFloat && v.numel() > 0 && v.size(0) <= training_kernels::most_streams &&
         training_kernels::delta_takes(static_cast<int>(width), static_cast<int>(v.size(2)));
}

DeltaOutputs delta_rule_kernel(const DeltaInputs& in) {
  const variable_list out =
      DeltaRuleKernel::apply(in.q, in.k, in.v, in.log_a, in.b, in.state, in.corrected, in.truncate);
  return {out[0], out[1]};
}

}  // namespace catena::model
