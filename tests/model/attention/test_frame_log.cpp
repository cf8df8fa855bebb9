#include "lab_fixture.h"
#include "model/attention/frame_log.h"

using namespace catena::model::lab;

namespace {

/// Frame `i` is {i, -i}.
std::vector<float> numbered_frames(int from, int to) {
  std::vector<float> numbers;
  for (int i = from; i < to; ++i) numbers.insert(numbers.end(), {static_cast<float>(i), static_cast<float>(-i)});
  return numbers;
}

}  // namespace

TEST_CASE("a log of frames holds the newest side by side, in bounded memory") {
  FrameLog log(5, 2);
  CHECK(log.write(0, numbered_frames(0, 3)));
  CHECK(log.begin() == 0);
  CHECK(log.end() == 3);
  for (int i = 3; i < 100; ++i) {
    CHECK(log.write(i, numbered_frames(i, i + 1)));
    CHECK(log.end() == i + 1);
    CHECK(log.end() - log.begin() >= std::min(5, i + 1));
    CHECK(log.end() - log.begin() < 10);
    const auto newest = log.at(i - 2, 3);
    const std::vector<float> expected = numbered_frames(i - 2, i + 1);
    CHECK(std::equal(newest.begin(), newest.end(), expected.begin(), expected.end()));
  }
}

TEST_CASE("frames that do not follow those before replace them") {
  FrameLog log(5, 2);
  log.write(0, numbered_frames(0, 4));
  for (const int place : {7, 2}) {
    CHECK_FALSE(log.write(place, numbered_frames(place, place + 2)));
    CHECK(log.begin() == place);
    CHECK(log.end() == place + 2);
    CHECK(log.at(place, 1)[0] == static_cast<float>(place));
  }
}
