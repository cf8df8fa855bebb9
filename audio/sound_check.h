// Does sound come out, does it go in? A tone, and hearing oneself.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace catena::audio {

/// All of these return when it is over, or early when stop() becomes true (asked every few milliseconds). They throw
/// std::runtime_error with one line when the device cannot be used or goes away.
using Stop = std::function<bool()>;

/// A second of 440 Hz at -12 dBFS, faded in and out. Device names as Player and Capture take them; empty: the default
/// one.
void play_test_tone(const std::string& loudspeaker, const Stop& stop);
/// What the microphone hears in this time, 16 kHz mono; shorter when stopped.
std::vector<float> record(const std::string& microphone, double seconds, const Stop& stop);
/// Mono samples, until the last one was heard.
void play(const std::string& loudspeaker, std::span<const float> samples, int rate, const Stop& stop);

}  // namespace catena::audio
