#include "app/session/sound_link.h"

#include <algorithm>
#include <utility>

#include "audio/devices.h"
#include "audio/output_devices.h"
#include "audio/synthesizer.h"

namespace catena::app {
namespace {

// The window answers this action by offering its list of devices; its own watch over silence uses the same.
constexpr const char* choose_device = "ui:choose-device";
constexpr const char* fallback_id = "sound:fallback";

enum Kind { list_devices, list_voices };

bool same(const QVector<ui::SoundDevice>& a, const QVector<ui::SoundDevice>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ui::SoundDevice& x, const ui::SoundDevice& y) {
    return x.name == y.name && x.is_default == y.is_default;
  });
}

QString text(const std::string& utf8) { return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size())); }

}  // namespace

SoundLink::SoundLink(const QElapsedTimer& clock, std::function<void(audio::SoundUpdate)> hear,
                     std::shared_ptr<audio::FarEnd> far_end, QObject* parent)
    : QObject(parent), clock_(clock), hear_(std::move(hear)), far_end_(std::move(far_end)), pipeline_([this] {
        // One waiting call is enough: it takes all updates there are.
        if (!update_waits_.exchange(true)) QMetaObject::invokeMethod(this, &SoundLink::take, Qt::QueuedConnection);
      }) {
  control_.start([this](const std::string& line) {
    QMetaObject::invokeMethod(
        this, [this, line] { fail(line); }, Qt::QueuedConnection);
  });
}

SoundLink::~SoundLink() { shutDown(); }

void SoundLink::shutDown() {
  control_.stop();
  pipeline_.stop();
}

void SoundLink::refreshDevices() {
  control_.post_latest({list_devices, 0}, [this] {
    QVector<ui::SoundDevice> found;
    for (const audio::InputDevice& device : audio::list_input_devices())
      found.append({text(device.name), device.is_default});
    QVector<ui::SoundDevice> heard_at;
    for (const audio::OutputDevice& device : audio::list_output_devices())
      heard_at.append({text(device.name), device.is_default});
    QMetaObject::invokeMethod(
        this,
        [this, found, heard_at] {
          if (!same(found, devices_)) {
            devices_ = found;
            Q_EMIT devicesChanged();
          }
          if (!same(heard_at, loudspeakers_)) {
            loudspeakers_ = heard_at;
            Q_EMIT voicesChanged();
          }
        },
        Qt::QueuedConnection);
  });
  if (voices_.isEmpty()) listVoices();
}

void SoundLink::listVoices() {
  control_.post_latest({list_voices, 0}, [this] {
    QVector<ui::VoiceName> found;
    for (const audio::Voice& voice : audio::Synthesizer::instance().voices())
      found.append({text(voice.name), text(voice.language)});
    QMetaObject::invokeMethod(
        this,
        [this, found] {
          voices_ = found;
          Q_EMIT voicesChanged();
        },
        Qt::QueuedConnection);
  });
}

void SoundLink::startMicrophone(const QString& device_name) {
  control_.post([this, name = device_name.toStdString()] { pipeline_.start_microphone(name, far_end_); });
}

void SoundLink::startFile(const QString& path) {
  control_.post([this, file = path.toStdString()] { pipeline_.start_file(file, true); });
}

void SoundLink::stop() {
  control_.post([this] { pipeline_.stop(); });
  refreshDevices();
}

void SoundLink::setChunks(int length_ms, bool end_at_pause) {
  pipeline_.set_chunks({std::clamp(length_ms, 160, 1280), end_at_pause});
}

void SoundLink::take() {
  update_waits_ = false;
  for (audio::SoundUpdate& update : pipeline_.poll()) {
    show(update);
    hear_(std::move(update));
  }
}

void SoundLink::show(const audio::SoundUpdate& update) {
  ui::SoundFigures figures;
  figures.time_ms = clock_.elapsed();
  figures.running = update.running;
  figures.device = text(update.device);
  figures.level_dbfs = update.level_dbfs;
  figures.peak_dbfs = update.peak_dbfs;
  figures.clipped = update.clipped;
  figures.speech = update.speech;
  figures.real_time_factor = update.real_time_factor;
  figures.buffer_fill = update.buffer_fill;
  figures.overruns = static_cast<qint64>(update.overruns);
  figures.underruns = static_cast<qint64>(update.underruns);
  figures.latency_ms = update.latency_ms;
  figures.cancelling_echo = update.echo.cancelling;
  figures.echo_delay_ms = update.echo.delay_ms;
  figures.echo_loss_db = update.echo.erle_db;
  figures.log_mel.reserve(static_cast<qsizetype>(update.log_mel.size()));
  for (const audio::MelFrame& frame : update.log_mel)
    figures.log_mel.append(QVector<float>(std::begin(frame), std::end(frame)));
  Q_EMIT this->figures(figures);
  for (const audio::Segment& s : update.segments) {
    Q_EMIT segment({s.start_ms, s.end_ms, s.speech, s.detection_latency_ms});
    if (s.speech) Q_EMIT speechPaused();
  }
  for (const audio::SourceEvent& event : update.events) show(event);
}

void SoundLink::show(const audio::SourceEvent& event) {
  using Event = audio::SourceEventKind;
  const ui::Notice choose{ui::Panel::sound, text(event.text), tr("Choose"), QLatin1String(choose_device), false};
  const ui::Notice fallback{ui::Panel::sound, text(event.text), QString(), QLatin1String(fallback_id), false};
  const auto resolved = [](ui::Notice which) {
    which.resolved = true;
    return which;
  };
  switch (event.kind) {
    case Event::silent:
    case Event::device_lost:
      Q_EMIT notice(choose);
      break;
    case Event::fallback:
      Q_EMIT notice(resolved(choose));
      Q_EMIT notice(fallback);
      break;
    case Event::started:
    case Event::returned:
      Q_EMIT notice(resolved(choose));
      Q_EMIT notice(resolved(fallback));
      break;
    case Event::sound_again:
      Q_EMIT notice(resolved(choose));
      break;
    case Event::truncated:
    case Event::failed:
      Q_EMIT notice({ui::Panel::sound, text(event.text), QString(), QString(), false});
      break;
    case Event::finished:
      break;
  }
}

void SoundLink::fail(const std::string& line) {
  Q_EMIT notice({ui::Panel::sound, text(line), QString(), QString(), false});
}

}  // namespace catena::app
