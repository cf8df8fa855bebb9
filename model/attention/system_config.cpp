#include "model/attention/system_config.h"

#include <stdexcept>

namespace catena::model::lab {
namespace {

template <typename Value>
void require(bool ok, const std::string& system, const char* key, Value value, const std::string& expected) {
  if (ok) return;
  throw std::runtime_error("system '" + system + "': " + key + " is " + std::to_string(value) + ", expected " +
                           expected);
}

}  // namespace

void SystemConfig::validate() const {
  const auto between = [&](const char* key, std::int64_t value, std::int64_t least, std::int64_t most) {
    require(value >= least && value <= most, system, key, value, std::to_string(least) + " to " + std::to_string(most));
  };
  between("width", width, 2, 8192);
  require(heads >= 1 && width % heads == 0, system, "heads", heads, "a divisor of width " + std::to_string(width));
  require(head_width() % 2 == 0, system, "width / heads", head_width(),
          "an even number, for rotary positions turn pairs");
  between("chunk", chunk, 1, 4096);
  between("max_length", max_length, 1, 1 << 20);
  between("rank", rank, 1, 4096);
  between("window", window, 1, 64);
  between("random_blocks", random_blocks, 1, 64);
  between("levels", levels, 1, 5);
  require(gate_temperature >= 1e-3 && gate_temperature <= 100, system, "gate_temperature", gate_temperature,
          "0.001 to 100");
}

}  // namespace catena::model::lab
