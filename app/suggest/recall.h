// What may come next because it followed the same text elsewhere in the open documents. The editor holds their text
// anyway; nothing of it is kept for the purpose.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/expected_text.h"

namespace catena::app {

/// How far around the cursor it looks, in bytes.
inline constexpr std::size_t recall_back = 128 * 1024, recall_ahead = 64 * 1024;

/// A continuation seen in the document, and the evidence for it.
struct Recalled {
  std::string text;          ///< from the cursor to the end of the line, its line end included
  std::size_t match = 0;     ///< bytes before the cursor that are the same there; the longest of its places
  double share = 0;          ///< of all continuations' evidence: 0 to 1
  int places = 0;            ///< where it was seen
  std::size_t distance = 0;  ///< bytes from the cursor to the nearest of them
};

/// The best continuations whose first word differs, best first. `before` and `after`: the text around the cursor; what
/// is far from it is not looked at. `elsewhere`: text of other open documents, which counts less. Costs one pass over
/// them.
std::vector<Recalled> recall(std::string_view before, std::string_view after,
                             std::span<const std::string_view> elsewhere = {});

/// How often the first word of such a continuation is right. `typed`: letters of the word already there.
double recall_probability(const Recalled& recalled, std::size_t typed);

/// What was recalled as the model is told of it. `typed`: as above.
std::vector<model::ExpectedText> expected_texts(std::span<const Recalled> recalled, std::size_t typed);

}  // namespace catena::app
