// How a suggestion is asked of the model and what of its answer is shown: one policy for the window and for measuring
// it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/suggest/recall.h"
#include "app/suggest/word_ranker.h"
#include "model/text/completer.h"

namespace catena::app {

/// Bytes around the cursor that a question looks at.
inline constexpr std::size_t suggestion_lookback = recall_back, suggestion_lookahead = recall_ahead;
/// Other documents that it looks at, and how many bytes of each.
inline constexpr std::size_t other_documents = 6, other_bytes = 64 * 1024;

struct SuggestionPlace {
  std::string_view before, after;  ///< text around the cursor; at least the bytes above, where there are as many
  bool explicitly = false;         ///< asked for with a key: an unsure answer is better than none
  std::vector<std::string_view> elsewhere = {};  ///< text of other open documents
};

/// `ranker` judges the words that may come first; without one they are judged as CompletionOptions says. The place's
/// text must last as long as the options.
model::CompletionOptions suggestion_options(const SuggestionPlace& place,
                                            std::shared_ptr<const WordRanker> ranker = {});
/// The same for the others to choose from, which are seen only when asked for, and so may be less sure.
model::CompletionOptions alternative_options(model::CompletionOptions options);

/// What of a completion is shown at the place; empty when nothing of it is worth it. A word that the longest length may
/// have cut is left out.
std::string shown_suggestion(const model::Completion& completion, const SuggestionPlace& place);

}  // namespace catena::app
