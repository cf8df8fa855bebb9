#include "lab_fixture.h"
#include "model/attention/attention_decoder.h"
#include "model/runtime/memory.h"
#include "model/tracker/torch_executor.h"
#include "tests/model/tracker/gradients.h"

using namespace catena::test;
using namespace catena::model;

TEST_CASE(
    "the decoder in preallocated buffers says what the whole sequence says, and a step allocates no tensor memory") {
  count_torch_memory();
  const Lab lab(small_config("attention"));
  AttentionDecoder decoder(lab.parameter("in.weight").to(torch::kFloat), lab.parameter("out.weight").to(torch::kFloat),
                           2, 3, 40);
  const torch::NoGradGuard no_grad;
  const Tensor x = input(3, 40), expected = lab.mixer->forward(x);
  const std::vector<Tensor> tokens = x.transpose(0, 1).contiguous().unbind(0);
  Tensor y = torch::empty_like(x);
  for (int pass = 0; pass < 2; ++pass) {
    decoder.reset();
    const auto before = memory_counters();
    for (std::int64_t t = 0; t < 40; ++t) y.select(1, t).copy_(decoder.step(tokens[static_cast<std::size_t>(t)]));
    const auto after = memory_counters();
    if (pass == 1) CHECK(after.allocations == before.allocations);
    if (pass == 1) CHECK(after.bytes_now == before.bytes_now);
    CHECK(relative_error(y, expected) < 1e-5);
  }
  CHECK(decoder.cache_bytes() == 3 * lab.mixer->state_bytes(40));
  CHECK_THAT(message_of([&] { decoder.step(tokens[0]); }), Catch::Contains("cache of 40 tokens is full"));
  CHECK_THAT(message_of([&] { decoder.step(torch::zeros({3, 9})); }), Catch::Contains("x must be [3, 8]"));
  CHECK_THAT(message_of([] {
               AttentionDecoder(torch::zeros({24, 8}), torch::zeros({8, 8}), 0, 1, 4);
             }),
             Catch::Contains("heads is 0"));
}
