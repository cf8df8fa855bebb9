// Is a device there right now? Asked of ALSA directly, since PortAudio only looks while it is initialised.
#pragma once

#include <string>

namespace catena::audio {

/// Whether an input device with this stable name (devices.h) could be opened now. Disturbs no open stream. May block
/// for as long as a sound server takes to answer. False for a device that ALSA does not know (JACK, OSS).
bool input_device_present(const std::string& name);

/// The names of the sound cards, one a line. Changes when a card is plugged in or pulled out.
std::string sound_cards();

}  // namespace catena::audio
