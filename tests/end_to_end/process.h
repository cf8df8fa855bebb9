// Runs the catena program and keeps what it said.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace catena::test {

/// A program that has ended.
struct Finished {
  int code = -1;  ///< exit code; 128 + number when a signal ended it
  std::string out, err;
};

struct Surroundings {
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< further variables
  std::filesystem::path standard_input = "/dev/null";
  std::filesystem::path standard_output = {};  ///< where standard output goes instead of Finished::out
  std::uint64_t largest_file = 0;  ///< bytes a file may have (a write past it fails as on a full disk); 0: no bound
};

/// catena with `arguments`, its HOME and settings in a folder of its own, without a display.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments, const Surroundings& surroundings = {});
  /// Kills the program if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Waits until standard error holds `text`; false when it does not in time or the program ended without it.
  bool says(const std::string& text, std::chrono::seconds within = std::chrono::seconds(60));
  void send(int signal) const;
  /// Waits for the end; a program that takes longer than `within` is killed and has code 137.
  Finished wait(std::chrono::seconds within = std::chrono::seconds(240));

 private:
  bool ended();

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// The same in one call.
Finished run_catena(const std::vector<std::string>& arguments, const Surroundings& surroundings = {});

}  // namespace catena::test
