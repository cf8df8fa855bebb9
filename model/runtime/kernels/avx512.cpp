#define CATENA_KERNELS avx512
#define CATENA_KERNELS_NAME "avx512"
#include "model/runtime/kernels/table.h"
