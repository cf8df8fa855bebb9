#include "app/commands/model_options.h"

namespace catena::app {

void ModelOptions::add_to(CLI::App& command) {
  command.add_option("--model", folder,
                     "Model folder (config.json, model.safetensors, tokenizer.model); default: the shipped model");
  command.add_option("--device", device, "cpu or cuda")->check(CLI::IsMember({"cpu", "cuda"}))->capture_default_str();
  command
      .add_option("--precision", precision,
                  "float32, bfloat16 or int8 weights; default: int8 on the CPU, bfloat16 on CUDA")
      ->check(CLI::IsMember({"float32", "bfloat16", "int8"}));
  command.add_option("--threads", threads, "Threads of the CPU runtime")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--chunk", chunk_length, "Chunk length in tokens, 8 to 512; 0: the model's own")
      ->check(CLI::Range(0, model::max_chunk_length))
      ->capture_default_str();
  command.add_option("--policy", policy, "Where chunks end: fixed, line")
      ->check(CLI::IsMember({"fixed", "line"}))
      ->capture_default_str();
  command.add_flag("--no-carry", no_carry, "Clear the regression state at every chunk boundary");
}

model::ExecutorOptions ModelOptions::executor() const {
  const model::Device where = device == "cuda" ? model::Device::cuda : model::Device::cpu;
  const model::Precision usual = where == model::Device::cpu ? model::Precision::int8 : model::Precision::bfloat16;
  return {where, precision.empty() ? usual : model::precision_named(precision), threads};
}

model::StreamSettings ModelOptions::settings(const model::ModelConfig& config) const {
  model::StreamSettings settings;
  settings.chunk_length = chunk_length == 0 ? config.chunk_length : chunk_length;
  settings.policy = policy == "line" ? model::ChunkPolicy::line : model::ChunkPolicy::fixed;
  settings.carry = !no_carry;
  return settings;
}

}  // namespace catena::app
