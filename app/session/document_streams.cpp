#include "app/session/document_streams.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace catena::app {
namespace {

constexpr std::size_t few_marks = 8;            // a window's text is short
constexpr std::size_t window_bytes = 3 * 1024;  // read by a new window, if the budget allows
constexpr std::size_t least_window = 512;       // knowing less than this, a window is made anew
constexpr int head_parts = 3;                   // folder/folder/file

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::string document_head(std::string_view name) {
  std::size_t at = name.size();
  for (int part = 0; part < head_parts && at != std::string_view::npos && at > 0; ++part) at = name.rfind('/', at - 1);
  return std::string(at == std::string_view::npos || at == name.size() ? name : name.substr(at + 1));
}

void DocumentStreams::attach(std::shared_ptr<const model::TextModel> model, std::shared_ptr<model::Executor> executor,
                             const model::StreamSettings& settings, const model::StreamObserver& observer,
                             const StartingPoint& start) {
  detach();
  model_ = std::move(model);
  executor_ = std::move(executor);
  settings_ = settings;
  observer_ = observer;
  start_ = start;
  try {
    exact_ = std::make_unique<Reader>(fresh_stream(model::Marks::default_limit, observer_), 0);
  } catch (...) {
    detach();  // with a model there is always a stream
    throw;
  }
}

void DocumentStreams::detach() {
  exact_.reset();
  branch_.reset();
  window_.reset();
  executor_.reset();
  model_.reset();
  start_ = {};
  edit_failed_ = false;
}

std::string DocumentStreams::fingerprint() const {
  std::ostringstream out;
  out << model_->config().name << ' ' << std::hex << model_->id();
  if (start_.memory) out << " after " << start_.fingerprint;
  return out.str();
}

model::TextStream DocumentStreams::fresh_stream(std::size_t marks, const model::StreamObserver& observer) const {
  model::TextStream stream(model_, executor_, {settings_, marks, start_.memory});
  stream.observer = observer;
  stream.begin_document(document_head(name_));
  return stream;
}

bool DocumentStreams::resume(const SavedStream& saved) {
  if (!attached() || saved.model != fingerprint() || saved.rests_on > text_.size()) return false;
  if (text_.prefix_hash(saved.rests_on) != saved.text_hash) return false;
  auto stream = std::make_unique<Reader>(fresh_stream(model::Marks::default_limit, observer_), 0);
  std::istringstream in(saved.stream);
  try {
    stream->stream().load(in);
  } catch (const std::runtime_error&) {
    return false;  // a damaged file costs no more than reading anew
  }
  if (stream->position() != saved.position || stream->rests_on() > saved.rests_on) return false;
  exact_ = std::move(stream);
  return true;
}

std::vector<model::Token> DocumentStreams::retold(std::size_t most_bytes, std::int64_t& place) const {
  std::vector<model::Token> tokens;
  if (!attached() || exact_->position() > most_bytes) return tokens;
  tokens.push_back(model_->tokenizer()->control(model::Control::file));
  model::StreamEncoder encoder(model_->tokenizer());
  encoder.feed(document_head(name_) + '\n', tokens);
  text_.visit(0, exact_->position(), [&](std::string_view piece) { encoder.feed(piece, tokens); });
  place = exact_->stream().tokens() - static_cast<std::int64_t>(tokens.size());
  if (place != (start_.memory ? start_.memory->state.counters().tokens : 0))
    tokens.clear();  // it has read more than the text
  return tokens;
}

SavedStream DocumentStreams::saved(bool with_marks) const {
  std::ostringstream out;
  exact_->stream().save(out, with_marks);
  return {.document = name_,
          .model = fingerprint(),
          .position = exact_->position(),
          .rests_on = exact_->rests_on(),
          .text_hash = text_.prefix_hash(exact_->rests_on()),
          .stream = std::move(out).str()};
}

void DocumentStreams::set_settings(const model::StreamSettings& settings) {
  settings_ = settings;
  for (Reader* reader : {exact_.get(), branch_.get(), window_.get()})
    if (reader != nullptr) reader->stream().set_settings(settings);
}

void DocumentStreams::move_to(const std::shared_ptr<model::Executor>& executor) {
  if (!attached()) return;
  if (edit_failed_) throw std::runtime_error("the last edit was not carried through");
  exact_->stream().move_to(executor);
  executor_ = executor;
  branch_.reset();  // both are soon made again
  window_.reset();
}

void DocumentStreams::edit(std::size_t at, std::size_t removed, std::string_view inserted) {
  at = std::min(at, text_.size());
  removed = text_.replace(at, removed, inserted);
  if (cursor_ >= at + removed)
    cursor_ = cursor_ - removed + inserted.size();
  else if (cursor_ > at)
    cursor_ = at + inserted.size();
  if (!attached()) return;
  edit_failed_ = true;
  if (branch_) {
    // Behind the edit nothing stays true: whichever is nearer to it goes on as the exact one.
    if (exact_->rests_on() > at && branch_->start_for(at).value_or(0) >= exact_->start_for(at).value_or(0))
      exact_ = std::move(branch_);
    else
      branch_->edited(at, removed, inserted.size());
  }
  exact_->edited(at, removed, inserted.size());
  if (branch_ && branch_->rests_on() >= exact_->rests_on()) branch_.reset();
  if (window_ && !window_->edited(at, removed, inserted.size())) window_.reset();
  edit_failed_ = false;
}

void DocumentStreams::hear(std::string_view words) {
  if (attached() && !behind()) (exact_->stands_at(cursor_) ? exact_ : branch_)->stream().hear(words);
}

void DocumentStreams::pause() {
  if (attached() && !behind()) (exact_->stands_at(cursor_) ? exact_ : branch_)->stream().pause();
}

const Reader* DocumentStreams::at_cursor() const {
  return exact_ && branch_ && exact_->rests_on() > cursor_ ? branch_.get() : exact_.get();
}

bool DocumentStreams::behind() const {
  if (!attached()) return false;
  if (exact_->rests_on() <= cursor_) return !exact_->stands_at(cursor_);
  return !branch_ || !branch_->stands_at(cursor_);
}

std::size_t DocumentStreams::exact_start(std::size_t position) const {
  const std::size_t from_exact = exact_->start_for(position).value_or(0);
  return branch_ ? std::max(from_exact, branch_->start_for(position).value_or(0)) : from_exact;
}

Reader& DocumentStreams::exact_reader(std::size_t position) {
  if (exact_->rests_on() <= position) return *exact_;
  if (!branch_ || branch_->start_for(position).value_or(0) < exact_->start_for(position).value_or(0)) {
    branch_ = std::make_unique<Reader>(*exact_);
    branch_->stream().rewind_to(static_cast<std::int64_t>(position));
  }
  return *branch_;
}

void DocumentStreams::read_slice(Clock::time_point deadline) {
  if (!behind()) return;
  Reader& reader = exact_reader(cursor_);
  if (reader.go_to(text_, cursor_, deadline) && &reader == exact_.get()) branch_.reset();
}

Reader& DocumentStreams::window_at(std::size_t position, std::size_t budget) {
  if (window_) {
    const std::optional<std::size_t> start = window_->start_for(position);
    if (start && position - *start <= budget && position - window_->base() >= least_window) return *window_;
  }
  const std::size_t length = std::min({budget, window_bytes, position});
  std::size_t base = position - length;
  while (base < position && is_continuation(text_.at(base))) ++base;
  for (std::size_t at = base; at > 0 && at + length / 4 > base; --at) {
    if (text_.at(at - 1) != '\n') continue;
    base = at;  // a whole first line, where it is near
    break;
  }
  // A window reads a text of its own: its tokens are not the document's.
  window_ = std::make_unique<Reader>(
      fresh_stream(few_marks, {.read = {}, .chunk = observer_.chunk, .token = observer_.token}), base);
  return *window_;
}

model::TextStream* DocumentStreams::stream_at(std::size_t position, std::size_t budget, const std::stop_token& stop) {
  if (!attached()) return nullptr;
  position = std::min(position, text_.size());
  const bool soon = position - exact_start(position) <= budget;
  if (soon) window_.reset();
  Reader& reader = soon ? exact_reader(position) : window_at(position, budget);
  return reader.go_to(text_, position, Clock::time_point::max(), stop) ? &reader.stream() : nullptr;
}

std::size_t DocumentStreams::marks_bytes() const {
  std::size_t bytes = 0;
  for (const Reader* reader : {exact_.get(), branch_.get(), window_.get()})
    if (reader != nullptr) bytes += reader->stream().marks_bytes();
  return bytes;
}

}  // namespace catena::app
