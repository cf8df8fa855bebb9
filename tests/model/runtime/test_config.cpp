// config.json: what is written is read back; what is wrong is named.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/model/temporary_folder.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json good_config() {
  const TemporaryFolder folder;
  tiny_config(Carry::delta).save(folder / "config.json");
  return json::parse(std::ifstream(folder / "config.json"));
}

std::string load_message(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder / "config.json") << text;
  return message_of([&] { ModelConfig::load(folder / "config.json"); });
}

std::string load_message(const char* key, const json& value) {
  json config = good_config();
  config[key] = value;
  return load_message(config.dump());
}

}  // namespace

TEST_CASE("a saved config is read back as it was") {
  const Carry carry = GENERATE(Carry::delta, Carry::linear, Carry::vector, Carry::none, Carry::attention);
  const TemporaryFolder folder;
  ModelConfig config = tiny_config(carry);
  config.regression_share = 0.1F;
  config.summary_levels = 2;
  config.fill_in_middle = true;
  config.spoken_asides = true;
  config.name = "näme \"with\" quotes";
  config.rope_base = 50000.5F;
  config.save(folder / "config.json");
  CHECK(ModelConfig::load(folder / "config.json") == config);
}

TEST_CASE("numbers in config.json are written as people write them") {
  const json config = good_config();
  CHECK(config["norm_eps"].dump() == "1e-05");
  CHECK(config["gate_temperature"].dump() == "0.5");
  CHECK(config["carry"] == "delta");
}

TEST_CASE("a missing, broken or incomplete config is refused in one line with file and key") {
  CHECK_THAT(message_of([] { ModelConfig::load("nowhere/config.json"); }),
             Contains("'nowhere/config.json'") && Contains("cannot be opened"));
  CHECK_THAT(load_message(""), Contains("is not a JSON object"));
  CHECK_THAT(load_message("[1, 2]"), Contains("is not a JSON object"));
  CHECK_THAT(load_message("{\"name\": "), Contains("is not a JSON object"));
  json config = good_config();
  config.erase("heads");
  CHECK_THAT(load_message(config.dump()), Contains("config.json") && Contains("\"heads\" is missing"));
}

TEST_CASE("values of the wrong type or out of bounds are named with what is expected") {
  CHECK_THAT(load_message("width", "wide"), Contains("\"width\" is not a whole number"));
  CHECK_THAT(load_message("width", 32.5), Contains("\"width\" is not a whole number"));
  CHECK_THAT(load_message("width", 1e300), Contains("\"width\" is not a whole number"));
  CHECK_THAT(load_message("width", 18446744073709551615ULL), Contains("\"width\" is not a whole number"));
  CHECK_THAT(load_message("width", 33), Contains("width is 33, expected a multiple of 32"));
  CHECK_THAT(load_message("vocab", 0), Contains("vocab is 0"));
  CHECK_THAT(load_message("layers", -1), Contains("layers is -1"));
  CHECK_THAT(load_message("heads", 0), Contains("heads is 0"));
  CHECK_THAT(load_message("heads", 3), Contains("heads is 3, expected a divisor of width"));
  CHECK_THAT(load_message("heads", 4), Contains("width / heads is 8, expected a multiple of 16"));
  CHECK_THAT(load_message("ffn", 100), Contains("ffn is 100"));
  CHECK_THAT(load_message("gate_hidden", 8), Contains("gate_hidden is 8"));
  CHECK_THAT(load_message("conv_taps", 17), Contains("conv_taps is 17"));
  CHECK_THAT(load_message("local_taps", 1), Contains("local_taps is 1, expected 0 or 2 to 16"));
  CHECK_THAT(load_message("local_taps", 17), Contains("local_taps is 17"));
  CHECK_THAT(load_message("carry", "all"),
             Contains("\"carry\" is \"all\", expected \"delta\", \"linear\", \"vector\", \"none\" or \"attention\""));
  CHECK_THAT(load_message("carry", 1), Contains("\"carry\" is not a string"));
  CHECK_THAT(load_message("carry", "none"), Contains("shared_attention is true, expected false"));
  CHECK_THAT(load_message("gate_temperature", 0), Contains("gate_temperature is 0"));
  CHECK_THAT(load_message("norm_eps", -1), Contains("norm_eps is -1"));
  CHECK_THAT(load_message("rope_base", nullptr), Contains("\"rope_base\" is not a number"));
  CHECK_THAT(load_message("chunk_length", 4), Contains("chunk_length is 4, expected 8 to 512"));
}

TEST_CASE("an invalid config is not written") {
  const TemporaryFolder folder;
  ModelConfig config = tiny_config(Carry::delta);
  config.layers = 0;
  CHECK_THROWS_WITH(config.save(folder / "config.json"), "layers is 0, expected 1 to 256");
  CHECK_FALSE(std::filesystem::exists(folder / "config.json"));
}

TEST_CASE("tensor names and the parameter count are those of docs/design.md") {
  ModelConfig config = tiny_config(Carry::delta);
  config.layers = 2;
  const std::int64_t d = 32, D = 16, H = 2, F = 48, G = 16, V = 96;
  const std::int64_t chain = 4 * d * d + 3 * d * 4 + G * d + H * G + H + H * d + H + H + D + d * d;
  const std::int64_t shared = 2 * d + 3 * d * F;
  CHECK(config.parameters() == V * d + (chain + shared) + (4 * d * d + 3 * d * 3 + shared) + d);
  std::vector<std::string> names;
  for (const TensorSpec& spec : tensor_specs(config)) names.push_back(spec.name);
  CHECK(names.front() == "embed.weight");
  CHECK(names.back() == "norm.weight");
  CHECK(std::count(names.begin(), names.end(), "layers.0.mixer.importance.out.bias") == 1);
  CHECK(std::count(names.begin(), names.end(), "layers.1.mixer.in.weight") == 1);
  ModelConfig third = config;
  third.layers = 3;  // the first layer has no layer below to attend to, this one has
  CHECK(third.parameters() - config.parameters() == chain + shared + 2 * d * d);
  third.shared_attention = false;
  CHECK(third.parameters() - config.parameters() == chain + shared);
  config.carry = Carry::vector;
  CHECK(config.parameters() == V * d + (4 * d * d + d * d + 3 * d + shared) + (4 * d * d + 3 * d * 3 + shared) + d);
}

TEST_CASE("a precision is known by its name, and another name is refused with the choices") {
  for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::int8}) {
    CHECK(precision_named(to_string(precision)) == precision);
  }
  CHECK_THROWS_WITH(precision_named("int4"), "precision is 'int4', expected float32, bfloat16 or int8");
}
