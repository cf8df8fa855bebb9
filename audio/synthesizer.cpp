#include "audio/synthesizer.h"

#include <espeak-ng/speak_lib.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>

namespace catena::audio {

namespace {

constexpr int kBufferMs = 60;

std::mutex& library() {
  static std::mutex mutex;
  return mutex;
}

// What the library's callback works on; there is one speech at a time.
struct Speech {
  const Synthesizer::Sink* sink = nullptr;
  std::vector<std::size_t> byte_of_character;  // of the text; the last entry is its end
  int rate = 0;
  std::vector<float> samples;
  std::vector<WordMark> words;
  bool stopped = false;
};

int take(short* wav, int count, espeak_EVENT* events) {
  auto* speech = static_cast<Speech*>(events->user_data);
  if (speech == nullptr || speech->stopped) {
    return 1;
  }
  speech->words.clear();
  for (const espeak_EVENT* event = events; event->type != espeakEVENT_LIST_TERMINATED; ++event) {
    if (event->type != espeakEVENT_WORD) {
      continue;
    }
    const auto character = std::clamp<std::size_t>(static_cast<std::size_t>(std::max(event->text_position, 1)) - 1, 0,
                                                   speech->byte_of_character.size() - 1);
    speech->words.push_back(
        {speech->byte_of_character[character], static_cast<std::int64_t>(event->audio_position) * speech->rate / 1000});
  }
  speech->samples.resize(wav == nullptr ? 0 : static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < speech->samples.size(); ++i) {
    speech->samples[i] = static_cast<float>(wav[i]) / 32768.0F;
  }
  if (speech->samples.empty() && speech->words.empty()) {
    return 0;
  }
  try {
    speech->stopped = !(*speech->sink)(speech->samples, speech->words);
  } catch (...) {  // no exception through the library's C code
    speech->stopped = true;
  }
  return speech->stopped ? 1 : 0;
}

}  // namespace

Synthesizer& Synthesizer::instance() {
  static Synthesizer synthesizer;
  return synthesizer;
}

Synthesizer::Synthesizer()
    : rate_(espeak_Initialize(AUDIO_OUTPUT_RETRIEVAL, kBufferMs, nullptr, espeakINITIALIZE_DONT_EXIT)) {
  if (rate_ <= 0) {
    throw std::runtime_error(
        "the voice cannot be started: espeak-ng's data are missing; install the package espeak-ng-data");
  }
  espeak_SetSynthCallback(take);
}

std::vector<Voice> Synthesizer::voices() {
  const std::lock_guard lock(library());
  std::vector<Voice> result;
  for (const espeak_VOICE** voice = espeak_ListVoices(nullptr); *voice != nullptr; ++voice) {
    // The first byte of the list of languages is a priority.
    result.push_back(
        {(*voice)->name, (*voice)->languages != nullptr && (*voice)->languages[0] != 0 ? (*voice)->languages + 1 : ""});
  }
  return result;
}

bool Synthesizer::speak(std::string_view text, const VoiceSettings& settings, const Sink& sink) {
  const std::lock_guard lock(library());
  if (espeak_SetVoiceByName(settings.voice.c_str()) != EE_OK) {
    throw std::runtime_error("there is no voice '" + settings.voice + "'; choose another in the voice menu");
  }
  espeak_SetParameter(espeakRATE, std::clamp(settings.words_a_minute, espeakRATE_MINIMUM, espeakRATE_MAXIMUM), 0);
  espeak_SetParameter(espeakPITCH, std::clamp(settings.pitch, 0, 100), 0);
  espeak_SetParameter(espeakVOLUME, std::clamp(settings.volume, 0, 200), 0);
  Speech speech;
  speech.sink = &sink;
  speech.rate = rate_;
  for (std::size_t byte = 0; byte < text.size(); ++byte) {
    if ((static_cast<unsigned char>(text[byte]) & 0xC0U) != 0x80U) {
      speech.byte_of_character.push_back(byte);
    }
  }
  speech.byte_of_character.push_back(text.size());
  const std::string terminated(text);
  if (espeak_Synth(terminated.c_str(), terminated.size() + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, nullptr,
                   &speech) != EE_OK) {
    throw std::runtime_error("the voice failed; is espeak-ng installed completely?");
  }
  espeak_Synchronize();
  return !speech.stopped;
}

}  // namespace catena::audio
