#include "app/commands/interrupt.h"

#include <chrono>
#include <csignal>
#include <thread>

namespace catena::app {
namespace {

std::atomic<bool> g_interrupted{false};

extern "C" void on_interrupt(int signal) {
  g_interrupted.store(true);
  std::signal(signal, SIG_DFL);
}

/// stop_source::request_stop may run callbacks, which a signal handler must not; a thread passes the flag on.
class Relay {
 public:
  Relay()
      : thread_([this](const std::stop_token& ended) {
          while (!ended.stop_requested() && !g_interrupted.load())
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
          if (g_interrupted.load()) source_.request_stop();
        }) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread thread_;
};

}  // namespace

void watch_for_interrupt() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

bool interrupted() { return g_interrupted.load(); }

const std::atomic<bool>& interrupt_flag() { return g_interrupted; }

std::stop_token interrupt_token() {
  static Relay relay;
  return relay.token();
}

}  // namespace catena::app
