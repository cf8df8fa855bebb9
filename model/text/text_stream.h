// One text that the model reads along: a document or a conversation. Any split of the text, even inside a character,
// gives the same state; completions do not disturb it; an edit goes back to a checkpoint and re-reads little.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/executor.h"
#include "model/text/completer.h"
#include "model/text/marks.h"
#include "model/text/project_memory.h"
#include "model/text/stream_codec.h"
#include "model/text/text_model.h"

namespace catena::model {

/// What others want to know of a stream. Called on the thread that uses it; any may be empty.
struct StreamObserver {
  /// Tokens were read, the first of them at this place of the stream (0: its very first). A place that was told before:
  /// the stream went back to it.
  std::function<void(std::int64_t place, std::span<const Token> tokens)> read;
  std::function<void(int tokens, double ms)> chunk;  ///< a chunk was read to its end, in this time altogether
  std::function<void(double ms)> token;              ///< a token was generated
};

/// One thread at a time. Positions are bytes from where the text began (behind begin_document's head).
class TextStream {
 public:
  struct Options {
    StreamSettings settings;
    std::size_t marks = Marks::default_limit;  ///< automatic checkpoints kept
    /// What was read before the text begins (a project's files): the stream starts from a copy of its state, at a chunk
    /// boundary, and completions go by its contexts as well. Empty: from nothing.
    std::shared_ptr<const ProjectMemory> memory = {};
  };

  /// The executor runs the model's weights; several streams of one thread may share it.
  TextStream(std::shared_ptr<const TextModel> model, std::shared_ptr<Executor> executor, const Options& options);

  /// Starts a document: the model is told its name. Only on a stream that has read nothing (else std::logic_error).
  void begin_document(std::string_view name);
  /// Any split of the text. Throws as Executor::read.
  void feed(std::string_view utf8);
  /// A turn or a document begins or ends here; what was pending is read first.
  void feed_control(Control control);
  /// Somebody said this while writing: it is read before what is pending, as an aside (spoken_asides.h) that is none of
  /// the text's bytes. Going back behind this place forgets it. Nothing for a model that was not trained to read
  /// asides.
  void hear(std::string_view words);
  /// The writer pauses: ends the chunk where the policy is ChunkPolicy::pause.
  void pause();

  /// Takes effect at the next boundary. Throws std::runtime_error when they are out of bounds.
  void set_settings(const StreamSettings& settings);
  const StreamSettings& settings() const { return settings_; }
  /// Goes on with another executor of the same weights (precision, threads, device). The state is carried over; where
  /// the last reading ended in an exception, the newest checkpoint's is: bytes() then says from where to feed again.
  /// Throws std::runtime_error when the old device does not give the numbers back; the stream is then of no use any
  /// more.
  void move_to(std::shared_ptr<Executor> executor);

  /// Writes on from the end of what was fed, half-typed words included. The stream stays bit-identical.
  void complete(const CompletionOptions& options, Completion& out, const std::stop_token& stop = {},
                const CompletionObserver& observer = {});
  Completion complete(const CompletionOptions& options, const std::stop_token& stop = {},
                      const CompletionObserver& observer = {});
  /// Up to `count` different completions, best first token first.
  std::vector<Completion> alternatives(const CompletionOptions& options, std::size_t count,
                                       const std::stop_token& stop = {});

  Checkpoint mark() const;
  /// Goes back to a mark of this stream, taken since it was loaded; feed what follows it.
  void rewind(const Checkpoint& mark);
  /// Goes back so that text from byte `p` on can be replaced: returns the position, at most `p`, from which to feed
  /// again. Nothing is re-read when p is the end or behind it. Control tokens fed behind the position must be fed again
  /// too.
  std::int64_t rewind_to(std::int64_t p);

  std::int64_t bytes() const { return read_bytes_ + static_cast<std::int64_t>(encoder_.pending().size()); }
  /// How much text this stream's state follows from: more than bytes() after going back to a mark, whose last segment
  /// was known to have ended from what followed it.
  std::int64_t rests_on() const { return std::max(bytes(), proof_); }
  std::string_view pending() const { return encoder_.pending(); }  ///< bytes not in the state yet
  std::int64_t tokens() const { return state_.counters().tokens; }
  std::int64_t chunks() const { return state_.counters().chunks; }
  const ChainState& state() const { return state_; }
  std::size_t state_bytes() const { return state_.bytes(); }
  std::size_t marks_bytes() const { return marks_.bytes(); }
  const Marks& marks() const { return marks_; }
  const TextModel& model() const { return *model_; }
  StreamObserver observer;

  /// Chain state, pending text, model id and, if asked, all checkpoints (else only the one at the beginning).
  /// Throws std::runtime_error when writing fails.
  void save(std::ostream& out, bool with_marks = false) const;
  /// Replaces this stream's contents. `in` must be seekable. Throws std::runtime_error with one line, and leaves the
  /// stream as it was, when the file is damaged or belongs to another model.
  void load(std::istream& in);

 private:
  struct SegmentEnd {
    std::size_t tokens;  // of the batch, up to the segment's end
    std::int64_t proof;
  };
  void read_batch();
  void read(std::span<const Token> run);
  void advance(std::span<const Token> run);
  CompletionStart start() const;
  EarlierState earlier() const;
  void restore(const Checkpoint& mark);
  void add_mark();

  std::shared_ptr<const TextModel> model_;
  std::shared_ptr<Executor> executor_;
  StreamSettings settings_;
  StreamEncoder encoder_;
  Completer completer_;
  ChainState state_;
  Marks marks_;
  LineStart line_;
  RecentTokens recent_;
  std::vector<Token> tail_;                       // the last tokens read, as many as earlier() may want
  std::shared_ptr<const ContextTable> contexts_;  // of the project's memory, or none
  std::int64_t read_bytes_ = 0;
  std::int64_t proof_ = 0;  // as Checkpoint::proof, of state_
  bool torn_ = false;       // an exception ended the last reading: state and text do not agree
  bool mark_due_ = false;   // a chunk ended: the next segment's end gets a checkpoint
  double chunk_ms_ = 0;     // time spent on the running chunk
  Token newline_;
  std::vector<Token> batch_;  // tokens of the bytes being fed
  std::vector<SegmentEnd> ends_;
  std::int64_t first_token_ = 0;  // tokens that the state had read before this stream
};

}  // namespace catena::model
