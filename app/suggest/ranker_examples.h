// Places of known texts at which a typist asks for a suggestion: what a WordRanker is trained on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/suggest/ranker_training.h"
#include "model/text/text_stream.h"

namespace catena::app {

struct RankerCollection {
  std::size_t typed_bytes = 250;  ///< of a file
  std::uint64_t seed = 1;         ///< chooses where in it
};

/// Types a part of `text`, a file called `name`, and takes down the candidates wherever it is asked for a suggestion.
/// Every second file has the rest of its text behind the cursor, the others end there. `ranker` (may be nullptr) judges
/// what the typist is shown. Throws as TextStream.
std::vector<RankerExample> collect_examples(const std::shared_ptr<const model::TextModel>& model,
                                            const std::shared_ptr<model::Executor>& executor,
                                            const std::shared_ptr<const WordRanker>& ranker, const std::string& name,
                                            const std::string& text, const RankerCollection& options);

/// Throw std::runtime_error with one line when the file cannot be written or read, is damaged, or was made for other
/// features.
void save_examples(const std::vector<RankerExample>& examples, const std::filesystem::path& file);
std::vector<RankerExample> load_examples(const std::filesystem::path& file);

}  // namespace catena::app
