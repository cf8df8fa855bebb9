// Multiply-adds that are really done: LibTorch is asked which matrix products it runs.
#pragma once

#include <cstdint>
#include <functional>

namespace catena::model::lab {

/// Of the matrix products (mm, addmm, bmm, baddbmm, mv, dot and their likes) that `work` runs on this thread, also on
/// the way back. Elementwise work is not counted, nor are products inside custom kernels.
double count_multiply_adds(const std::function<void()>& work);

}  // namespace catena::model::lab
