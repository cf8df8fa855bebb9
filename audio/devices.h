// Which microphones there are, by names that stay the same when devices come and go.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace catena::audio {

struct InputDevice {
  std::string name;  ///< unique; PortAudio's name without "(hw:X,Y)", a second one of the same name gets " #2"
  bool is_default = false;
  int channels = 0;         ///< that it can deliver
  double default_rate = 0;  ///< Hz
};

/// The input devices of this machine, looked up anew unless a stream is open (PortAudio can only look while none is).
/// Takes up to half a second: not for the UI thread. Empty when there is none. Throws std::runtime_error with one line
/// when the sound system cannot be started at all. Thread-safe.
std::vector<InputDevice> list_input_devices();

/// The device to use out of `devices`: the one called `wanted`, else the default, else any. Names in `avoid` come only
/// after all others. `wanted` empty: the default device is wanted. Nothing when there is no device.
std::optional<std::string> choose_input_device(const std::vector<InputDevice>& devices, const std::string& wanted,
                                               const std::vector<std::string>& avoid = {});

/// "HDA Intel: ALC257 (hw:0,0)" -> "HDA Intel: ALC257".
std::string stable_device_name(const std::string& portaudio_name);

/// Makes names unique by appending " #2", " #3" ... to repetitions, in order.
void make_unique_names(std::vector<InputDevice>& devices);

}  // namespace catena::audio
