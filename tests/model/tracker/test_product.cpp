#include "gradients.h"
#include "model/tracker/product.h"
#include "onednn.h"

using catena::test::OneDnn;
using catena::test::relative_error;
using namespace catena::model;
using torch::Tensor;

TEST_CASE("a product in bfloat16 is the exact one, rounded once, with oneDNN and without") {
  const bool used = GENERATE(true, false);
  INFO("oneDNN " << (used ? "on" : "off"));
  const OneDnn onednn(used);
  torch::manual_seed(21);
  const auto check = [](const Tensor& a, const Tensor& b) {
    const Tensor exact = a.to(torch::kDouble).matmul(b.to(torch::kDouble));
    const Tensor own = product(a, b);
    CHECK(own.scalar_type() == torch::kBFloat16);
    CHECK(relative_error(own, exact) < 2e-3);
    Tensor into = torch::full(exact.sizes(), -1, a.options());
    product_into(into, a, b);
    CHECK(into.equal(own));
  };
  const Tensor a = torch::randn({9, 3000}).to(torch::kBFloat16), b = torch::randn({3000, 7}).to(torch::kBFloat16);
  check(a, b);
  check(b.t(), a.t());
  check(a.t().contiguous().t(), b.t().contiguous().t());
  const Tensor x = torch::randn({3, 5, 800}).to(torch::kBFloat16), y = torch::randn({3, 11, 800}).to(torch::kBFloat16);
  check(x, y.transpose(1, 2));
  check(y.slice(2, 100, 700), x.transpose(1, 2).slice(1, 100, 700));
}

TEST_CASE("a product takes gradients, with oneDNN and without") {
  const OneDnn onednn(GENERATE(true, false));
  torch::manual_seed(22);
  const Tensor a = torch::randn({6, 40}).to(torch::kBFloat16).requires_grad_(),
               b = torch::randn({40, 8}).to(torch::kBFloat16).requires_grad_();
  const Tensor direction = torch::randn({6, 8}).to(torch::kBFloat16);
  (product(a, b) * direction).sum().backward();
  CHECK(relative_error(a.grad(), direction.to(torch::kDouble).mm(b.detach().to(torch::kDouble).t())) < 5e-3);
  CHECK(relative_error(b.grad(), a.detach().to(torch::kDouble).t().mm(direction.to(torch::kDouble))) < 5e-3);
}
