#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "model/runtime/kernels/kernels.h"
#include "model/runtime/tile_product.h"

namespace catena::model {

namespace baseline {
extern const Kernels table;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels table;
}
namespace avx512 {
extern const Kernels table;
}
namespace avx512vnni {
extern const Kernels table;
}
#endif

namespace {

struct Usable {
  std::array<const Kernels*, 5> list{};
  std::size_t count = 0;
  Kernels with_tiles{};

  Usable() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool wide = fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (wide && __builtin_cpu_supports("avx512vnni")) {
      const TileUnit unit = tile_unit();
      with_tiles = avx512vnni::table;
      with_tiles.tiles = true;
      with_tiles.name = unit == TileUnit::amx ? "amx" : "onednn";
      if (unit == TileUnit::amx) list[count++] = &with_tiles;
      list[count++] = &avx512vnni::table;
      // The same path without tiles, for tests and comparisons.
      if (unit == TileUnit::vnni) list[count++] = &with_tiles;
    }
    if (wide) list[count++] = &avx512::table;
    if (fma) list[count++] = &avx2::table;
#endif
    list[count++] = &baseline::table;
  }
};

const Usable& usable() {
  static const Usable found;
  return found;
}

/// Fewer features than the processor has are for comparing and for finding faults.
const Kernels& chosen() {
  const char* name = std::getenv("CATENA_KERNELS");
  if (name == nullptr || *name == '\0') return *usable_kernels().front();
  std::string known;
  for (const Kernels* kernels : usable_kernels()) {
    if (std::string(name) == kernels->name) return *kernels;
    known += (known.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw std::runtime_error("CATENA_KERNELS is '" + std::string(name) + "', this processor can run: " + known);
}

}  // namespace

const Kernels& best_kernels() {
  static const Kernels& best = chosen();
  return best;
}

std::span<const Kernels* const> usable_kernels() { return {usable().list.data(), usable().count}; }

}  // namespace catena::model
