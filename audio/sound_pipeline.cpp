#include "audio/sound_pipeline.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "audio/capture.h"
#include "audio/file_source.h"
#include "audio/update_queue.h"

namespace catena::audio {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

// How long the worker sleeps when there is nothing to do. It polls, since the audio callback must not wake anybody.
constexpr auto kTick = std::chrono::milliseconds(10);
constexpr double kUpdateMs = 33.0;        // with the tick, 23 to 30 updates a second
constexpr double kFastUpdateMs = 1000.0;  // of sound, for a file read as fast as possible
constexpr std::size_t kBlock = 4096;
constexpr std::size_t kQueueCapacity = 64;

// Turns one source into updates until it ends. Lives on the worker thread.
class Worker {
 public:
  using Emit = std::function<void(SoundUpdate)>;

  Worker(Source& source, std::shared_ptr<FarEnd> far_end, std::function<ChunkSettings()> chunks, Emit emit)
      : source_(source),
        chunks_(std::move(chunks)),
        emit_(std::move(emit)),
        processor_({}, std::move(far_end)),
        samples_(kBlock) {}

  void run() {
    while (!source_.ended()) {
      const SourceStatus before = source_.status();
      fill_ = std::max(fill_, before.buffer_fill);
      const std::int64_t now_ns =
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
      const Source::Block block = source_.read(samples_);
      if (block.count > 0) {
        const auto captured_ns = now_ns - static_cast<std::int64_t>(before.input_latency_ms * 1e6);
        processor_.feed(std::span<const float>(samples_).first(block.count), block.rate, chunks_(), captured_ns,
                        now_ns);
      }
      take_events();
      if (update_due()) {
        emit(true);
      }
      if (block.count == 0) {
        std::this_thread::sleep_for(kTick);
      }
    }
    processor_.finish();
    take_events();
    events_.push_back({SourceEventKind::finished, source_.status().device, "the sound has ended"});
    emit(false);
  }

 private:
  void take_events() {
    for (SourceEvent& event : source_.take_events()) {
      events_.push_back(std::move(event));
    }
  }

  bool update_due() const {
    if (!events_.empty() || Milliseconds(Clock::now() - last_update_).count() >= kUpdateMs) {
      return true;
    }
    return !source_.real_time() && processor_.pending_ms() >= kFastUpdateMs;
  }

  void emit(bool running) {
    const double held_ms = processor_.pending_ms();
    SoundUpdate update = processor_.take();
    const SourceStatus status = source_.status();
    update.running = running;
    update.device = status.device;
    update.overruns = status.overruns;
    update.underruns = status.underruns;
    update.buffer_fill = std::exchange(fill_, 0.0);
    update.latency_ms = status.input_latency_ms + (source_.real_time() ? held_ms : 0.0);
    update.events = std::exchange(events_, {});
    last_update_ = Clock::now();
    emit_(std::move(update));
  }

  Source& source_;
  std::function<ChunkSettings()> chunks_;
  Emit emit_;
  SoundProcessor processor_;
  std::vector<float> samples_;
  std::vector<SourceEvent> events_;
  Clock::time_point last_update_{};
  double fill_ = 0;
};

}  // namespace

struct SoundPipeline::Impl {
  explicit Impl(std::function<void()> wanted_notify) : notify(std::move(wanted_notify)), queue(kQueueCapacity) {}

  std::function<void()> notify;
  UpdateQueue queue;
  std::mutex control;  // start and stop
  std::unique_ptr<Source> source;
  std::shared_ptr<FarEnd> far_end;
  std::thread thread;
  std::atomic<bool> running{false};
  std::uint64_t stream = 0;
  std::mutex settings_mutex;
  ChunkSettings chunk_settings;

  ChunkSettings chunks() {
    const std::lock_guard lock(settings_mutex);
    return chunk_settings;
  }

  void hand_over(SoundUpdate update, std::uint64_t number, bool wait) {
    update.stream = number;
    queue.push(std::move(update), wait);
    if (notify) {
      notify();
    }
  }

  std::uint64_t start(std::unique_ptr<Source> wanted, std::shared_ptr<FarEnd> wanted_far_end) {
    stop();
    queue.hold_back();
    source = std::move(wanted);
    far_end = std::move(wanted_far_end);
    const std::uint64_t number = ++stream;
    running = true;
    thread = std::thread([this, number] { work(number); });
    return number;
  }

  // The worker thread. Nothing leaves it but updates.
  void work(std::uint64_t number) {
    const bool wait = !source->real_time();
    try {
      Worker(
          *source, far_end, [this] { return chunks(); },
          [&](SoundUpdate update) {
            running = update.running;
            hand_over(std::move(update), number, wait);
          })
          .run();
    } catch (const std::exception& error) {
      SoundUpdate last;
      last.events.push_back({SourceEventKind::failed, "", std::string("the sound stopped: ") + error.what()});
      running = false;
      hand_over(std::move(last), number, false);
    }
  }

  void stop() {
    if (thread.joinable()) {
      queue.let_through();
      source->stop();
      thread.join();
      source.reset();
      running = false;
    }
  }
};

SoundPipeline::SoundPipeline(std::function<void()> notify) : impl_(std::make_unique<Impl>(std::move(notify))) {}

SoundPipeline::~SoundPipeline() { stop(); }

std::uint64_t SoundPipeline::start_microphone(const std::string& device_name, std::shared_ptr<FarEnd> far_end) {
  const std::lock_guard lock(impl_->control);
  // The old stream ends first: PortAudio looks for devices only while none is open.
  impl_->stop();
  CaptureSettings settings;
  settings.device = device_name;
  return impl_->start(std::make_unique<Capture>(settings), std::move(far_end));
}

std::uint64_t SoundPipeline::start_file(const std::filesystem::path& file, bool real_time) {
  const std::lock_guard lock(impl_->control);
  return impl_->start(std::make_unique<FileSource>(file, real_time), nullptr);
}

void SoundPipeline::stop() {
  const std::lock_guard lock(impl_->control);
  impl_->stop();
}

bool SoundPipeline::running() const { return impl_->running; }

void SoundPipeline::set_chunks(const ChunkSettings& settings) {
  if (settings.length_ms < 20 || settings.length_ms > 10000) {
    throw std::invalid_argument("a sound chunk of " + std::to_string(settings.length_ms) +
                                " ms is outside 20 to 10000 ms");
  }
  const std::lock_guard lock(impl_->settings_mutex);
  impl_->chunk_settings = settings;
}

std::vector<SoundUpdate> SoundPipeline::poll() { return impl_->queue.take(); }

}  // namespace catena::audio
