// Ctrl-C as a flag that long work looks at, so that nothing is lost.
#pragma once

#include <atomic>
#include <stop_token>

namespace catena::app {

/// From now on the first SIGINT or SIGTERM only sets the flag; a second one ends the process at once.
void watch_for_interrupt();
bool interrupted();
const std::atomic<bool>& interrupt_flag();
/// Requested once the flag is set (checked by a waiting thread, not inside the signal handler).
std::stop_token interrupt_token();

}  // namespace catena::app
