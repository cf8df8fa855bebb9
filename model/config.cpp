#include "model/config.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "model/runtime/atomic_file.h"

namespace catena::model {
namespace {

using nlohmann::json;

[[noreturn]] void out_of_bounds(std::string_view field, const std::string& value, std::string_view expected) {
  throw std::runtime_error(std::string(field) + " is " + value + ", expected " + std::string(expected));
}

void require(bool ok, std::string_view field, double value, std::string_view expected) {
  if (ok) return;
  std::string text = std::to_string(value);
  if (value == std::floor(value)) text.resize(text.find('.'));
  out_of_bounds(field, text, expected);
}

const json& member(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw std::runtime_error(std::string("\"") + key + "\" is missing");
  return *found;
}

void read(const json& object, const char* key, int& value) {
  const json& item = member(object, key);
  if (!item.is_number_integer() || item.get<double>() < -1e9 || item.get<double>() > 1e9) {
    throw std::runtime_error(std::string("\"") + key + "\" is not a whole number of reasonable size");
  }
  value = item.get<int>();
}

void read(const json& object, const char* key, float& value) {
  const json& item = member(object, key);
  if (!item.is_number()) throw std::runtime_error(std::string("\"") + key + "\" is not a number");
  value = item.get<float>();
}

void read(const json& object, const char* key, bool& value) {
  const json& item = member(object, key);
  if (!item.is_boolean()) throw std::runtime_error(std::string("\"") + key + "\" is neither true nor false");
  value = item.get<bool>();
}

void read(const json& object, const char* key, std::string& value) {
  const json& item = member(object, key);
  if (!item.is_string()) throw std::runtime_error(std::string("\"") + key + "\" is not a string");
  value = item.get<std::string>();
}

void read(const json& object, const char* key, Carry& value) {
  std::string name;
  read(object, key, name);
  for (const Carry carry : {Carry::delta, Carry::linear, Carry::vector, Carry::none, Carry::attention}) {
    if (to_string(carry) == name) {
      value = carry;
      return;
    }
  }
  out_of_bounds(std::string("\"") + key + "\"", "\"" + name + "\"",
                "\"delta\", \"linear\", \"vector\", \"none\" or \"attention\"");
}

enum class Key { needed, optional };

// The one list of config.json's keys, for reading and writing.
template <typename Config, typename Visit>
void each_field(Config& config, Visit&& visit) {
  visit("name", config.name);
  visit("vocab", config.vocab);
  visit("width", config.width);
  visit("layers", config.layers);
  visit("heads", config.heads);
  visit("ffn", config.ffn);
  visit("gate_hidden", config.gate_hidden);
  visit("conv_taps", config.conv_taps);
  visit("carry", config.carry);
  visit("gate_temperature", config.gate_temperature);
  visit("rope_base", config.rope_base);
  visit("norm_eps", config.norm_eps);
  visit("chunk_length", config.chunk_length);
  visit("regression_share", config.regression_share, Key::optional);
  visit("summary_levels", config.summary_levels, Key::optional);
  visit("fill_in_middle", config.fill_in_middle, Key::optional);
  visit("spoken_asides", config.spoken_asides, Key::optional);
  visit("features", config.features, Key::optional);
  visit("around_taps", config.around_taps, Key::optional);
  visit("local_taps", config.local_taps, Key::optional);
  visit("shared_attention", config.shared_attention, Key::optional);
}

// A float's shortest decimal form, so that 0.1F is written as 0.1.
double decimal(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  for (int digits = 1; digits < 9; ++digits) {
    char shorter[32];
    std::snprintf(shorter, sizeof shorter, "%.*g", digits, static_cast<double>(value));
    if (std::strtof(shorter, nullptr) == value) return std::strtod(shorter, nullptr);
  }
  return std::strtod(text, nullptr);
}

}  // namespace

ModelConfig ModelConfig::load(const std::filesystem::path& config_json) {
  const auto fail = [&](const std::string& what) -> std::runtime_error {
    return std::runtime_error("model config '" + config_json.string() + "': " + what);
  };
  std::ifstream file(config_json, std::ios::binary);
  if (!file) throw fail("cannot be opened; is the model folder complete?");
  const json object = json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) throw fail("is not a JSON object");
  try {
    ModelConfig config;
    each_field(config, [&](const char* key, auto& value, Key kind = Key::needed) {
      if (kind == Key::needed || object.contains(key)) read(object, key, value);
    });
    config.validate();
    return config;
  } catch (const std::exception& error) {
    throw fail(error.what());
  }
}

void ModelConfig::save(const std::filesystem::path& config_json) const {
  validate();
  nlohmann::ordered_json object;
  each_field(*this, [&](const char* key, const auto& value, Key = Key::needed) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, Carry>) {
      object[key] = to_string(value);
    } else if constexpr (std::is_same_v<Value, float>) {
      object[key] = decimal(value);
    } else {
      object[key] = value;
    }
  });
  write_file(config_json, object.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

void ModelConfig::validate() const {
  require(vocab >= 2 && vocab <= (1 << 20), "vocab", vocab, "2 to 1048576");
  require(width >= 32 && width <= 8192 && width % 32 == 0, "width", width, "a multiple of 32 from 32 to 8192");
  require(layers >= 1 && layers <= 256, "layers", layers, "1 to 256");
  require(heads >= 1 && heads <= width && width % heads == 0, "heads", heads, "a divisor of width");
  require(head_width() % 16 == 0, "width / heads", head_width(), "a multiple of 16");
  require(ffn >= 16 && ffn <= 65536 && ffn % 16 == 0, "ffn", ffn, "a multiple of 16 from 16 to 65536");
  require(gate_hidden >= 0 && gate_hidden <= 8192 && gate_hidden % 16 == 0, "gate_hidden", gate_hidden,
          "a multiple of 16 from 0 to 8192");
  require(conv_taps >= 1 && conv_taps <= 16, "conv_taps", conv_taps, "1 to 16");
  require(local_taps >= 0 && local_taps <= 16 && local_taps != 1, "local_taps", local_taps, "0 or 2 to 16");
  require(gate_temperature >= 1e-3F && gate_temperature <= 100, "gate_temperature", gate_temperature, "0.001 to 100");
  require(rope_base > 1 && rope_base <= 1e9F, "rope_base", rope_base, "more than 1, at most 1e9");
  require(norm_eps > 0 && norm_eps <= 0.1F, "norm_eps", norm_eps, "more than 0, at most 0.1");
  require(chunk_length >= min_chunk_length && chunk_length <= max_chunk_length, "chunk_length", chunk_length,
          "8 to 512");
  require(regression_share >= 0 && regression_share < 1, "regression_share", regression_share, "0 to less than 1");
  require(summary_levels >= 0 && summary_levels <= 4, "summary_levels", summary_levels, "0 to 4");
  require(features >= 0 && features <= 8192 && features % 16 == 0, "features", features,
          "a multiple of 16 from 0 to 8192");
  require(around_taps == 0 || (around_taps % 2 == 1 && around_taps <= 31), "around_taps", around_taps,
          "0 or an odd number to 31");
  if (around_taps > 0 && !reads_frames()) {
    throw std::runtime_error("around_taps is " + std::to_string(around_taps) +
                             ", expected 0: a model that reads tokens does not look ahead");
  }
  if (reads_frames() && carry == Carry::attention) {
    throw std::runtime_error("features is " + std::to_string(features) +
                             ", expected 0: carry \"attention\" reads tokens only");
  }
  if (shared_attention && !has_memory()) {
    throw std::runtime_error("shared_attention is true, expected false: it is for carry \"delta\" or \"linear\"");
  }
  require(parameters() <= std::int64_t{4'000'000'000}, "the parameter count", static_cast<double>(parameters()),
          "at most 4000000000");
}

std::int64_t ModelConfig::parameters() const {
  std::int64_t total = 0;
  for (const TensorSpec& spec : tensor_specs(*this)) {
    std::int64_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= extent;
    total += count;
  }
  return total;
}

std::vector<TensorSpec> tensor_specs(const ModelConfig& config) {
  const std::int64_t d = config.width;
  const std::int64_t heads = config.heads;
  std::vector<TensorSpec> specs;
  const auto add = [&](std::string name, std::vector<std::int64_t> shape) {
    specs.push_back({std::move(name), std::move(shape)});
  };
  if (config.reads_frames()) {
    add("frames.weight", {d, config.features});
    add("frames.bias", {d});
  } else {
    add("embed.weight", {config.vocab, d});
  }
  for (int i = 0; i < config.layers; ++i) {
    const std::string layer = "layers." + std::to_string(i) + ".";
    const std::string mixer = layer + "mixer.";
    const bool chain = ModelConfig::is_chain(i);
    add(layer + "norm1.weight", {d});
    if (config.around_taps > 0) add(layer + "around_conv.weight", {d, config.around_taps});
    if (chain && config.has_memory()) {
      add(mixer + "in.weight", {4 * d, d});
      add(mixer + "conv.weight", {3 * d, config.conv_taps});
      if (config.gate_hidden > 0) {
        add(mixer + "importance.in.weight", {config.gate_hidden, d});
        add(mixer + "importance.out.weight", {heads, config.gate_hidden});
        add(mixer + "importance.out.bias", {heads});
      }
      add(mixer + "decay.weight", {heads, d});
      add(mixer + "decay.bias", {heads});
      add(mixer + "decay.log_rate", {heads});
      add(mixer + "out_norm.weight", {config.head_width()});
      if (config.attends_below(i)) {
        add(mixer + "query.weight", {d, d});
        add(mixer + "attention_out.weight", {d, d});
      }
    } else {
      add(mixer + "in.weight", {3 * d, d});
      if (config.has_local_convolution(i)) add(mixer + "local_conv.weight", {3 * d, config.local_taps});
    }
    add(mixer + "out.weight", {d, d});
    if (chain && config.carry == Carry::vector) {
      add(mixer + "regression.weight", {d, d});
      add(mixer + "regression.bias", {d});
      add(mixer + "regression_norm.weight", {d});
      add(mixer + "regression_norm.bias", {d});
    }
    add(layer + "norm2.weight", {d});
    add(layer + "ffn.in.weight", {2 * std::int64_t{config.ffn}, d});
    add(layer + "ffn.out.weight", {d, config.ffn});
  }
  add("norm.weight", {d});
  if (config.reads_frames()) {
    add("head.weight", {config.vocab, d});
    add("head.bias", {config.vocab});
  }
  return specs;
}

std::string to_string(Carry carry) {
  switch (carry) {
    case Carry::delta:
      return "delta";
    case Carry::linear:
      return "linear";
    case Carry::vector:
      return "vector";
    case Carry::none:
      return "none";
    case Carry::attention:
      return "attention";
  }
  return "unknown";
}

std::string to_string(Device device) { return device == Device::cuda ? "cuda" : "cpu"; }

std::string to_string(Precision precision) {
  switch (precision) {
    case Precision::float32:
      return "float32";
    case Precision::bfloat16:
      return "bfloat16";
    case Precision::int8:
      return "int8";
  }
  return "unknown";
}

Precision precision_named(const std::string& name) {
  for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::int8}) {
    if (name == to_string(precision)) return precision;
  }
  throw std::invalid_argument("precision is '" + name + "', expected float32, bfloat16 or int8");
}

std::string to_string(ChunkPolicy policy) {
  switch (policy) {
    case ChunkPolicy::fixed:
      return "fixed";
    case ChunkPolicy::line:
      return "line";
    case ChunkPolicy::pause:
      return "pause";
  }
  return "unknown";
}

}  // namespace catena::model
