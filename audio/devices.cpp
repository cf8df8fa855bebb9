#include "audio/devices.h"

#include <algorithm>
#include <map>

#include "audio/portaudio_system.h"

namespace catena::audio {

std::string stable_device_name(const std::string& portaudio_name) {
  const std::size_t hardware = portaudio_name.rfind(" (hw:");
  return hardware == std::string::npos ? portaudio_name : portaudio_name.substr(0, hardware);
}

void make_unique_names(std::vector<InputDevice>& devices) {
  std::map<std::string, int> seen;
  for (InputDevice& device : devices) {
    const int number = ++seen[device.name];
    if (number > 1) {
      device.name += " #" + std::to_string(number);
    }
  }
}

std::vector<InputDevice> list_input_devices() {
  const PortAudioSystem::Access access = PortAudioSystem::instance().lock();
  access.refresh();
  return access.input_devices();
}

std::optional<std::string> choose_input_device(const std::vector<InputDevice>& devices, const std::string& wanted,
                                               const std::vector<std::string>& avoid) {
  // Lower is better: wanted, default, any; those to avoid behind all others, in the same order.
  const auto rank = [&](const InputDevice& device) {
    int value = 2;
    if (!wanted.empty() && device.name == wanted) {
      value = 0;
    } else if (device.is_default) {
      value = 1;
    }
    const bool avoided = std::find(avoid.begin(), avoid.end(), device.name) != avoid.end();
    return avoided ? value + 3 : value;
  };
  const auto best = std::min_element(devices.begin(), devices.end(),
                                     [&](const InputDevice& a, const InputDevice& b) { return rank(a) < rank(b); });
  return best == devices.end() ? std::nullopt : std::optional(best->name);
}

}  // namespace catena::audio
