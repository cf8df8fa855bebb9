#include "model/attention/registry.h"

#include <stdexcept>

#include "model/attention/block_attention.h"
#include "model/attention/dynamic_heads.h"
#include "model/attention/importance_memory.h"
#include "model/attention/linear_attention.h"
#include "model/attention/linformer.h"
#include "model/attention/multi_head_attention.h"
#include "model/attention/paired_chain.h"
#include "model/attention/pyramid_memory.h"
#include "model/attention/regression_memory.h"
#include "model/attention/sparse_attention.h"

namespace catena::model::lab {
namespace {

using Make = std::unique_ptr<Mixer> (*)(const SystemConfig&, ParameterSet&, const std::string&);

template <typename System>
std::unique_ptr<Mixer> make(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix) {
  return std::make_unique<System>(config, parameters, prefix);
}

struct Entry {
  const char* name;
  Make make;
  bool ahead;    // can look ahead
  bool streams;  // as its mixer says, without making one
};
constexpr Entry entries[] = {
    {"attention", make<MultiHeadAttention>, true, true},  {"block", make<BlockAttention>, true, true},
    {"block-sparse", make<SparseAttention>, true, false}, {"random", make<SparseAttention>, true, false},
    {"linformer", make<Linformer>, true, false},          {"dynamic-heads", make<DynamicHeads>, true, false},
    {"linear", make<LinearAttention>, false, true},       {"gated-linear", make<RegressionMemory>, false, true},
    {"delta", make<RegressionMemory>, false, true},       {"importance", make<ImportanceMemory>, false, true},
    {"pyramid", make<PyramidMemory>, false, true},        {"paired-regression", make<PairedChain>, false, true}};

std::vector<std::string> names_of(bool only_streaming) {
  std::vector<std::string> list;
  for (const Entry& entry : entries)
    if (entry.streams || !only_streaming) list.emplace_back(entry.name);
  return list;
}

}  // namespace

const std::vector<std::string>& system_names() {
  static const std::vector<std::string> names = names_of(false);
  return names;
}

const std::vector<std::string>& streaming_system_names() {
  static const std::vector<std::string> names = names_of(true);
  return names;
}

double multiply_adds(const SystemConfig& config, std::int64_t length) {
  ParameterSet parameters(1);
  return make_system(config, parameters, "")->cost(length).total();
}

std::unique_ptr<Mixer> make_system(const SystemConfig& config, ParameterSet& parameters, const std::string& prefix) {
  std::string known;
  for (const Entry& entry : entries) {
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
    if (config.system != entry.name) continue;
    config.validate();
    if (!config.causal && !entry.ahead) {
      throw std::runtime_error("system '" + config.system + "' only looks back: \"causal\" must be true");
    }
    return entry.make(config, parameters, prefix);
  }
  throw std::runtime_error("there is no system '" + config.system + "'; expected one of " + known);
}

}  // namespace catena::model::lab
