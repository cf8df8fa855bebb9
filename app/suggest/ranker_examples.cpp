#include "app/suggest/ranker_examples.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <stdexcept>

#include "app/evaluation/typist.h"
#include "app/suggest/suggester.h"
#include "model/text/words.h"

namespace catena::app {
namespace {

constexpr std::uint32_t magic = 0x524e4b31;  // "RNK1"
constexpr std::size_t least_read = 200;      // bytes of a file before the typist begins

/// The candidate that `rest` begins with, and how long it is; a sign may be the beginning of several.
void find_right(std::span<const model::WordCandidate> candidates, std::string_view rest, RankerExample& example) {
  const std::string_view word = model::next_word(rest);
  example.bytes = word.size();
  std::size_t longest = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::string_view text = candidates[i].text;
    const bool sign = !text.empty() && !model::is_word(text.back());
    if (text.size() <= longest || !(text == word || (sign && rest.starts_with(text)))) continue;
    longest = example.bytes = text.size();
    example.right = static_cast<int>(i);
  }
}

template <class T>
void write(std::ostream& out, const T& value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T read(std::istream& in) {
  T value{};
  in.read(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

}  // namespace

std::vector<RankerExample> collect_examples(const std::shared_ptr<const model::TextModel>& model,
                                            const std::shared_ptr<model::Executor>& executor,
                                            const std::shared_ptr<const WordRanker>& ranker, const std::string& name,
                                            const std::string& text, const RankerCollection& options) {
  std::vector<RankerExample> examples;
  if (text.size() < least_read + options.typed_bytes) return examples;
  std::mt19937_64 random(options.seed ^ std::hash<std::string>()(name + text.substr(0, least_read)));
  std::size_t first = least_read + random() % (text.size() - least_read - options.typed_bytes + 1);
  while (first > 0 && text[first - 1] != '\n') --first;
  const std::size_t end = std::min(text.find('\n', first + options.typed_bytes), text.size() - 1) + 1;
  const std::string_view written = std::string_view(text).substr(0, end);
  const std::string_view after = random() % 2 == 0 ? std::string_view() : std::string_view(text).substr(end);

  const model::StreamSettings settings{.chunk_length = model->config().chunk_length};
  model::TextStream stream(model, executor, {.settings = settings});
  stream.begin_document(name);
  std::size_t fed = 0;
  type_text(written, first, [&](std::string_view typed) {
    stream.feed(typed.substr(fed));
    fed = typed.size();
    const SuggestionPlace place{typed, after};
    model::CompletionOptions wanted = suggestion_options(place, ranker);
    const WordEvidence evidence(typed, after, recall(typed, after));
    const auto mixture_or_ranker = wanted.judge;
    wanted.judge = [&](std::span<const model::WordCandidate> candidates, std::span<double> probabilities) {
      RankerExample& example = examples.emplace_back();
      example.typed = evidence.typed();
      evidence.describe(candidates, example.candidates);
      find_right(candidates, written.substr(typed.size()), example);
      if (mixture_or_ranker) {
        mixture_or_ranker(candidates, probabilities);
      } else {
        model::judge_as_mixture(wanted.expected, candidates, probabilities);
      }
    };
    return shown_suggestion(stream.complete(wanted), place);
  });
  return examples;
}

void save_examples(const std::vector<RankerExample>& examples, const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  write(out, magic);
  write(out, static_cast<std::uint32_t>(word_feature_count));
  write(out, static_cast<std::uint64_t>(examples.size()));
  for (const RankerExample& example : examples) {
    write(out, static_cast<std::uint32_t>(example.candidates.size()));
    write(out, static_cast<std::uint32_t>(example.typed));
    write(out, static_cast<std::int32_t>(example.right));
    write(out, static_cast<std::uint32_t>(example.bytes));
    for (const WordFeatures& row : example.candidates) write(out, row);
  }
  if (!out.flush()) throw std::runtime_error(file.string() + ": cannot be written");
}

std::vector<RankerExample> load_examples(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + ": cannot be read");
  if (read<std::uint32_t>(in) != magic || read<std::uint32_t>(in) != word_feature_count) {
    throw std::runtime_error(file.string() + ": no examples for this program's features: collect them again");
  }
  std::vector<RankerExample> examples;
  for (auto left = read<std::uint64_t>(in); left > 0 && in; --left) {
    RankerExample& example = examples.emplace_back();
    const auto count = read<std::uint32_t>(in);
    example.typed = read<std::uint32_t>(in);
    example.right = read<std::int32_t>(in);
    example.bytes = read<std::uint32_t>(in);
    for (std::uint32_t i = 0; i < count && in; ++i) example.candidates.push_back(read<WordFeatures>(in));
    if (example.right >= static_cast<int>(example.candidates.size())) in.setstate(std::ios::failbit);
  }
  if (!in) throw std::runtime_error(file.string() + ": damaged: collect the examples again");
  return examples;
}

}  // namespace catena::app
