#include "app/commands/devices.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "app/commands/interrupt.h"
#include "audio/devices.h"
#include "audio/level.h"
#include "audio/output_devices.h"
#include "audio/resampler.h"
#include "audio/sound_check.h"

namespace catena::app {
namespace {

constexpr double kHearSeconds = 3;
constexpr double kSilentDbfs = -90;

struct Options {
  std::string microphone, loudspeaker;
  bool test_tone = false, hear_yourself = false, json = false;
};

template <typename Device>
void print(const char* kind, const std::vector<Device>& devices, bool json) {
  for (const Device& device : devices) {
    if (json) {
      const nlohmann::json line = {{"kind", kind}, {"name", device.name}, {"default", device.is_default}};
      std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    } else {
      std::printf("%-12s %c %s\n", kind, device.is_default ? '*' : ' ', device.name.c_str());
    }
  }
}

/// Refuses a name that is not there, instead of falling back to another device.
template <typename Device>
void check_there(const char* kind, const std::vector<Device>& devices, const std::string& name) {
  const bool there =
      std::any_of(devices.begin(), devices.end(), [&](const Device& device) { return device.name == name; });
  if (!name.empty() && !there)
    throw std::runtime_error(std::string(kind) + " '" + name + "' is not there; catena devices lists those that are");
  if (devices.empty())
    throw std::runtime_error(std::string("there is no ") + kind + "; plug one in or check the system's sound settings");
}

int run(const Options& options) {
  const auto microphones = audio::list_input_devices();
  const auto loudspeakers = audio::list_output_devices();
  if (options.test_tone || options.hear_yourself) check_there("loudspeaker", loudspeakers, options.loudspeaker);
  if (options.hear_yourself) check_there("microphone", microphones, options.microphone);
  print("microphone", microphones, options.json);
  print("loudspeaker", loudspeakers, options.json);
  std::fflush(stdout);
  if (options.test_tone) {
    std::fprintf(stderr, "a tone of one second\n");
    audio::play_test_tone(options.loudspeaker, interrupted);
  }
  if (options.hear_yourself && !interrupted()) {
    std::fprintf(stderr, "say something: recording for three seconds\n");
    const std::vector<float> said = audio::record(options.microphone, kHearSeconds, interrupted);
    audio::LevelMeter meter;
    meter.feed(said);
    const audio::Level level = meter.take();
    std::fprintf(stderr, "peak %.0f dB%s; playing it back\n", level.peak_dbfs,
                 level.clipped                   ? ", too loud: turn the microphone down"
                 : level.peak_dbfs < kSilentDbfs ? ", silence: is it muted?"
                                                 : "");
    audio::play(options.loudspeaker, said, audio::kRate, interrupted);
  }
  return interrupted() ? 130 : 0;
}

}  // namespace

void add_devices_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("devices", "List microphones and loudspeakers (* the default), and try them");
  command->add_option("--microphone", options->microphone, "Input device to try; default: the system's");
  command->add_option("--loudspeaker", options->loudspeaker, "Output device to try; default: the system's");
  command->add_flag("--test-tone", options->test_tone, "Play a tone of one second");
  command->add_flag("--hear-yourself", options->hear_yourself, "Record three seconds and play them back");
  command->add_flag("--json", options->json, "One JSON object a device: kind, name, default");
  command->callback([options, &exit_code] {
    watch_for_interrupt();
    exit_code = run(*options);
  });
}

}  // namespace catena::app
