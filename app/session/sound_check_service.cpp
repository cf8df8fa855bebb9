#include "app/session/sound_check_service.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "audio/devices.h"
#include "audio/output_devices.h"
#include "audio/sound_check.h"

namespace catena::app {
namespace {

using State = ui::SoundCheckStep::State;

constexpr double kRecordedSeconds = 3;
constexpr int kRate = 16000;
/// A source or a player would take another device in its place, which is no check of this one.
template <typename Devices>
void require_device(const Devices& devices, const std::string& name, const char* kind) {
  const bool there =
      std::any_of(devices.begin(), devices.end(), [&](const auto& device) { return device.name == name; });
  if (!name.empty() && !there)
    throw std::runtime_error(std::string(kind) + " '" + name + "' is not there: choose another one");
}

constexpr float kSilent = 0.0003F;  // -70 dBFS: below any room's noise

}  // namespace

SoundCheckService::SoundCheckService(QObject* parent) : QObject(parent) {
  jobs_.start([](const std::string&) {});  // run() tells itself what fails
}

SoundCheckService::~SoundCheckService() {
  stop();
  jobs_.stop();
}

void SoundCheckService::start(ui::SoundCheck check, const QString& microphone, const QString& loudspeaker) {
  const int number = ++wanted_;
  jobs_.post([this, number, check, from = microphone.toStdString(), to = loudspeaker.toStdString()] {
    try {
      run(number, check, from, to);
    } catch (const std::exception& error) {
      tell(number, {check, State::failed, QString::fromUtf8(error.what())});
    }
  });
}

void SoundCheckService::run(int number, ui::SoundCheck check, const std::string& microphone,
                            const std::string& loudspeaker) {
  const auto stop = [this, number] { return wanted_ != number; };
  if (stop()) return;
  require_device(audio::list_output_devices(), loudspeaker, "Loudspeaker");
  QString line;
  if (check == ui::SoundCheck::test_tone) {
    tell(number, {check, State::playing, {}});
    audio::play_test_tone(loudspeaker, stop);
  } else {
    require_device(audio::list_input_devices(), microphone, "Microphone");
    tell(number, {check, State::recording, {}});
    const std::vector<float> heard = audio::record(microphone, kRecordedSeconds, stop);
    tell(number, {check, State::playing, {}});
    audio::play(loudspeaker, heard, kRate, stop);
    float peak = 0;
    for (const float sample : heard) peak = std::max(peak, std::abs(sample));
    if (peak < kSilent) line = tr("The microphone was silent: is it muted, or is another one meant?");
  }
  tell(number, {check, State::done, line});
}

void SoundCheckService::tell(int number, const ui::SoundCheckStep& step) {
  QMetaObject::invokeMethod(
      this,
      [this, number, step] {
        if (number == wanted_) Q_EMIT this->step(step);
      },
      Qt::QueuedConnection);
}

}  // namespace catena::app
