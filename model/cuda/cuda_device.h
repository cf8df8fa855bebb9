// What programs need to know of the CUDA executor: no header of CUDA's comes with it.
#pragma once

#include <cstdint>
#include <span>

#include "model/executor.h"

namespace catena::model::cuda {

/// Offers Device::cuda to make_executor() if there is a usable GPU; call once at start. Returns whether there is.
bool register_executor();

/// Bytes of device memory that executors and states hold in this process.
std::int64_t device_bytes();

/// Writes the likeliest token out.size() times and reads each, without the host between two tokens. `executor` is one
/// of ours (else throws std::invalid_argument), and the state has read a token. Throws as Executor::read().
void generate(Executor& executor, ChainState& state, std::span<Token> out, const StreamSettings& settings);

/// Bytes a second that the device reads and writes together when it copies `bytes` of its memory; measured now, the
/// fastest of a few times. Throws DeviceFailure.
double copy_bandwidth(std::size_t bytes);

/// Operations a second (two a multiply-add) of one product of a whole block of tokens with a [4 width, width] matrix;
/// measured now. Throws DeviceFailure.
double product_operations_per_second(int width, Precision precision);

}  // namespace catena::model::cuda
