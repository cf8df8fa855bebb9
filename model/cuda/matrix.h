// A weight matrix in device memory.
#pragma once

namespace catena::model::cuda {

enum class Number { float32, bfloat16, int8 };

/// [outputs, inputs], row by row; rows begin at multiples of 16 bytes since inputs is a multiple of 16.
struct Matrix {
  const void* weights = nullptr;
  const float* scales = nullptr;  ///< int8: of each row
  int outputs = 0;
  int inputs = 0;
  Number number = Number::float32;
};

}  // namespace catena::model::cuda
