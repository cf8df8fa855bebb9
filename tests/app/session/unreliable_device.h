// A device that fails when a test wants it to: the CPU runtime, with states that only it can read.
#pragma once

#include <atomic>
#include <memory>
#include <stdexcept>
#include <vector>

#include "model/executor.h"
#include "model/runtime/state_layout.h"

namespace catena::app::test {

/// What happens to it. One for the process, like a graphics card.
struct UnreliableDevice {
  static constexpr int never = 1 << 30;
  inline static std::atomic<int> reads_left = never;     ///< readings before one fails half-way; it works again then
  inline static std::atomic<int> states_left = never;    ///< states that there is room for
  inline static std::atomic<bool> gone = false;          ///< nothing works any more
  inline static std::atomic<bool> goes_with_it = false;  ///< the failing reading is the device's last

  /// What LibTorch's exceptions look like.
  [[noreturn]] static void fail(const char* what) {
    throw std::runtime_error(std::string(what) +
                             "\nException raised from somewhere (most recent call first):\nframe #0");
  }
  static void use() {
    if (gone) fail("device lost");
  }
  /// While it lives there is such a device, whole.
  struct Plugged {
    Plugged();
    ~Plugged() { model::register_executor_factory(model::Device::cuda, nullptr); }
  };
};

class UnreliableStorage final : public model::StateStorage {
 public:
  explicit UnreliableStorage(std::size_t floats) : host_(floats) {
    UnreliableDevice::use();
    if (UnreliableDevice::states_left-- <= 0) UnreliableDevice::fail("out of memory");
  }
  std::size_t floats() const override { return host_.floats(); }
  std::unique_ptr<model::StateStorage> clone() const override {
    auto copy = std::make_unique<UnreliableStorage>(floats());
    copy->copy_from(*this);
    return copy;
  }
  void copy_from(const model::StateStorage& other) override {
    UnreliableDevice::use();
    host_.copy_from(dynamic_cast<const UnreliableStorage&>(other).host_);
  }
  void to_host(std::span<float> out) const override {
    UnreliableDevice::use();
    host_.to_host(out);
  }
  void from_host(std::span<const float> in) override {
    UnreliableDevice::use();
    host_.from_host(in);
  }

 private:
  model::HostStorage host_;
};

class UnreliableExecutor final : public model::Executor {
 public:
  UnreliableExecutor(const std::shared_ptr<const model::Weights>& weights, const model::ExecutorOptions& options)
      : options_(options), cpu_(make_executor(weights, {.precision = options.precision, .threads = options.threads})) {
    UnreliableDevice::use();
  }
  const model::ModelConfig& config() const override { return cpu_->config(); }
  const model::ExecutorOptions& options() const override { return options_; }
  model::ChainState initial_state(int chunk_length) const override {
    const model::ChainState state = cpu_->initial_state(chunk_length);
    return {state.counters(), std::make_unique<UnreliableStorage>(state.storage().floats())};
  }
  void read(model::ChainState& state, std::span<const model::Token> tokens,
            const model::StreamSettings& settings) override {
    UnreliableDevice::use();
    const bool fails = !tokens.empty() && UnreliableDevice::reads_left-- == 0;
    on_host(state, [&](model::ChainState& host) {
      cpu_->read(host, fails ? tokens.first(tokens.size() / 2) : tokens, settings);
    });
    if (!fails) return;
    if (UnreliableDevice::goes_with_it) UnreliableDevice::gone = true;
    UnreliableDevice::fail("out of memory");
  }
  void end_chunk(model::ChainState& state) override {
    on_host(state, [&](model::ChainState& host) { cpu_->end_chunk(host); });
  }
  void logits(const model::ChainState& state, std::span<float> out) override { cpu_->logits(to_host(state), out); }
  void score(model::ChainState& state, std::span<const model::Token> tokens, const model::StreamSettings& settings,
             std::span<float> nll) override {
    on_host(state, [&](model::ChainState& host) { cpu_->score(host, tokens, settings, nll); });
  }

 private:
  model::ChainState to_host(const model::ChainState& state) const {
    model::ChainState host = cpu_->initial_state(state.counters().chunk_length);
    std::vector<float> numbers(state.storage().floats());
    state.storage().to_host(numbers);
    host.storage().from_host(numbers);
    host.counters() = state.counters();
    return host;
  }
  template <typename Work>
  void on_host(model::ChainState& state, const Work& work) const {
    model::ChainState host = to_host(state);
    work(host);
    std::vector<float> numbers(host.storage().floats());
    host.storage().to_host(numbers);
    if (numbers.size() == state.storage().floats())
      state.counters() = host.counters();
    else
      state = {host.counters(), std::make_unique<UnreliableStorage>(numbers.size())};
    state.storage().from_host(numbers);
  }

  model::ExecutorOptions options_;
  std::unique_ptr<model::Executor> cpu_;
};

inline UnreliableDevice::Plugged::Plugged() {
  reads_left = states_left = never;
  gone = goes_with_it = false;
  model::register_executor_factory(model::Device::cuda,
                                   [](std::shared_ptr<const model::Weights> weights,
                                      const model::ExecutorOptions& options) -> std::unique_ptr<model::Executor> {
                                     return std::make_unique<UnreliableExecutor>(weights, options);
                                   });
}

}  // namespace catena::app::test
