// In place of tile_product.cpp in a build without oneDNN: there are no tiles, so nobody asks for more.
#include "model/runtime/tile_product.h"

namespace catena::model {

TileUnit tile_unit() noexcept { return TileUnit::none; }

TileRoom::TileRoom(int, int, int) {}

void TileRoom::store(const Kernels&, int, const std::int16_t*, int) {}

std::shared_ptr<const TileProduct> TileProduct::make(const std::int8_t*, int, int) { return nullptr; }

}  // namespace catena::model
