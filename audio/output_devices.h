// Which loudspeakers there are.
#pragma once

#include <string>
#include <vector>

namespace catena::audio {

struct OutputDevice {
  std::string name;  ///< as Player takes it
  bool is_default = false;
};

/// As list_input_devices(), for loudspeakers. Devices of one name are listed once.
std::vector<OutputDevice> list_output_devices();

}  // namespace catena::audio
