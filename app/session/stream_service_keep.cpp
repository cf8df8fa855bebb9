// What the service keeps on disk, and when.
#include <memory>
#include <utility>

#include "app/session/stream_service.h"

namespace catena::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Beyond this, reading anew after an edit in the middle would be felt, so the marks are kept as well when a document is
// closed. They are many times the state, too much for every few seconds.
constexpr std::size_t marks_worth_bytes = 64 * 1024;

}  // namespace

void StreamService::keep(ui::DocumentId id, Document& document, bool closing) {
  if (!store_ || !document.streams->attached()) return;
  const std::size_t position = document.streams->exact()->position();
  const bool with_marks = closing && position > marks_worth_bytes;
  if (position == 0 || (!document.dirty && !with_marks)) return;
  document.dirty = false;
  const auto saved = std::make_shared<const SavedStream>(document.streams->saved(with_marks));
  writer_.post_latest({0, id}, [this, saved] { write(*saved); });
}

void StreamService::write(const SavedStream& saved) {
  store_->save(saved);
  if (std::exchange(store_failing_, false))
    events_.notice({ui::Panel::editor, {}, {}, QLatin1String(keep_notice), true});
}

std::optional<milliseconds> StreamService::keep_due() {
  std::optional<milliseconds> next;
  for (auto& [id, document] : documents_) {
    if (!store_ || !document.dirty) continue;
    const auto left = duration_cast<milliseconds>(document.keep_at - Clock::now());
    if (left.count() <= 0) {
      keep(id, document, false);
    } else if (!next || left < *next) {
      next = left;
    }
  }
  return next;
}

void StreamService::save_all() {
  on_device([this] {
    for (auto& [id, document] : documents_) keep(id, document, true);
  });
  projects_.stop();
  writer_.stop();
}

}  // namespace catena::app
