// Speech made harder to read, so that little of it goes a long way. Everything happens in the log-mel domain, where a
// gain is a sum, noise a sum of powers and a room a decay of power over time: no audio is needed to train.
#pragma once

#include <random>
#include <span>
#include <vector>

namespace catena::model {

using MelFrames = std::vector<float>;  ///< [frames, kMelBands], ln of power

/// Another tempo (0.87 to 1.15 of the length) and another voice (the bands stretched by up to 8 %), by linear
/// interpolation. longest: the result is at most so many frames; the tempo is raised for that.
MelFrames other_voice(std::span<const float> frames, std::size_t longest, std::mt19937_64& random);

/// A pause of `count` frames in the sound of the quietest twentieth of an utterance.
void append_pause(std::span<const float> utterance, std::size_t count, MelFrames& out, std::mt19937_64& random);

/// In place: another level (-15 to 9 dB), in a third of the cases a room (reverberation times of 0.15 to 0.7 s), in
/// half of them noise 3 to 30 dB below the speech: steady and of random colour, or `babble`, other people's speech
/// (repeated if it is short).
void other_place(std::span<float> frames, std::span<const float> babble, std::mt19937_64& random);

/// In place: SpecAugment (Park et al. 2019). Two bands of at most 16 mels and, for every 4 s, two stretches of at most
/// 0.25 s become the mean.
void hide_parts(std::span<float> frames, std::mt19937_64& random);

}  // namespace catena::model
