#include "model/attention/attention_decoder.h"

#include <cmath>
#include <stdexcept>

namespace catena::model::lab {

using torch::Tensor;

namespace {

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument("attention decoder: " + what); }

}  // namespace

AttentionDecoder::AttentionDecoder(const Tensor& in, const Tensor& out, std::int64_t heads, std::int64_t batch,
                                   std::int64_t capacity)
    : heads_(heads), width_(out.size(0)) {
  if (heads < 1 || width_ % (2 * heads) != 0) {
    fail("heads is " + std::to_string(heads) + ", expected a divisor of width " + std::to_string(width_) +
         " that leaves an even number");
  }
  if (batch < 1 || capacity < 1) fail("batch and capacity must be at least 1");
  const std::int64_t d = width_, head = d / heads, n = batch * heads;
  const auto room = [](std::vector<std::int64_t> shape) { return torch::zeros(shape, torch::kFloat); };
  rotary_ = make_rotary(capacity, head, 10000, torch::kCPU);
  Tensor scaled = in.detach().clone();
  // Here and not at each step, where a scalar would be a tensor of its own.
  scaled.narrow(0, 0, d).div_(std::sqrt(static_cast<double>(head)));
  in_t_ = scaled.t();
  out_t_ = out.detach().t();
  keys_ = room({n, capacity, head});
  values_ = room({n, capacity, head});
  qkv_ = room({batch, 3 * d});
  q_ = room({n, 1, head});
  k_ = room({n, 1, head});
  half_ = room({n, 1, head / 2});
  p_ = room({n * capacity});
  o_ = room({n, 1, head});
  y_ = room({batch, d});
}

std::int64_t AttentionDecoder::cache_bytes() const {
  return 2 * keys_.numel() * static_cast<std::int64_t>(sizeof(float));
}

/// rotate() of model/tracker/attention.h at the current position. x [n, 1, D].
void AttentionDecoder::rotate_here(const Tensor& x, Tensor& result) {
  const std::int64_t half = x.size(2) / 2;
  const Tensor a = x.narrow(2, 0, half), b = x.narrow(2, half, half);
  const Tensor cos = rotary_.cos[tokens_], sin = rotary_.sin[tokens_];
  Tensor left = result.narrow(2, 0, half), right = result.narrow(2, half, half);
  torch::mul_out(left, a, cos);
  left.sub_(torch::mul_out(half_, b, sin));
  torch::mul_out(right, a, sin);
  right.add_(torch::mul_out(half_, b, cos));
}

const Tensor& AttentionDecoder::step(const Tensor& x) {
  const torch::NoGradGuard no_grad;
  if (x.sizes() != y_.sizes()) fail("x must be [" + std::to_string(y_.size(0)) + ", " + std::to_string(width_) + "]");
  if (tokens_ == keys_.size(1))
    fail("the cache of " + std::to_string(tokens_) + " tokens is full; reset it or make a larger one");
  const std::int64_t d = width_, n = keys_.size(0), head = d / heads_;
  torch::mm_out(qkv_, x, in_t_);
  const auto part = [&](std::int64_t i) { return qkv_.narrow(1, i * d, d).view({-1, heads_, head}); };  // [B, H, D]
  const auto by_stream = [&](Tensor& rows) { return rows.view({-1, heads_, head}); };
  by_stream(o_).copy_(part(0));
  rotate_here(o_, q_);
  by_stream(o_).copy_(part(1));
  rotate_here(o_, k_);
  keys_.select(1, tokens_).copy_(k_.squeeze(1));
  values_.select(1, tokens_).view({-1, heads_, head}).copy_(part(2));

  const std::int64_t seen = tokens_ + 1;
  Tensor p = p_.narrow(0, 0, n * seen).view({n, 1, seen});
  torch::bmm_out(p, q_, keys_.narrow(1, 0, seen).transpose(1, 2));
  torch::_softmax_out(p, p, -1, false);
  torch::bmm_out(o_, p, values_.narrow(1, 0, seen));
  torch::mm_out(y_, o_.view({-1, d}), out_t_);
  ++tokens_;
  return y_;
}

}  // namespace catena::model::lab
