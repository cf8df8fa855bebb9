#include <random>

#include "lanes_fixture.h"
#include "model/runtime/frame_reader.h"

namespace {

constexpr int features = 32;

LaneModel speech_model() {
  ModelConfig config = tiny_config(Carry::delta, 30);
  config.features = features;
  config.around_taps = 5;
  LaneModel model = lane_model();
  model.weights = random_weights(config);
  return model;
}

std::vector<float> frames_of(std::size_t count, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::vector<float> frames(count * features);
  for (float& number : frames) number = static_cast<float>(random() >> 8) * 0x1p-23F - 1.0F;
  return frames;
}

std::span<const float> frames_part(const std::vector<float>& frames, std::size_t from, std::size_t to) {
  return std::span(frames).subspan(from * features, (to - from) * features);
}

}  // namespace

TEST_CASE("every system reads every frame of sound once, the reader of speech chunk by chunk") {
  const LaneModel model = speech_model();
  const std::vector<float> frames = frames_of(150);
  const auto read = [&](std::size_t piece) {
    StreamLanes lanes;
    lanes.use(lane_model());
    lanes.use_for_sound(model);
    lanes.choose(lane_names());
    lanes.begin_sound(features, "the sound");
    for (std::size_t at = 0; at < 150; at += piece) {
      lanes.write(static_cast<std::int64_t>(at), frames_part(frames, at, std::min<std::size_t>(150, at + piece)));
      if (at % (2 * piece) == 0) read_all(lanes);
    }
    read_all(lanes);
    CHECK(lanes.take().event == "the sound");
    lanes.choose(lane_names());
    return figures(lanes);
  };
  const auto whole = read(150), split = read(11);
  for (const std::string& name : lane_names()) {
    INFO(name);
    const LaneFigures& lane = whole.at(name);
    const bool reader = name == tracker_lane;
    CHECK(lane.problem.empty());
    CHECK(lane.tokens == (reader ? 144 : 150));  // 6 more are no chunk of 16
    CHECK(lane.behind == 0);
    CHECK(lane.state_bytes == (reader ? static_cast<std::int64_t>(FrameState(model.weights->config()).bytes())
                                      : expected_bytes(name, 150, model)));
    CHECK(lane.p50_ms > 0);
    CHECK(split.at(name).state_bytes == lane.state_bytes);
    CHECK(split.at(name).tokens == lane.tokens);
  }
}

TEST_CASE("the lane of the reader of speech hears what the reader hears") {
  const LaneModel model = speech_model();
  const std::vector<float> frames = frames_of(32);
  const auto lane = make_lane(tracker_lane, model);
  FrameReader reader(model.weights, {});
  FrameState state(reader.config());
  std::vector<float> expected(16 * 30);
  for (std::size_t at : {0, 16}) {
    CHECK(lane->read({.frames = frames_part(frames, at, at + 16)}) >= 0);
    reader.read_chunk(state, frames_part(frames, at, at + 16), expected);
    CHECK(std::equal(expected.begin(), expected.end(), lane->logits().begin()));
  }
  CHECK(lane->tokens() == 32);
  CHECK_THROWS_WITH(lane->read({.frames = frames_part(frames, 0, 7)}),
                    "it is given 224 numbers of sound and reads 512");
}

TEST_CASE("other systems hear sound through the reader's input layer, each frame as it comes") {
  const LaneModel model = speech_model();
  const std::vector<float> frames = frames_of(20), others = frames_of(20, 9);
  for (const std::string& name : lane_names()) {
    if (name == tracker_lane) continue;
    INFO(name);
    const auto a = make_lane(name, model), b = make_lane(name, model);
    for (std::size_t at = 0; at < 20; ++at) {
      a->read({.frames = frames_part(frames, at, at + 1)});
      b->read({.frames = frames_part(at < 19 ? frames : others, at, at + 1)});
      const bool same = std::equal(a->logits().begin(), a->logits().end(), b->logits().begin());
      CHECK(same == (at < 19));
    }
    CHECK(a->logits().size() == 30);
  }
}

TEST_CASE("sound after text and text after sound: every lane is made of the other model, and begins anew") {
  StreamLanes lanes;
  lanes.choose({tracker_lane, transformer_lane});
  lanes.use(lane_model());
  lanes.write(0, tokens_of(10));
  read_all(lanes);
  lanes.begin_sound(features, "the sound");
  lanes.write(10, tokens_of(5));  // of the text, too late
  read_all(lanes);
  for (const auto& [name, lane] : figures(lanes)) {
    CHECK(lane.problem == "there is no model of speech, so nothing reads the sound");
  }
  lanes.use_for_sound(speech_model());
  lanes.write(0, frames_of(16));
  read_all(lanes);
  for (const auto& [name, lane] : figures(lanes)) {
    CHECK(lane.problem.empty());
    CHECK(lane.tokens == 16);
  }
  TokenLog log(100);
  log.write(0, tokens_of(12));
  lanes.begin(log, "the text");
  read_all(lanes);
  for (const auto& [name, lane] : figures(lanes)) {
    CHECK(lane.problem.empty());
    CHECK(lane.tokens == 12);
  }
}

TEST_CASE("sound that a lane cannot keep up with is bounded, and frames that are missing begin all anew") {
  StreamLanes lanes({.frames = 32});
  lanes.use_for_sound(speech_model());
  lanes.choose({tracker_lane, "linear"});
  lanes.begin_sound(features, "the sound");
  lanes.write(0, frames_of(16));
  read_one(lanes);  // a chunk of the reader's, then a frame of linear's, and so on
  for (std::int64_t at = 16; at < 80; at += 16) {
    lanes.write(at, frames_of(16));
    read_one(lanes);
  }
  read_all(lanes);
  auto now = figures(lanes);
  CHECK(now.at("linear").problem == "it could not keep up: the stream is more than 32 frames ahead");
  CHECK(now.at(tracker_lane).problem.empty());
  CHECK(now.at(tracker_lane).tokens == 80);
  lanes.write(100, frames_of(16));
  read_all(lanes);
  const StreamLanes::Taken taken = lanes.take();
  CHECK(taken.event == "the stream from its frame 100 on");
  for (const LaneFigures& lane : taken.lanes) {
    CHECK(lane.tokens == 16);
    CHECK(lane.run == 2);
  }
  // Nobody took so many.
  for (std::int64_t at = 116; at < 196; at += 8) lanes.write(at, frames_of(8));
  read_all(lanes);
  for (const auto& [name, lane] : figures(lanes)) {
    CHECK(lane.problem.empty());
    CHECK(lane.tokens <= 32);
  }
}

TEST_CASE("frames of another size than the reader's stop whoever reads them with one line") {
  StreamLanes lanes;
  lanes.use_for_sound(speech_model());
  lanes.choose({tracker_lane, transformer_lane});
  lanes.begin_sound(features / 2, "the sound");
  lanes.write(0, frames_of(8));
  read_all(lanes);
  const auto now = figures(lanes);
  CHECK(now.at(tracker_lane).problem == "it is given 256 numbers of sound and reads 512");
  CHECK(now.at(transformer_lane).problem == "it is given 16 numbers of sound and reads 32");
}
