// Runs the threads of a launch as fibers.
#pragma once

#include <functional>
#include <string>

#include "emulator.h"

namespace cuda_emulator {

/// Runs every block of a launch, one after another. Empty: all went well; else what went wrong, in one line.
std::string run_grid(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread);

}  // namespace cuda_emulator
