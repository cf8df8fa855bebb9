// Counts what the current thread allocates with operator new.
#pragma once

#include <cstddef>

namespace catena::audio::test {

/// Allocations by this thread so far.
std::size_t allocations();

}  // namespace catena::audio::test
