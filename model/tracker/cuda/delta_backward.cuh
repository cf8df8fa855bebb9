// The passes of the delta rule's way back that are files of their own.
#pragma once

#include "model/tracker/cuda/delta_tiles.cuh"

namespace catena::training_kernels {

/// The last pass: from dx, x, the states and their gradients to dv, db, d_log_a and the rest of dk. d_log_a comes as
/// the gradient of g (the log of the decay since the block began) that the outputs gave.
///
/// With Y = (I + L)^-T dx, for x = (I + L)^-1 (b v - b from_start k S), L = strict lower triangle of b k k^T decay, and
/// S' = whole S + (to_end k)^T x after the block:  dv = b Y,  dL = -Y x^T,  d(b from_start k) = -Y S^T,  d(to_end k) =
/// x dS'^T. What u and w would add to dL each is in x together, so neither is needed. Without correction Y = dx, and L
/// and S fall away.
void delta_inputs_backward(const DeltaSizes& sizes, const DeltaArrays& in, const DeltaBackward& back, void* stream);

}  // namespace catena::training_kernels
