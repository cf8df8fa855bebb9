#include "audio/devices.h"

#include <catch2/catch.hpp>

using namespace catena::audio;

TEST_CASE("a device's name does not depend on where it is plugged in") {
  CHECK(stable_device_name("USB Mic: Audio (hw:2,0)") == "USB Mic: Audio");
  CHECK(stable_device_name("HDA Intel PCH: ALC257 Analog (hw:0,0)") == "HDA Intel PCH: ALC257 Analog");
  CHECK(stable_device_name("pulse") == "pulse");
  CHECK(stable_device_name("") == "");
}

TEST_CASE("two devices of one name can be told apart") {
  std::vector<InputDevice> devices{{"USB Mic"}, {"pulse"}, {"USB Mic"}, {"USB Mic"}};
  make_unique_names(devices);
  CHECK(devices[0].name == "USB Mic");
  CHECK(devices[1].name == "pulse");
  CHECK(devices[2].name == "USB Mic #2");
  CHECK(devices[3].name == "USB Mic #3");
}

TEST_CASE("the choice is the named device, else the default, else any") {
  const std::vector<InputDevice> devices{{"line", false}, {"built-in", true}, {"headset", false}};
  CHECK(choose_input_device(devices, "headset") == "headset");
  CHECK(choose_input_device(devices, "unplugged") == "built-in");
  CHECK(choose_input_device(devices, "") == "built-in");
  CHECK(choose_input_device({{"line", false}, {"headset", false}}, "unplugged") == "line");
  CHECK(choose_input_device({}, "headset") == std::nullopt);
}

TEST_CASE("a device that just failed comes last, but is still used when it is the only one") {
  const std::vector<InputDevice> devices{{"line", false}, {"built-in", true}, {"headset", false}};
  CHECK(choose_input_device(devices, "headset", {"headset"}) == "built-in");
  CHECK(choose_input_device(devices, "headset", {"headset", "built-in"}) == "line");
  CHECK(choose_input_device(devices, "headset", {"line", "headset", "built-in"}) == "headset");
}
