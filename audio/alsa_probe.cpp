#include "audio/alsa_probe.h"

#include <alsa/asoundlib.h>

#include <memory>

namespace catena::audio {

namespace {

struct CloseControl {
  void operator()(snd_ctl_t* control) const { snd_ctl_close(control); }
};
struct FreeString {
  void operator()(char* text) const { std::free(text); }
};

// A name from the ALSA configuration ("pulse", "default"): present when it opens.
bool named_pcm_opens(const std::string& name) {
  snd_pcm_t* pcm = nullptr;
  if (snd_pcm_open(&pcm, name.c_str(), SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK) < 0) {
    return false;
  }
  snd_pcm_close(pcm);
  return true;
}

// Looks for an input of card `number` that PortAudio would call `name`: "CARD: PCM".
bool card_has(int number, const std::string& name) {
  snd_ctl_t* opened = nullptr;
  if (snd_ctl_open(&opened, ("hw:" + std::to_string(number)).c_str(), SND_CTL_NONBLOCK) < 0) {
    return false;
  }
  const std::unique_ptr<snd_ctl_t, CloseControl> control(opened);
  char* text = nullptr;
  if (snd_card_get_name(number, &text) < 0) {
    return false;
  }
  const std::unique_ptr<char, FreeString> card_name(text);
  snd_pcm_info_t* info = nullptr;
  snd_pcm_info_alloca(&info);
  for (int device = -1; snd_ctl_pcm_next_device(control.get(), &device) >= 0 && device >= 0;) {
    snd_pcm_info_set_device(info, static_cast<unsigned>(device));
    snd_pcm_info_set_subdevice(info, 0);
    snd_pcm_info_set_stream(info, SND_PCM_STREAM_CAPTURE);
    if (snd_ctl_pcm_info(control.get(), info) >= 0 &&
        name == std::string(card_name.get()) + ": " + snd_pcm_info_get_name(info)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool input_device_present(const std::string& name) {
  // Only hardware has a colon and a space in its stable name; a repeated name ("... #2") is there if its first is.
  if (name.find(": ") == std::string::npos) {
    return named_pcm_opens(name);
  }
  const std::string first = name.substr(0, name.rfind(" #"));
  for (int card = -1; snd_card_next(&card) >= 0 && card >= 0;) {
    if (card_has(card, first)) {
      return true;
    }
  }
  return false;
}

std::string sound_cards() {
  std::string names;
  for (int card = -1; snd_card_next(&card) >= 0 && card >= 0;) {
    char* text = nullptr;
    if (snd_card_get_name(card, &text) >= 0) {
      const std::unique_ptr<char, FreeString> name(text);
      names += std::to_string(card) + " " + name.get() + "\n";
    }
  }
  return names;
}

}  // namespace catena::audio
