#include "audio/file_source.h"

#include <sndfile.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "audio/mono.h"

namespace catena::audio {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFramesPerDecode = 1024;
// A reader that is this far behind the clock has a full buffer.
constexpr double kBehindSeconds = 1.0;
constexpr int kLowestRate = 4000;
constexpr int kHighestRate = 384000;

std::string seconds(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", value);
  return text.data();
}

// libsndfile corrects the length of a WAV file whose data ends early and only notes it in its log, as
// "data : <bytes promised> (should be <bytes there>)". Streamed files promise 0 or all ones and are whole.
double promised_over_present(SNDFILE* file) {
  std::string log(8192, '\0');
  sf_command(file, SFC_GET_LOG_INFO, log.data(), static_cast<int>(log.size()));
  const std::size_t data = log.find("data : ");
  if (data == std::string::npos) {
    return 1.0;
  }
  unsigned long long promised = 0;
  unsigned long long present = 0;
  const int found = std::sscanf(log.c_str() + data, "data : %llu (should be %llu)", &promised, &present);
  constexpr unsigned long long kStreamed = 0x7FFFFF00ULL;
  return found == 2 && present > 0 && promised > present && promised < kStreamed
             ? static_cast<double>(promised) / static_cast<double>(present)
             : 1.0;
}

}  // namespace

struct FileSource::Impl {
  std::string path;
  std::string name;
  bool real_time = false;
  SNDFILE* file = nullptr;
  SF_INFO info{};
  double promised_seconds = 0;
  std::vector<float> interleaved;
  std::vector<SourceEvent> events;
  Clock::time_point start{};
  bool started = false;
  bool at_end = false;
  std::atomic<bool> stopping{false};
  std::int64_t frames_read = 0;

  ~Impl() { sf_close(file); }

  // Sound that is due by the clock and was not read yet.
  double behind_seconds() const {
    return !real_time || !started || at_end
               ? 0.0
               : static_cast<double>(std::max<std::int64_t>(0, due() - frames_read)) / info.samplerate;
  }

  std::int64_t due() const {
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    return static_cast<std::int64_t>(elapsed * info.samplerate);
  }

  void finish() {
    at_end = true;
    const double read_seconds = static_cast<double>(frames_read) / info.samplerate;
    // Lossy decoders may differ from the promised length by their padding.
    const bool cut = !stopping && promised_seconds - read_seconds > 0.1;
    if (cut || (!stopping && sf_error(file) != SF_ERR_NO_ERROR)) {
      events.push_back({SourceEventKind::truncated, name,
                        path + " is cut short or damaged: " + seconds(read_seconds) + " of " +
                            seconds(promised_seconds) + " could be read; get the file again"});
    }
  }
};

FileSource::FileSource(const std::filesystem::path& file, bool real_time) : impl_(std::make_unique<Impl>()) {
  impl_->path = file.string();
  impl_->name = file.filename().string();
  impl_->real_time = real_time;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    throw std::runtime_error(impl_->path + ": no such file");
  }
  if (std::filesystem::is_directory(file, error)) {
    throw std::runtime_error(impl_->path + " is a folder, not a sound file");
  }
  impl_->file = sf_open(impl_->path.c_str(), SFM_READ, &impl_->info);
  if (impl_->file == nullptr) {
    throw std::runtime_error(impl_->path + " cannot be read as sound (" + sf_strerror(nullptr) +
                             "); WAV, FLAC, Ogg, Opus and MP3 files work");
  }
  if (impl_->info.frames <= 0) {
    throw std::runtime_error(impl_->path + " holds no sound: it is empty or cut short");
  }
  if (impl_->info.samplerate < kLowestRate || impl_->info.samplerate > kHighestRate) {
    throw std::runtime_error(impl_->path + " has a sample rate of " + std::to_string(impl_->info.samplerate) +
                             " Hz; 4 to 384 kHz work");
  }
  impl_->promised_seconds =
      static_cast<double>(impl_->info.frames) / impl_->info.samplerate * promised_over_present(impl_->file);
  impl_->interleaved.resize(kFramesPerDecode * static_cast<std::size_t>(impl_->info.channels));
  impl_->events.push_back({SourceEventKind::started, impl_->name, "playing " + impl_->name});
}

FileSource::~FileSource() = default;

Source::Block FileSource::read(std::span<float> out) {
  Impl& impl = *impl_;
  if (!impl.started) {
    impl.start = Clock::now();
    impl.started = true;
  }
  if (impl.stopping && !impl.at_end) {
    impl.finish();
  }
  std::size_t wanted = impl.at_end ? 0 : out.size();
  if (impl.real_time && wanted > 0) {
    const std::int64_t waiting = std::max<std::int64_t>(0, impl.due() - impl.frames_read);
    wanted = std::min(wanted, static_cast<std::size_t>(waiting));
  }
  std::size_t count = 0;
  while (count < wanted) {
    const auto frames = static_cast<sf_count_t>(std::min(kFramesPerDecode, wanted - count));
    const sf_count_t got = sf_readf_float(impl.file, impl.interleaved.data(), frames);
    mix_to_mono(impl.interleaved.data(), static_cast<std::size_t>(std::max<sf_count_t>(got, 0)), impl.info.channels,
                out.data() + count);
    count += static_cast<std::size_t>(std::max<sf_count_t>(got, 0));
    impl.frames_read += std::max<sf_count_t>(got, 0);
    if (got < frames) {
      impl.finish();
      break;
    }
  }
  return {count, impl.info.samplerate};
}

bool FileSource::ended() const { return impl_->at_end; }

void FileSource::stop() { impl_->stopping = true; }

bool FileSource::real_time() const { return impl_->real_time; }

SourceStatus FileSource::status() const {
  SourceStatus status;
  status.device = impl_->name;
  status.buffer_fill = std::min(1.0, impl_->behind_seconds() / kBehindSeconds);
  status.input_latency_ms = impl_->behind_seconds() * 1000.0;
  return status;
}

std::vector<SourceEvent> FileSource::take_events() { return std::exchange(impl_->events, {}); }

double FileSource::duration_s() const { return static_cast<double>(impl_->info.frames) / impl_->info.samplerate; }

int FileSource::rate() const { return impl_->info.samplerate; }

}  // namespace catena::audio
