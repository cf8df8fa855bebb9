#include "model/text/text_stream.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "model/carried_over.h"
#include "model/text/chunking.h"
#include "model/text/spoken_asides.h"

namespace catena::model {
namespace {

constexpr std::int64_t least_reread = 16;  // tokens
constexpr std::ptrdiff_t longest_tail = 2 * max_chunk_length;
constexpr std::size_t slice_bytes = 4096;  // fed at once: bounds the working memory of a long feed()

void require_config(const TextModel& model, const Executor& executor) {
  if (executor.config() == model.config()) return;
  throw std::runtime_error("text stream: the executor runs model '" + executor.config().name +
                           "', the stream reads with '" + model.config().name + "'");
}

}  // namespace

TextStream::TextStream(std::shared_ptr<const TextModel> model, std::shared_ptr<Executor> executor,
                       const Options& options)
    : model_(std::move(model)),
      executor_(std::move(executor)),
      encoder_(model_->tokenizer()),
      completer_(model_->tokenizer(), model_->config()),
      marks_(options.marks),
      newline_(model_->tokenizer()->encode("\n").front()) {
  require_config(*model_, *executor_);
  state_ = options.memory ? carried_over(options.memory->state, *executor_)
                          : executor_->initial_state(options.settings.chunk_length);
  if (options.memory) contexts_ = options.memory->contexts;
  first_token_ = tokens();
  set_settings(options.settings);
  add_mark();
}

void TextStream::set_settings(const StreamSettings& settings) {
  executor_->read(state_, {}, settings);  // reads nothing, but refuses bad settings
  settings_ = settings;
}

void TextStream::begin_document(std::string_view name) {
  if (tokens() != first_token_ || bytes() != 0) throw std::logic_error("begin_document: the stream has begun already");
  feed_control(Control::file);
  std::string head(name);
  std::replace(head.begin(), head.end(), '\n', ' ');
  feed(head + '\n');
  read_bytes_ = 0;
  proof_ = 0;
  marks_.clear();
  add_mark();
}

void TextStream::feed(std::string_view utf8) {
  torn_ = true;
  while (!utf8.empty()) {
    const std::int64_t before = bytes();
    batch_.clear();
    ends_.clear();
    encoder_.feed(utf8.substr(0, slice_bytes), batch_, [&](std::size_t used) {
      ends_.push_back({batch_.size(), before + static_cast<std::int64_t>(used)});
    });
    read_batch();
    utf8.remove_prefix(std::min(utf8.size(), slice_bytes));
  }
  torn_ = false;
}

void TextStream::feed_control(Control control) {
  torn_ = true;
  batch_.clear();
  ends_.clear();
  encoder_.flush(batch_);
  read_batch();
  const Token token = model_->tokenizer()->control(control);
  read({&token, 1});
  proof_ = read_bytes_;
  add_mark();
  torn_ = false;
}

void TextStream::read_batch() {
  auto end = ends_.begin();
  for (std::size_t at = 0; at < batch_.size();) {
    while (end != ends_.end() && end->tokens <= at) ++end;
    const std::size_t limit = mark_due_ && end != ends_.end() ? end->tokens : batch_.size();
    const auto run = std::span<const Token>(batch_).subspan(at, limit - at);
    const std::size_t count = next_run(state_, run, settings_, newline_);
    read(run.first(count));
    at += count;
    // The state now rests on the segments up to here; only where one ends can reading begin anew.
    while (end != ends_.end() && end->tokens < at) ++end;
    if (end == ends_.end() || end->tokens != at) continue;
    proof_ = end->proof;
    if (mark_due_) add_mark();
  }
}

void TextStream::hear(std::string_view words) {
  if (!model_->config().spoken_asides) return;
  const std::vector<Token> aside = spoken_aside(*model_->tokenizer(), words);
  torn_ = true;
  for (std::size_t at = 0; at < aside.size();) {
    const std::size_t count = next_run(state_, std::span(aside).subspan(at), settings_, newline_);
    advance(std::span(aside).subspan(at, count));
    at += count;
  }
  if (!aside.empty()) add_mark();
  torn_ = false;
}

void TextStream::read(std::span<const Token> run) {
  advance(run);
  for (const Token token : run) {
    const std::string_view piece = model_->tokenizer()->piece(token);
    read_bytes_ += static_cast<std::int64_t>(piece.size());
    line_.read(piece);
    recent_.add(token);
  }
}

void TextStream::advance(std::span<const Token> run) {
  const auto before = state_.counters();
  const auto began = std::chrono::steady_clock::now();
  read_run(*executor_, state_, run, settings_, newline_);
  chunk_ms_ += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  tail_.insert(tail_.end(), run.begin(), run.end());
  if (tail_.size() > static_cast<std::size_t>(2 * longest_tail)) tail_.erase(tail_.begin(), tail_.end() - longest_tail);
  if (observer.read) observer.read(before.tokens, run);
  if (chunks() == before.chunks) return;
  if (observer.chunk) observer.chunk(before.position + static_cast<int>(run.size()), chunk_ms_);
  chunk_ms_ = 0;
  mark_due_ = true;
}

void TextStream::pause() {
  const int position = state_.counters().position;
  if (settings_.policy != ChunkPolicy::pause || position == 0) return;
  torn_ = true;
  executor_->end_chunk(state_);
  torn_ = false;
  if (observer.chunk) observer.chunk(position, chunk_ms_);
  chunk_ms_ = 0;
  mark_due_ = true;
}

void TextStream::move_to(std::shared_ptr<Executor> executor) {
  require_config(*model_, *executor);
  if (torn_ && marks_.all().empty()) throw std::runtime_error("text stream: nothing is left to go on from");
  ChainState moved = carried_over(torn_ ? marks_.all().back().state : state_, *executor);
  for (Checkpoint& mark : marks_.all()) mark.state = carried_over(mark.state, *executor);
  state_ = std::move(moved);
  executor_ = std::move(executor);
  completer_.release();
  if (torn_) restore(Checkpoint(marks_.all().back()));
}

/// The newest checkpoint that has some words behind it. None when these are not known any more, right after going back.
EarlierState TextStream::earlier() const {
  const std::vector<Checkpoint>& marks = marks_.all();
  for (auto mark = marks.rbegin(); mark != marks.rend(); ++mark) {
    const std::int64_t since = tokens() - mark->state.counters().tokens;
    if (since > static_cast<std::int64_t>(tail_.size())) break;
    if (since >= least_reread)
      return {&mark->state, std::span(tail_).last(static_cast<std::size_t>(since)), mark->serial};
  }
  return {};
}

CompletionStart TextStream::start() const {
  CompletionStart start{&state_, encoder_.pending(), line_, settings_, recent_, contexts_.get(), earlier()};
  start.line.read(start.pending);
  return start;
}

void TextStream::complete(const CompletionOptions& options, Completion& out, const std::stop_token& stop,
                          const CompletionObserver& on_text) {
  completer_.complete(*executor_, start(), options, out, stop, on_text, observer.token);
}

Completion TextStream::complete(const CompletionOptions& options, const std::stop_token& stop,
                                const CompletionObserver& on_text) {
  Completion result;
  complete(options, result, stop, on_text);
  return result;
}

std::vector<Completion> TextStream::alternatives(const CompletionOptions& options, std::size_t count,
                                                 const std::stop_token& stop) {
  return completer_.alternatives(*executor_, start(), options, count, stop, observer.token);
}

void TextStream::add_mark() {
  marks_.add(state_, read_bytes_, proof_, line_, recent_);
  mark_due_ = false;
}

Checkpoint TextStream::mark() const {
  return {state_, read_bytes_, proof_, line_, std::string(encoder_.pending()), marks_.serial(), recent_};
}

void TextStream::restore(const Checkpoint& mark) {
  torn_ = true;
  state_ = typeid(mark.state.storage()) == typeid(state_.storage()) ? mark.state : carried_over(mark.state, *executor_);
  read_bytes_ = mark.bytes;
  proof_ = mark.proof;
  line_ = mark.line;
  recent_ = mark.recent;
  tail_.clear();
  encoder_.restore(mark.pending);
  mark_due_ = false;
  chunk_ms_ = 0;
  torn_ = false;
}

void TextStream::rewind(const Checkpoint& mark) {
  // Checkpoints made since then may lie on text that was taken back meanwhile.
  marks_.drop_newer(mark.serial);
  restore(mark);
  if (marks_.all().empty()) add_mark();
}

std::int64_t TextStream::rewind_to(std::int64_t p) {
  p = std::max<std::int64_t>(0, p);
  if (p >= rests_on()) return bytes();
  if (p >= proof_) {  // only letters that are still pending go
    encoder_.restore(std::string(encoder_.pending().substr(0, static_cast<std::size_t>(p - read_bytes_))));
    return p;
  }
  marks_.drop_after(p);
  const Checkpoint* mark = marks_.at_or_before(p);
  restore(*mark);
  return mark->bytes;
}

}  // namespace catena::model
