// Reads a project's documents once, and remembers them: a chain state and a table of contexts, both of constant size.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "model/executor.h"
#include "model/text/context_table.h"
#include "model/text/stream_codec.h"
#include "model/text/text_model.h"

namespace catena::model {

class MemoryBuilder {
 public:
  MemoryBuilder(std::shared_ptr<const TextModel> model, std::shared_ptr<Executor> executor,
                const StreamSettings& settings);

  /// Text of the running document; any split of it gives the same memory. Throws as Executor::read.
  void feed(std::string_view utf8);
  /// A document begins or ends here; what was pending is read first.
  void feed_control(Control control);
  /// Reads what is pending and ends the running chunk.
  void finish();

  /// Goes on with another executor of the same weights.
  void move_to(std::shared_ptr<Executor> executor);

  const ChainState& state() const { return state_; }
  std::shared_ptr<const ContextTable> contexts() const { return contexts_; }

 private:
  void read();

  std::shared_ptr<const TextModel> model_;
  std::shared_ptr<Executor> executor_;
  StreamSettings settings_;
  StreamEncoder encoder_;
  ChainState state_;
  std::shared_ptr<ContextTable> contexts_ = std::make_shared<ContextTable>();
  RecentTokens recent_;
  Token newline_;
  std::vector<Token> tokens_;  // not read yet
  std::vector<float> nll_;
};

}  // namespace catena::model
