// Notices when a changed setting takes effect on the running stream: at its next boundary, or at once for those that
// belong to the executor.
#pragma once

#include <functional>
#include <string>

#include "model/executor.h"
#include "ui/session.h"

namespace catena::app {

model::StreamSettings to_stream_settings(const ui::ChunkSettings& settings, const model::ModelConfig& config);
model::ExecutorOptions to_executor_options(const ui::ChunkSettings& settings);

class SettingsWatch {
 public:
  using Say = std::function<void(const std::string& text)>;

  /// Begins to watch another stream, silently.
  void begin(const model::ChainState& state, const model::ModelConfig& config);
  /// Says what changed in the state since the last look: chunk length, carry, gate temperature.
  void look(const model::ChainState& state, const model::ModelConfig& config, const Say& say);
  /// Says what changes at once between two settings: policy, sound chunk, precision, threads, device.
  static void immediate(const ui::ChunkSettings& before, const ui::ChunkSettings& after, const Say& say);

 private:
  struct InForce {
    std::int64_t chunks = 0;
    int chunk_length = 0;
    bool carry = true;
    double temperature = 0;
  };
  static InForce in_force(const model::ChainState& state, const model::ModelConfig& config);
  InForce last_;
};

}  // namespace catena::app
