#define CATENA_KERNELS avx2
#define CATENA_KERNELS_NAME "avx2"
#include "model/runtime/kernels/table.h"
