// Settings and inputs that make no sense, for every system: one clear line each.
#include <limits>

#include "lab_fixture.h"

using namespace catena::test;
using Catch::Contains;

namespace {

/// What making a system of this kind says once `change` has changed its settings.
template <typename Change>
std::string refusal(const std::string& system, Change change) {
  SystemConfig config = small_config(system);
  change(config);
  return message_of([&] { Lab lab(config); });
}

}  // namespace

TEST_CASE(
    "any system: no heads, heads that do not divide the width or leave an odd width, and sizes out of bounds are "
    "refused") {
  for (const std::string& system : system_names()) {
    INFO(system);
    const auto refused = [&](auto change, const std::string& what) {
      const std::string said = refusal(system, change);
      CHECK_THAT(said, Contains("system '" + system + "': " + what) && !Contains("\n"));
    };
    refused([](SystemConfig& c) { c.heads = 0; }, "heads is 0, expected a divisor of width 8");
    refused([](SystemConfig& c) { c.heads = -2; }, "heads is -2");
    refused([](SystemConfig& c) { c.heads = 3; }, "heads is 3, expected a divisor of width 8");
    refused([](SystemConfig& c) { c.heads = 8; }, "width / heads is 1, expected an even number");
    refused([](SystemConfig& c) { c.width = 0; }, "width is 0");
    refused([](SystemConfig& c) { c.width = 9; }, "heads is 2, expected a divisor of width 9");
    refused([](SystemConfig& c) { c.chunk = 0; }, "chunk is 0");
    refused([](SystemConfig& c) { c.max_length = 0; }, "max_length is 0");
    refused([](SystemConfig& c) { c.rank = 0; }, "rank is 0");
    refused([](SystemConfig& c) { c.window = 0; }, "window is 0");
    refused([](SystemConfig& c) { c.random_blocks = -1; }, "random_blocks is -1");
    refused([](SystemConfig& c) { c.levels = 6; }, "levels is 6");
    refused([](SystemConfig& c) { c.gate_temperature = 0; }, "gate_temperature is 0");
    refused([](SystemConfig& c) { c.gate_temperature = std::numeric_limits<double>::quiet_NaN(); },
            "gate_temperature is nan");
    CHECK(refusal(system, [](SystemConfig&) {}).empty());
  }
}

TEST_CASE("a system that there is not is refused with the names of those that there are") {
  const std::string said = refusal("performer", [](SystemConfig&) {});
  CHECK_THAT(said, Contains("'performer'") && !Contains("\n"));
  for (const std::string& system : system_names()) CHECK_THAT(said, Contains(system));
  CHECK_THAT(refusal("", [](SystemConfig&) {}), Contains("no system ''") && !Contains("\n"));
}

TEST_CASE("any system looks ahead when it is asked to, or says that it only looks back") {
  for (const std::string& system : system_names()) {
    const std::string said = refusal(system, [](SystemConfig& c) { c.causal = false; });
    if (!said.empty()) CHECK_THAT(said, Contains("'" + system + "' only looks back") && !Contains("\n"));
  }
  CHECK_THAT(refusal("linear", [](SystemConfig& c) { c.causal = false; }), Contains("'linear' only looks back"));
}

TEST_CASE("any system: inputs that are not finite, of another shape or type, or too long are refused") {
  for (const std::string& system : system_names()) {
    INFO(system);
    const Lab lab(small_config(system));
    Tensor x = input(1, 9);
    x[0][5][3] = std::numeric_limits<float>::quiet_NaN();
    const auto forward = [&](const Tensor& y) { return message_of([&] { lab.mixer->forward(y); }); };
    CHECK_THAT(forward(x), Contains(system) && Contains("not finite") && !Contains("\n"));
    CHECK_THAT(forward(torch::full({1, 2, 8}, std::numeric_limits<float>::infinity())), Contains("not finite"));
    CHECK_THAT(forward(torch::zeros({1, 2, 8}, torch::kDouble)),
               Contains("input of type Double, expected Float") && !Contains("\n"));
    CHECK_THAT(forward(torch::zeros({1, 2, 8}, torch::kLong)), Contains("input of type Long, expected Float"));
    CHECK_THAT(forward(torch::zeros({2, 3, 9})), Contains("expected [batch, tokens, 8]") && !Contains("\n"));
    CHECK_THAT(forward(torch::zeros({2, 0, 8})), Contains("expected [batch, tokens, 8]"));
    CHECK_THAT(forward(torch::zeros({3, 8})), Contains("expected [batch, tokens, 8]"));
    CHECK_THAT(forward(torch::zeros({1, 601, 8})), Contains("max_length 600"));
    if (lab.mixer->streams()) {
      MixerState state = lab.mixer->initial_state(1);
      CHECK_THAT(message_of([&] { lab.mixer->step(x, state); }), Contains("not finite"));
    } else {
      CHECK_THAT(message_of([&] { lab.mixer->initial_state(1); }), Contains("does not stream"));
    }
  }
}
