#include "kernel_device.h"
#include "model/tracker/attention.h"

using namespace catena::test;
using namespace catena::model;
using torch::Tensor;

namespace {

struct Shape {
  std::int64_t batch, tokens, heads, chunk, head_width;
};

Tensor random_qkv(const Shape& s) { return torch::randn({s.batch, s.tokens, 3 * s.heads * s.head_width}); }

Rotary rotary_of(const Shape& s, torch::Device device) { return make_rotary(s.chunk, s.head_width, 10000, device); }

Function kernel(const Shape& s, Sight sight, torch::ScalarType type = torch::kFloat) {
  return [=](const Inputs& x) {
    const Tensor qkv = x[0].to(kernel_device()).to(type);
    return chunk_attention_kernel(qkv, s.heads, s.chunk, rotary_of(s, kernel_device()), sight)
        .to(torch::kCPU)
        .to(torch::kFloat);
  };
}

Function definition(const Shape& s, Sight sight) {
  return [=](const Inputs& x) { return chunk_attention(x[0], s.heads, s.chunk, rotary_of(s, torch::kCPU), sight); };
}

/// Numbers that bfloat16 holds exactly: what differs afterwards is the kernel's.
Tensor in_bfloat16(const Tensor& x) { return x.to(torch::kBFloat16).to(torch::kFloat); }

/// check_same() whose gradients are held to the same tolerance as the values.
void check_same_bfloat16(const Function& fast, const Function& definition, const Tensor& qkv, double tolerance) {
  const Tensor x = qkv.clone().requires_grad_(), reference = qkv.to(torch::kDouble).requires_grad_();
  const Tensor y = fast({x}), expected = definition({reference});
  CHECK(relative_error(y, expected) < tolerance);
  const Tensor direction = in_bfloat16(torch::randn(y.sizes()));
  y.backward(direction);
  expected.backward(direction.to(torch::kDouble));
  CHECK(relative_error(x.grad(), reference.grad()) < tolerance);
}

}  // namespace

TEST_CASE("attention kernel, 32-bit: outputs and gradients are those of the operators, for any length and chunk") {
  if (!device_at_hand()) return;
  torch::manual_seed(1);
  const Sight sight = GENERATE(Sight::back, Sight::around);
  for (const Shape& s : {Shape{1, 1, 1, 16, 32}, Shape{2, 70, 2, 32, 32}, Shape{1, 100, 2, 100, 64},
                         Shape{2, 33, 1, 512, 64}, Shape{1, 50, 1, 45, 128}}) {
    INFO(s.tokens << " tokens in chunks of " << s.chunk << ", heads " << s.heads << " of width " << s.head_width);
    in_both_orders([&] { check_same(kernel(s, sight), definition(s, sight), {random_qkv(s)}, 2e-6); });
  }
}

TEST_CASE("attention kernel, bfloat16: within 1 % of the operators in float64") {
  if (!device_at_hand()) return;
  torch::manual_seed(2);
  const Sight sight = GENERATE(Sight::back, Sight::around);
  for (const Shape& s : {Shape{2, 70, 2, 32, 32}, Shape{1, 100, 2, 100, 64}, Shape{1, 50, 1, 45, 128}}) {
    INFO(s.tokens << " tokens in chunks of " << s.chunk << ", heads " << s.heads << " of width " << s.head_width);
    in_both_orders([&] {
      check_same_bfloat16(kernel(s, sight, torch::kBFloat16), definition(s, sight), in_bfloat16(random_qkv(s)), 1e-2);
    });
  }
}

TEST_CASE("attention kernel: large scores neither overflow nor vanish") {
  if (!device_at_hand()) return;
  torch::manual_seed(3);
  const Shape s{1, 80, 1, 80, 32};
  const Tensor qkv = random_qkv(s) * 12;  // scores of several hundred: the largest takes all the weight
  check_same(kernel(s, Sight::back), definition(s, Sight::back), {qkv}, 2e-5);
}

TEST_CASE("attention kernel: no token hears of a later one or of another chunk") {
  if (!device_at_hand()) return;
  torch::manual_seed(4);
  const Shape s{1, 64, 1, 40, 32};
  const Tensor qkv = random_qkv(s);
  Tensor changed = qkv.clone();
  changed.slice(1, 30, 40).uniform_(-100, 100);
  const Tensor a = kernel(s, Sight::back)({qkv}), b = kernel(s, Sight::back)({changed});
  CHECK(a.slice(1, 0, 30).equal(b.slice(1, 0, 30)));
  CHECK(a.slice(1, 40).equal(b.slice(1, 40)));
  CHECK_FALSE(a.slice(1, 30, 40).equal(b.slice(1, 30, 40)));
}

TEST_CASE("attention kernel: without rotary tables nothing is rotated") {
  if (!device_at_hand()) return;
  torch::manual_seed(5);
  const Shape s{1, 20, 1, 20, 32};
  const Tensor qkv = random_qkv(s);
  const Tensor plain =
      chunk_attention_kernel(qkv.to(kernel_device()), s.heads, s.chunk, {}, Sight::back).to(torch::kCPU);
  const Rotary still{torch::ones({20, 16}), torch::zeros({20, 16})};
  CHECK(relative_error(plain, chunk_attention(qkv, s.heads, s.chunk, still, Sight::back)) < 1e-6);
}

TEST_CASE("attention kernel: takes what it was compiled for") {
  const auto takes = [](std::int64_t width, torch::ScalarType type) {
    return attention_kernel_takes(torch::zeros({1, 4, 3 * 2 * width}, type), 2);
  };
  CHECK(takes(32, torch::kFloat));
  CHECK(takes(64, torch::kBFloat16));
  CHECK(takes(128, torch::kFloat));
  CHECK_FALSE(takes(48, torch::kFloat));
  CHECK_FALSE(takes(64, torch::kDouble));
  CHECK_FALSE(takes(64, torch::kHalf));
  CHECK_FALSE(attention_kernel_takes(torch::zeros({1, 0, 192}), 2));
}

#ifndef CATENA_CUDA_KERNELS
TEST_CASE("a kernel that the device refuses is one line of error") {
  const Shape s{1, 4, 1, 4, 32};
  cuda_emulator::fail_launch(1, cudaErrorLaunchFailure);
  CHECK_THROWS_AS(kernel(s, Sight::back)({random_qkv(s)}), std::runtime_error);
  cuda_emulator::reset();
  cuda_emulator::set_device_count(0);
  CHECK_THROWS_WITH(kernel(s, Sight::back)({random_qkv(s)}),
                    "CUDA kernel 'chunk attention': no CUDA-capable device is detected");
  cuda_emulator::reset();
}
#endif
