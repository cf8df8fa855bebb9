#include "audio/portaudio_system.h"

#include <alsa/asoundlib.h>
#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>

namespace catena::audio {

namespace {

void quiet_alsa(const char*, int, const char*, int, const char*, ...) {}
void quiet_jack(const char*) {}

// Looking for devices tries every plugin of ALSA and asks for a JACK server; both then write dozens of lines to
// standard error although nothing is wrong. What matters reaches the user as an error of ours.
void silence_drivers() {
  snd_lib_error_set_handler(quiet_alsa);
  using JackHandler = void (*)(void (*)(const char*));
  for (const char* setter : {"jack_set_error_function", "jack_set_info_function"}) {
    // PortAudio brings libjack along; it is not a library that we link.
    if (void* function = dlsym(RTLD_DEFAULT, setter)) {
      reinterpret_cast<JackHandler>(function)(quiet_jack);
    }
  }
}

// Index and name of each input device, in PortAudio's order. Names are unique and stable.
struct Found {
  std::vector<PaDeviceIndex> indices;
  std::vector<InputDevice> devices;
};

Found find_inputs() {
  Found found;
  const PaDeviceIndex default_input = Pa_GetDefaultInputDevice();
  for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); ++i) {
    const PaDeviceInfo* info = Pa_GetDeviceInfo(i);
    if (info != nullptr && info->maxInputChannels > 0) {
      found.indices.push_back(i);
      found.devices.push_back(
          {stable_device_name(info->name), i == default_input, info->maxInputChannels, info->defaultSampleRate});
    }
  }
  make_unique_names(found.devices);
  return found;
}

}  // namespace

PortAudioSystem& PortAudioSystem::instance() {
  static PortAudioSystem system;
  return system;
}

PortAudioSystem::PortAudioSystem() {
  // Never start a JACK server just because somebody looks for devices.
  setenv("JACK_NO_START_SERVER", "1", 0);
  silence_drivers();
}

PortAudioSystem::~PortAudioSystem() {
  if (initialised_) {
    Pa_Terminate();
  }
}

void PortAudioSystem::Access::refresh() const {
  if (system_.open_streams_ > 0) {
    return;
  }
  if (system_.initialised_) {
    Pa_Terminate();
    system_.initialised_ = false;
  }
  // ALSA keeps its configuration, and with it the cards it once saw.
  snd_config_update_free_global();
  const PaError error = Pa_Initialize();
  if (error != paNoError) {
    throw std::runtime_error(std::string("the sound system could not be started (") + Pa_GetErrorText(error) +
                             "): check that ALSA or PulseAudio is installed");
  }
  system_.initialised_ = true;
}

std::vector<InputDevice> PortAudioSystem::Access::input_devices() const {
  return system_.initialised_ ? find_inputs().devices : std::vector<InputDevice>{};
}

std::optional<PaDeviceIndex> PortAudioSystem::Access::find_input(const std::string& name) const {
  if (system_.initialised_) {
    const Found found = find_inputs();
    for (std::size_t i = 0; i < found.devices.size(); ++i) {
      if (found.devices[i].name == name) {
        return found.indices[i];
      }
    }
  }
  return std::nullopt;
}

}  // namespace catena::audio
