// The kernels of the instruction set that this translation unit is compiled for.
#pragma once

#include "model/runtime/kernels/attention.h"
#include "model/runtime/kernels/delta.h"
#include "model/runtime/kernels/pointwise.h"
#include "model/runtime/kernels/product.h"
#include "model/runtime/kernels/product_int8.h"

namespace catena::model::CATENA_KERNELS {

extern const Kernels table;
const Kernels table{CATENA_KERNELS_NAME,
                    product<float>,
                    product<std::uint16_t>,
                    product_int8,
                    quantize,
                    rms_norm,
                    swiglu,
                    convolve_silu,
                    convolve_add,
                    unit_length,
                    silu,
                    delta,
                    gated_norm,
                    rotate,
                    attend,
                    log_sum_exp,
                    split_bytes,
                    join_tile_sums};

}  // namespace catena::model::CATENA_KERNELS
