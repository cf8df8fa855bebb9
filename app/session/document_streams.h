// A document on the model's side: its text, and the streams that read it.
//
// The exact stream has read the text from its beginning. When the cursor goes back without an edit, the exact stream
// stays where it is and a branch of it, taken from its nearest mark, stands at the cursor; an edit then makes the
// branch the exact stream. When neither can be at the cursor soon, a window that reads only the last few kilobytes
// answers in the meantime.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/session/reader.h"
#include "app/session/stream_store.h"

namespace catena::app {

/// What a document's stream begins with.
struct StartingPoint {
  std::shared_ptr<const model::ProjectMemory> memory;  ///< null: nothing was read before
  std::uint64_t fingerprint = 0;                       ///< of the memory's state, 0 without one
};

class DocumentStreams {
 public:
  DocumentStreams(std::string name, std::string_view text) : name_(std::move(name)), text_(text) {}

  const std::string& name() const { return name_; }
  const TextMirror& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }

  /// Begins to read with this model, from this point; what was read before is forgotten. `observer` is told of all
  /// streams' chunks and tokens, and of what the exact ones read.
  void attach(std::shared_ptr<const model::TextModel> model, std::shared_ptr<model::Executor> executor,
              const model::StreamSettings& settings, const model::StreamObserver& observer,
              const StartingPoint& start = {});
  void detach();
  bool attached() const { return model_ != nullptr; }
  const StartingPoint& start() const { return start_; }
  /// Goes on where a saved stream stopped, if it fits model, starting point and text. Before anything was read. Returns
  /// whether it did.
  bool resume(const SavedStream& saved);
  /// Head and text up to where the exact stream stands as the tokens that it has read, the first of them at `place` of
  /// the stream; made anew from the text, as a resumed stream does not have them any more. Empty where that is more
  /// than `most_bytes`.
  std::vector<model::Token> retold(std::size_t most_bytes, std::int64_t& place) const;
  /// What to save: the exact stream as it stands.
  SavedStream saved(bool with_marks) const;

  /// From the next boundary on.
  void set_settings(const model::StreamSettings& settings);
  /// Another executor of the same weights; what was read is carried over. Throws std::runtime_error when that cannot be
  /// had from where it lies: attach() then.
  void move_to(const std::shared_ptr<model::Executor>& executor);

  void edit(std::size_t at, std::size_t removed, std::string_view inserted);
  void set_cursor(std::size_t position) { cursor_ = position; }
  /// Somebody said this: an aside of the stream that stands at the cursor; where none does yet it is too late for it.
  void hear(std::string_view words);
  /// The writer pauses: ends the chunk of a stream that stands at the cursor, if the policy says so.
  void pause();

  /// Text before the cursor is still to be read by an exact stream.
  bool behind() const;
  /// Reads on towards the cursor until the deadline.
  void read_slice(Clock::time_point deadline);
  /// The exact stream that goes to the cursor; nullptr when nothing is attached.
  const Reader* at_cursor() const;
  /// The exact stream that has read farthest.
  const Reader* exact() const { return exact_.get(); }

  /// A stream that has read the text before `position`, after reading at most about `budget` bytes now. The stream may
  /// be a window. nullptr when `stop` was requested or nothing is attached.
  model::TextStream* stream_at(std::size_t position, std::size_t budget, const std::stop_token& stop);

  std::size_t marks_bytes() const;

 private:
  model::TextStream fresh_stream(std::size_t marks, const model::StreamObserver& observer) const;
  /// Of what a saved stream belongs to beside its text.
  std::string fingerprint() const;
  /// Where exact reading of the text before `position` would start.
  std::size_t exact_start(std::size_t position) const;
  Reader& exact_reader(std::size_t position);
  Reader& window_at(std::size_t position, std::size_t budget);

  std::string name_;
  TextMirror text_;
  std::size_t cursor_ = 0;
  std::shared_ptr<const model::TextModel> model_;
  std::shared_ptr<model::Executor> executor_;
  model::StreamSettings settings_;
  model::StreamObserver observer_;
  StartingPoint start_;
  std::unique_ptr<Reader> exact_;
  std::unique_ptr<Reader> branch_;  // base 0 as well, at or before the cursor, which is before exact_
  std::unique_ptr<Reader> window_;
  bool edit_failed_ = false;  // an exception ended the last edit: the streams may rest on text that is gone
};

/// What the model is told a document is called: the last folders and the file, as in the training text.
std::string document_head(std::string_view name);

}  // namespace catena::app
