#define CATENA_KERNELS baseline
#define CATENA_KERNELS_NAME "baseline"
#include "model/runtime/kernels/table.h"
