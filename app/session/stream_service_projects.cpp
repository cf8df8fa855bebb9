// Projects and documents: when a folder may be read, and which documents begin anew with what is remembered.
#include "app/session/stream_service.h"

namespace catena::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// After a question for a suggestion the next one is expected: somebody types, at a few keys a second.
constexpr milliseconds quiet{150};
// A document that has been read up to here is read again in seconds; a longer one begins anew when it is opened again.
constexpr std::size_t soon_read_bytes = 64 * 1024;

}  // namespace

ProjectEvents StreamService::project_events() {
  ProjectEvents events;
  events.progress = [this](const ui::RememberingProgress& progress) { events_.remembering(progress); };
  events.list = [this](const QVector<ui::RememberedProject>& projects) { events_.projects(projects); };
  events.notice = [this](const ui::Notice& notice) { events_.notice(notice); };
  events.changed = [this] { restart_documents(); };
  return events;
}

void StreamService::remember(const std::string& folder) {
  projects_.remember(folder, model_ ? to_stream_settings(settings_, model_->config()) : model::StreamSettings());
}

std::optional<milliseconds> StreamService::remember_on() {
  if (!projects_.reading()) return std::nullopt;
  const auto wait = duration_cast<milliseconds>(asked_at_ + quiet - Clock::now());
  if (wait.count() > 0) return wait;
  projects_.read_slice();
  return milliseconds(0);
}

void StreamService::restart_documents() {
  for (auto& [id, document] : documents_) {
    DocumentStreams& streams = *document.streams;
    if (!streams.attached() || streams.exact()->position() > soon_read_bytes) continue;
    if (projects_.start_of(streams.name()).fingerprint != streams.start().fingerprint) attach(id, document);
  }
  watch_active();
}

}  // namespace catena::app
