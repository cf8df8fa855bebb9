#include "app/session/settings_watch.h"

#include <cmath>
#include <cstdio>

namespace catena::app {
namespace {

constexpr double same_temperature = 1e-4;

std::string two_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

std::string change(const std::string& what, const std::string& before, const std::string& after) {
  return what + ' ' + before + " -> " + after;
}

model::ChunkPolicy policy(ui::ChunkPolicy policy) {
  switch (policy) {
    case ui::ChunkPolicy::line:
      return model::ChunkPolicy::line;
    case ui::ChunkPolicy::pause:
      return model::ChunkPolicy::pause;
    case ui::ChunkPolicy::fixed:
      break;
  }
  return model::ChunkPolicy::fixed;
}

model::Precision to_model(ui::Precision precision) {
  switch (precision) {
    case ui::Precision::bfloat16:
      return model::Precision::bfloat16;
    case ui::Precision::int8:
      return model::Precision::int8;
    case ui::Precision::float32:
      break;
  }
  return model::Precision::float32;
}

}  // namespace

model::StreamSettings to_stream_settings(const ui::ChunkSettings& settings, const model::ModelConfig& config) {
  model::StreamSettings stream;
  stream.chunk_length = settings.chunk_length;
  stream.policy = policy(settings.policy);
  stream.carry = settings.carry;
  const bool own =
      std::abs(settings.gate_temperature - static_cast<double>(config.gate_temperature)) < same_temperature;
  stream.gate_temperature = own ? 0.0F : static_cast<float>(settings.gate_temperature);
  return stream;
}

model::ExecutorOptions to_executor_options(const ui::ChunkSettings& settings) {
  return {settings.device == ui::Device::cuda ? model::Device::cuda : model::Device::cpu, to_model(settings.precision),
          settings.threads};
}

SettingsWatch::InForce SettingsWatch::in_force(const model::ChainState& state, const model::ModelConfig& config) {
  const auto& at = state.counters();
  const float temperature = at.gate_temperature > 0 ? at.gate_temperature : config.gate_temperature;
  return {at.chunks, at.chunk_length, at.carry != 0, static_cast<double>(temperature)};
}

void SettingsWatch::begin(const model::ChainState& state, const model::ModelConfig& config) {
  last_ = in_force(state, config);
}

void SettingsWatch::look(const model::ChainState& state, const model::ModelConfig& config, const Say& say) {
  InForce now = in_force(state, config);
  if (now.chunk_length != last_.chunk_length)
    say(change("chunk", std::to_string(last_.chunk_length), std::to_string(now.chunk_length)));
  if (std::abs(now.temperature - last_.temperature) > same_temperature)
    say(change("gate temperature", two_digits(last_.temperature), two_digits(now.temperature)));
  // The state knows at once what is to happen at the next boundary; it happens there.
  if (now.chunks == last_.chunks) now.carry = last_.carry;
  if (now.carry != last_.carry) say(change("carry", last_.carry ? "on" : "off", now.carry ? "on" : "off"));
  last_ = now;
}

void SettingsWatch::immediate(const ui::ChunkSettings& before, const ui::ChunkSettings& after, const Say& say) {
  if (before.policy != after.policy)
    say(change("boundaries", to_string(policy(before.policy)), to_string(policy(after.policy))));
  if (before.sound_chunk_ms != after.sound_chunk_ms)
    say(change("sound chunk", std::to_string(before.sound_chunk_ms), std::to_string(after.sound_chunk_ms) + " ms"));
  const model::ExecutorOptions old = to_executor_options(before), now = to_executor_options(after);
  if (old.precision != now.precision) say(change("precision", to_string(old.precision), to_string(now.precision)));
  if (old.threads != now.threads) say(change("threads", std::to_string(old.threads), std::to_string(now.threads)));
  if (old.device != now.device) say(change("device", to_string(old.device), to_string(now.device)));
}

}  // namespace catena::app
