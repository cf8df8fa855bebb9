// catena: the command line. Without a subcommand it opens the window.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "app/commands/bench.h"
#include "app/commands/train.h"
#include "model/runtime/failure.h"
#include "model/tracker/torch_executor.h"
#ifdef CATENA_WITH_CUDA
#include "model/cuda/cuda_device.h"
#endif
#ifdef CATENA_WITH_TEXT
#include "app/commands/complete.h"
#include "app/commands/eval.h"
#include "app/commands/remember.h"
#endif
#ifdef CATENA_WITH_GUI
#include "app/commands/converse.h"
#include "app/commands/devices.h"
#include "app/commands/plot.h"
#include "app/commands/transcribe.h"
#include "app/demo/demo.h"
#include "app/gui/gui_main.h"
#endif

namespace {

constexpr int kFailure = 1, kBadInput = 2;

/// One line, whatever the message was made of. What a device throws brings its call stack, which is left out.
int report(const char* what, int code) {
  std::string line(what);
  line.resize(std::min(line.size(), line.find("\nException raised from")));
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  std::fprintf(stderr, "catena: %s\n", line.c_str());
  return code;
}

#ifdef CATENA_WITH_CUDA
// Our own kernels; LibTorch's, where they are not built.
void register_cuda() { catena::model::cuda::register_executor(); }
#else
void register_cuda() { catena::model::register_cuda_executor(); }
#endif

#ifdef CATENA_WITH_GUI
std::int64_t gpu_bytes() {
  const std::int64_t tensors = catena::model::gpu_bytes();
#ifdef CATENA_WITH_CUDA
  if (catena::model::executor_available(catena::model::Device::cuda))
    return catena::model::cuda::device_bytes() + (tensors < 0 ? 0 : tensors);
#endif
  return tensors;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  CLI::App program{
      "Catena reads and listens along, chunk by chunk, in constant memory.\nEverything stays on this machine."};
  program.name("catena");
  program.set_help_all_flag("--help-all", "Help of every subcommand");
  program.set_version_flag("--version", CATENA_VERSION);
  int exit_code = 0;
  catena::model::count_torch_memory();
  register_cuda();

#ifdef CATENA_WITH_TEXT
  catena::app::add_complete_command(program, exit_code);
  catena::app::add_eval_command(program, exit_code);
  catena::app::add_remember_command(program, exit_code);
#endif
  catena::app::add_train_command(program, exit_code);
  catena::app::add_bench_command(program, exit_code);
#ifdef CATENA_WITH_GUI
  catena::app::add_plot_command(program, exit_code);
  catena::app::add_converse_command(program, exit_code);
  catena::app::add_devices_command(program, exit_code);
  catena::app::add_transcribe_command(program, exit_code);
  catena::app::add_demo_command(program, exit_code, argc, argv);
  catena::app::add_window(program, exit_code, argc, argv, gpu_bytes);
#else
  program.require_subcommand(1);
#endif

  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& asked_for_help) {
    return program.exit(asked_for_help);
  } catch (const CLI::ParseError& error) {
    return report((std::string(error.what()) + "; see --help").c_str(), kBadInput);
  } catch (const catena::model::Failure& error) {
    return report(error.what(), kFailure);
  } catch (const std::runtime_error& error) {
    return report(error.what(), kBadInput);
  } catch (const std::exception& error) {
    return report(error.what(), kFailure);
  }
  // What was printed may still be on its way: a full disk shows only now.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return report("standard output cannot be written; is the disk full?", kFailure);
  }
  return exit_code;
}
