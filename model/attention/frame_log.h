// The newest frames of a stream of sound by their place in it, in bounded memory. No LibTorch in here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace catena::model::lab {

/// Places count the stream's frames from 0. Sound does not go back. One thread at a time.
class FrameLog {
 public:
  /// Holds at least the newest `most` frames of `features` numbers, and fewer than twice as many.
  FrameLog(std::size_t most, std::size_t features) : most_(most), features_(features) {}

  /// The stream has brought `frames` [n, features], the first of them at `place`. False: they do not follow those that
  /// the log holds, which are forgotten.
  bool write(std::int64_t place, std::span<const float> frames);

  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return begin_ + static_cast<std::int64_t>(numbers_.size() / features_); }
  /// `count` frames [count, features] from a place on, all of them from begin() to end() - 1.
  std::span<const float> at(std::int64_t place, std::int64_t count) const;

 private:
  std::size_t most_, features_;
  std::int64_t begin_ = 0;
  std::vector<float> numbers_;  // side by side, so that a chunk is read where it lies
};

}  // namespace catena::model::lab
