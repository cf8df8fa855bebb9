#include "app/commands/eval.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "app/assets_folder.h"
#include "app/commands/interrupt.h"
#include "app/commands/model_options.h"
#include "app/commands/text_file.h"
#include "app/evaluation/typist.h"
#include "app/suggest/suggester.h"
#include "model/text/text_stream.h"
#include "model/text/words.h"
#include "model/train/evaluation.h"

namespace catena::app {
namespace {

using namespace catena::model;

struct Options {
  ModelOptions model;
  std::vector<std::filesystem::path> files;
  std::filesystem::path memory;
  std::size_t typed_bytes = 1500;
  bool no_typist = false;
  bool no_recall = false;
  bool insert = false;
  bool heard = false;
  bool json = false;
};

/// Whole lines guessed where they begin, indentation given.
struct LineGuesses {
  std::int64_t asked = 0, exact = 0;

  double exact_percent() const {
    return asked == 0 ? 0 : 100.0 * static_cast<double>(exact) / static_cast<double>(asked);
  }
  LineGuesses& operator+=(const LineGuesses& other) {
    asked += other.asked;
    exact += other.exact;
    return *this;
  }
};

struct FileResult {
  std::int64_t bytes = 0;
  Evaluation likelihood;
  Keystrokes model, baseline;
  LineGuesses lines;
};

/// What the project's contexts guess is mixed in as completions do.
void mix_contexts(const ContextTable& contexts, std::span<const Token> tokens, std::span<float> nll) {
  RecentTokens recent;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const ContextTable::Guess guess = contexts.guess(recent);
    const double model = (1 - guess.weight) * std::exp(-static_cast<double>(nll[i]));
    if (guess.token >= 0) nll[i] = static_cast<float>(-std::log(model + (guess.token == tokens[i] ? guess.weight : 0)));
    recent.add(tokens[i]);
  }
}

/// Bits per byte of the whole file, read as the stream reads it: token by token behind the document's head.
void score_file(const TextModel& model, Executor& executor, const TextStream::Options& reading, const std::string& name,
                const std::string& text, FileResult& result) {
  const Tokenizer& tokenizer = *model.tokenizer();
  std::vector<Token> tokens{tokenizer.control(Control::file)};
  const std::vector<Token> head = tokenizer.encode(name + "\n"), body = tokenizer.encode(text);
  tokens.insert(tokens.end(), head.begin(), head.end());
  const std::size_t skipped = tokens.size();
  tokens.insert(tokens.end(), body.begin(), body.end());
  std::vector<float> nll(tokens.size());
  ChainState state = reading.memory ? reading.memory->state : executor.initial_state(reading.settings.chunk_length);
  executor.score(state, tokens, reading.settings, nll);
  if (reading.memory) mix_contexts(*reading.memory->contexts, tokens, nll);
  for (std::size_t i = skipped; i < tokens.size(); ++i) {
    result.likelihood.add(static_cast<std::int64_t>(i), static_cast<std::int64_t>(tokenizer.piece(tokens[i]).size()),
                          nll[i]);
  }
}

/// What the typist writes of a file: whole lines, at its end or in its middle.
struct TypedPart {
  std::size_t first, end;
};
TypedPart typed_part(std::string_view text, const Options& options) {
  const std::size_t wanted = std::min(text.size(), options.typed_bytes);
  std::size_t first = options.insert ? (text.size() - wanted) / 2 : text.size() - wanted;
  while (first > 0 && text[first - 1] != '\n') --first;
  std::size_t end = options.insert ? first + wanted : text.size();
  while (end < text.size() && text[end - 1] != '\n') ++end;
  return {first, end};
}

CompletionOptions options_at(const SuggestionPlace& place, const std::shared_ptr<const WordRanker>& ranker,
                             const Options& options) {
  CompletionOptions wanted = suggestion_options(place, options.no_recall ? nullptr : ranker);
  if (options.no_recall) wanted.expected.clear();
  return wanted;
}

/// Whether the likeliest line, however unlikely, is what comes next on this one.
bool guesses_line(TextStream& stream, const SuggestionPlace& place, const std::shared_ptr<const WordRanker>& ranker,
                  std::string_view rest, const Options& options) {
  CompletionOptions wanted = options_at({place.before, place.after, true}, ranker, options);
  wanted.boundary = Boundary::line;
  const std::string guess = stream.complete(wanted).text;
  return guess.substr(0, guess.find('\n')) == rest.substr(0, rest.find('\n'));
}

/// Lines of a file's transcript, each said before the same line of the file is typed.
class SaidLines {
 public:
  explicit SaidLines(std::string text) : text_(std::move(text)) {}

  /// The line that is said now, the `number`th of all; empty when it was said before, or there is none.
  std::string_view say(std::size_t number) {
    if (number < next_) return {};
    std::string_view line;
    for (; next_ <= number; ++next_) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      line = std::string_view(text_).substr(at_, end - at_);
      at_ = std::min(end + 1, text_.size());
    }
    return line;
  }
  /// All that was said so far.
  std::string_view said() const { return std::string_view(text_).substr(0, at_); }

 private:
  std::string text_;
  std::size_t at_ = 0, next_ = 0;
};

/// What comes before has been read.
void type_file(const std::shared_ptr<const TextModel>& model, const std::shared_ptr<Executor>& executor,
               const TextStream::Options& reading, const std::shared_ptr<const WordRanker>& ranker,
               const std::string& name, const std::string& text, SaidLines said, const Options& options,
               FileResult& result) {
  const TypedPart part = typed_part(text, options);
  const std::string_view written = std::string_view(text).substr(0, part.end),
                         after = std::string_view(text).substr(part.end);
  TextStream stream(model, executor, reading);
  stream.begin_document(name);
  std::size_t fed = 0, line_asked = std::string::npos;
  const auto suggest = [&](std::string_view typed) {
    stream.feed(typed.substr(fed));
    fed = typed.size();
    stream.hear(said.say(static_cast<std::size_t>(std::count(typed.begin(), typed.end(), '\n'))));
    SuggestionPlace place{typed, after};
    if (!said.said().empty()) place.elsewhere.push_back(said.said());
    const std::string_view rest = written.substr(typed.size()), line = typed.substr(typed.rfind('\n') + 1);
    if (is_blank(line) && !rest.empty() && !is_blank(rest.substr(0, 1)) && line_asked != typed.size() - line.size()) {
      line_asked = typed.size() - line.size();
      ++result.lines.asked;
      result.lines.exact += guesses_line(stream, place, ranker, rest, options) ? 1 : 0;
    }
    return shown_suggestion(stream.complete(options_at(place, ranker, options)), place);
  };
  result.model = type_text(written, part.first, suggest);
  result.baseline =
      type_text(written, part.first, [&](std::string_view typed) { return complete_from_file(typed, after); });
}

nlohmann::json to_json(const FileResult& result, bool typist) {
  nlohmann::json line = {{"bytes", result.bytes}, {"bits_per_byte", result.likelihood.from(0).bits_per_byte()}};
  nlohmann::json positions = nlohmann::json::array();
  for (const PositionBucket& bucket : result.likelihood.buckets) {
    if (bucket.bytes == 0) continue;
    positions.push_back({{"first_token", bucket.first},
                         {"last_token", bucket.last},
                         {"tokens", bucket.tokens},
                         {"bits_per_byte", bucket.bits_per_byte()},
                         {"nats_per_token", bucket.nats_per_token()}});
  }
  line["by_position"] = positions;
  if (typist) {
    line["keystrokes_saved_percent"] = result.model.saved_percent();
    line["most_keystrokes_saved_percent"] = result.model.most_saved_percent();
    line["baseline_keystrokes_saved_percent"] = result.baseline.saved_percent();
    line["typed_characters"] = result.model.without;
    line["words_accepted"] = result.model.accepted;
    line["suggestions_shown"] = result.model.shown;
    line["suggestions_right_percent"] = result.model.right_percent();
    line["next_line_exact_percent"] = result.lines.exact_percent();
    line["next_lines"] = result.lines.asked;
  }
  return line;
}

void print(const std::string& name, const FileResult& result, const Options& options) {
  if (options.json) {
    nlohmann::json line = to_json(result, !options.no_typist);
    line["file"] = name;
    std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::printf("%-40s %8lld bytes  %.3f bits/byte", name.c_str(), static_cast<long long>(result.bytes),
                result.likelihood.from(0).bits_per_byte());
    if (!options.no_typist) {
      std::printf(
          "  keystrokes saved %.1f %% (words of the file: %.1f %%; a key for all that is right: %.1f %%), suggestions "
          "right %.0f %%",
          result.model.saved_percent(), result.baseline.saved_percent(), result.model.most_saved_percent(),
          result.model.right_percent());
    }
    std::printf("\n");
  }
  std::fflush(stdout);
}

int run(const Options& options) {
  const std::filesystem::path folder = model_folder(options.model.folder);
  const auto model = TextModel::load(folder);
  const auto ranker = WordRanker::of_model(folder);
  const std::shared_ptr<Executor> executor = make_executor(model->weights(), options.model.executor());
  TextStream::Options reading{.settings = options.model.settings(model->config())};
  if (!options.memory.empty()) reading.memory = ProjectMemory::load(options.memory, *model);
  const bool terminal = isatty(STDERR_FILENO) == 1;
  FileResult total;
  std::size_t done = 0;
  for (const auto& file : options.files) {
    if (interrupted()) break;
    if (terminal) std::fprintf(stderr, "\r%zu of %zu files", done, options.files.size());
    const std::string text = read_text_file(file), name = file.filename().string();
    FileResult result;
    result.bytes = static_cast<std::int64_t>(text.size());
    score_file(*model, *executor, reading, name, text, result);
    if (!options.no_typist)
      type_file(model, executor, reading, ranker, name, text,
                SaidLines(options.heard ? read_text_file(file.string() + ".heard") : std::string()), options, result);
    if (options.files.size() > 1) print(file.string(), result, options);
    total.bytes += result.bytes;
    total.model += result.model;
    total.baseline += result.baseline;
    total.lines += result.lines;
    for (std::size_t i = 0; i < total.likelihood.buckets.size(); ++i) {
      total.likelihood.buckets[i].tokens += result.likelihood.buckets[i].tokens;
      total.likelihood.buckets[i].bytes += result.likelihood.buckets[i].bytes;
      total.likelihood.buckets[i].nll += result.likelihood.buckets[i].nll;
    }
    ++done;
  }
  if (terminal) std::fprintf(stderr, "\r%30s\r", "");
  print(options.files.size() > 1 ? "total" : options.files.front().string(), total, options);
  return interrupted() ? 130 : 0;
}

}  // namespace

void add_eval_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* eval = program.add_subcommand("eval", "Measure a model on files it has not seen");
  eval->require_subcommand(1);
#ifdef CATENA_WITH_GUI
  add_eval_speech_command(*eval, exit_code);
#endif
  CLI::App* text = eval->add_subcommand(
      "text",
      "Bits per byte, and keystrokes saved for a simulated typist (the words of the open file as the baseline)");
  text->add_option("FILES", options->files, "Text files; each is a stream of its own")->required();
  text->add_flag("--heard", options->heard,
                 "Each line of FILE.heard was said, and heard so, before the same line of FILE is typed");
  text->add_option("--memory", options->memory, "Start each file from a project memory (catena remember)");
  text->add_option("--typed-bytes", options->typed_bytes, "How much of each file the typist writes")
      ->capture_default_str();
  text->add_flag("--insert", options->insert,
                 "The typist writes in the middle of each file, not at its end: the text behind stands there already");
  text->add_flag("--no-typist", options->no_typist, "Bits per byte only");
  text->add_flag("--no-recall", options->no_recall,
                 "Suggestions from the model alone, not from the text of the open file as well");
  text->add_flag("--json", options->json, "One JSON object a file, the total last");
  options->model.add_to(*text);
  text->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*options);
  });
}

}  // namespace catena::app
