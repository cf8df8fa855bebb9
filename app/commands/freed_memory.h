// What a training process does with the memory that its steps free.
#pragma once

#include <malloc.h>

#include <limits>

namespace catena::app {

/// Every step allocates the same hundreds of megabytes and frees them: kept by the process they need not be mapped and
/// zeroed anew. Holds for the whole process from now on.
inline void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 128 << 20);
}

}  // namespace catena::app
