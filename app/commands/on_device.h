// Work on the device that a command's options name.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "app/commands/model_options.h"

namespace catena::app {

/// work(executor), once. Where another device than the CPU is not to be had, or fails in the middle, one line on
/// standard error says so and the work is begun anew on the CPU: it must not have told anybody anything yet. For
/// commands whose result does not depend on where it was computed; those that measure a device refuse instead.
template <typename Work>
void on_device(const std::shared_ptr<const model::Weights>& weights, const ModelOptions& options, const Work& work) {
  try {
    return work(std::shared_ptr<model::Executor>(make_executor(weights, options.executor())));
  } catch (const std::exception& error) {
    if (options.device == "cpu") throw;
    const std::string why = error.what();
    std::fprintf(stderr, "catena: %s; going on on the CPU\n", why.substr(0, why.find('\n')).c_str());
  }
  ModelOptions there = options;  // with what is usual there, where no precision was asked for
  there.device = "cpu";
  work(std::shared_ptr<model::Executor>(make_executor(weights, there.executor())));
}

}  // namespace catena::app
