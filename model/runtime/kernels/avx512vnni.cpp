#define CATENA_KERNELS avx512vnni
#define CATENA_KERNELS_NAME "avx512-vnni"
#include "model/runtime/kernels/table.h"
