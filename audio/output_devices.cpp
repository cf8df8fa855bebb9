#include "audio/output_devices.h"

#include <algorithm>

#include "audio/devices.h"
#include "audio/portaudio_system.h"

namespace catena::audio {

std::vector<OutputDevice> list_output_devices() {
  const PortAudioSystem::Access access = PortAudioSystem::instance().lock();
  access.refresh();
  std::vector<OutputDevice> devices;
  const PaDeviceIndex default_output = Pa_GetDefaultOutputDevice();
  for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); ++i) {
    const PaDeviceInfo* info = Pa_GetDeviceInfo(i);
    if (info == nullptr || info->maxOutputChannels == 0) continue;
    const std::string name = stable_device_name(info->name);
    const auto known =
        std::find_if(devices.begin(), devices.end(), [&](const OutputDevice& device) { return device.name == name; });
    if (known == devices.end()) {
      devices.push_back({name, i == default_output});
    } else {
      known->is_default = known->is_default || i == default_output;
    }
  }
  return devices;
}

}  // namespace catena::audio
