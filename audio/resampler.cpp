#include "audio/resampler.h"

#include <soxr.h>

#include <new>
#include <stdexcept>
#include <string>

namespace catena::audio {

namespace {

constexpr int kLowestRate = 4000;
constexpr int kHighestRate = 384000;
constexpr std::size_t kBlock = 4096;

void check(soxr_error_t error) {
  if (error != nullptr) {
    throw std::runtime_error(std::string("resampling failed: ") + error);
  }
}

}  // namespace

struct Resampler::Impl {
  int input_rate = kRate;
  soxr_t soxr = nullptr;  // none when the rates are equal

  ~Impl() { soxr_delete(soxr); }

  // Feeds `count` samples (null: the end of the stream) and appends what comes out.
  void process(const float* samples, std::size_t count, std::vector<float>& out) {
    const double ratio = static_cast<double>(kRate) / input_rate;
    do {
      const std::size_t before = out.size();
      const std::size_t room = static_cast<std::size_t>(static_cast<double>(count) * ratio) + kBlock;
      out.resize(before + room);
      std::size_t used = 0;
      std::size_t made = 0;
      const soxr_error_t error = soxr_process(soxr, samples, count, &used, out.data() + before, room, &made);
      out.resize(before + made);
      check(error);
      if (samples == nullptr) {
        if (made == 0) {
          return;
        }
        continue;
      }
      samples += used;
      count -= used;
    } while (samples == nullptr || count > 0);
  }
};

Resampler::Resampler(int input_rate, Kind kind) : impl_(std::make_unique<Impl>()) {
  if (input_rate < kLowestRate || input_rate > kHighestRate) {
    throw std::invalid_argument("a sample rate of " + std::to_string(input_rate) + " Hz is outside " +
                                std::to_string(kLowestRate) + " to " + std::to_string(kHighestRate) + " Hz");
  }
  impl_->input_rate = input_rate;
  if (input_rate != kRate) {
    const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const soxr_quality_spec_t quality = soxr_quality_spec(kind == Kind::prompt ? SOXR_LQ : SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    if (kind == Kind::prompt) {
      runtime.log2_min_dft_size = 8;  // it works in blocks of this size
    }
    soxr_error_t error = nullptr;
    impl_->soxr = soxr_create(input_rate, kRate, 1, &error, &io, &quality, &runtime);
    check(error);
  }
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

int Resampler::input_rate() const { return impl_->input_rate; }

void Resampler::feed(std::span<const float> samples, std::vector<float>& out) {
  if (impl_->soxr == nullptr) {
    out.insert(out.end(), samples.begin(), samples.end());
  } else if (!samples.empty()) {
    impl_->process(samples.data(), samples.size(), out);
  }
}

void Resampler::flush(std::vector<float>& out) {
  if (impl_->soxr != nullptr) {
    impl_->process(nullptr, 0, out);
    check(soxr_clear(impl_->soxr));
  }
}

}  // namespace catena::audio
