#include "tests/end_to_end/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "tests/end_to_end/fixture.h"

namespace catena::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

fs::path new_folder() {
  std::string name = (fs::temp_directory_path() / "catena-process-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return name;
}

void redirect(int descriptor, const fs::path& file) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT, 0600);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const Surroundings& surroundings) : folder_(new_folder()) {
  std::vector<std::string> words{CATENA_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const fs::path out = surroundings.standard_output.empty() ? folder_ / "out" : surroundings.standard_output;
  const fs::path err = folder_ / "err";
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    redirect(STDOUT_FILENO, out);
    redirect(STDERR_FILENO, err);
    const int input = ::open(surroundings.standard_input.c_str(), O_RDONLY);
    if (input < 0 || ::dup2(input, STDIN_FILENO) < 0) ::_exit(126);
    ::setenv("HOME", folder_.c_str(), 1);
    for (const char* name : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"}) {
      ::setenv(name, folder_.c_str(), 1);
    }
    ::setenv("QT_QPA_PLATFORM", "offscreen", 1);
    for (const auto& [name, value] : surroundings.environment) ::setenv(name.c_str(), value.c_str(), 1);
    if (surroundings.largest_file > 0) {
      // Past the bound write() fails with EFBIG once the signal is ignored.
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit bound{surroundings.largest_file, surroundings.largest_file};
      ::setrlimit(RLIMIT_FSIZE, &bound);
    }
    ::execv(pointers.front(), pointers.data());
    ::_exit(127);
  }
}

Process::~Process() {
  if (!ended()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

bool Process::ended() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

bool Process::says(const std::string& text, std::chrono::seconds within) {
  const auto deadline = Clock::now() + within;
  for (;;) {
    const bool last = ended() || Clock::now() > deadline;
    if (read_file(folder_ / "err").find(text) != std::string::npos) return true;
    if (last) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void Process::send(int signal) const { ::kill(pid_, signal); }

Finished Process::wait(std::chrono::seconds within) {
  const auto deadline = Clock::now() + within;
  while (!ended()) {
    if (Clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status_, 0);
      ended_ = true;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return {code, read_file(folder_ / "out"), read_file(folder_ / "err")};
}

Finished run_catena(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  return Process(arguments, surroundings).wait();
}

}  // namespace catena::test
