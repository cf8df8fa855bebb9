#include "model/executor.h"

#include <array>
#include <mutex>
#include <stdexcept>

#include "model/runtime/native_executor.h"

namespace catena::model {
namespace {

struct Factories {
  std::mutex mutex;
  std::array<ExecutorFactory, 2> known{
      [](std::shared_ptr<const Weights> weights, const ExecutorOptions& options) -> std::unique_ptr<Executor> {
        return std::make_unique<NativeExecutor>(weights, options);
      },
      nullptr};

  ExecutorFactory& of(Device device) { return known.at(static_cast<std::size_t>(device)); }
};

Factories& factories() {
  static Factories all;
  return all;
}

}  // namespace

void register_executor_factory(Device device, ExecutorFactory factory) {
  const std::lock_guard lock(factories().mutex);
  factories().of(device) = factory;
}

bool executor_available(Device device) {
  const std::lock_guard lock(factories().mutex);
  return factories().of(device) != nullptr;
}

std::unique_ptr<Executor> make_executor(std::shared_ptr<const Weights> weights, const ExecutorOptions& options) {
  if (weights == nullptr) throw std::runtime_error("no weights were given; load a model first");
  const ModelConfig& config = weights->config();
  if (config.carry == Carry::attention || config.summary_levels > 0) {
    throw std::runtime_error("model '" + config.name +
                             "' is made to be trained and compared with (carry 'attention' or summaries), not to read "
                             "streams; choose another model");
  }
  ExecutorFactory factory = nullptr;
  {
    const std::lock_guard lock(factories().mutex);
    factory = factories().of(options.device);
  }
  if (factory == nullptr) {
    throw std::runtime_error(
        "device '" + to_string(options.device) +
        "' is not available: no GPU or driver was found, or it is not part of this build; choose cpu");
  }
  return factory(std::move(weights), options);
}

}  // namespace catena::model
