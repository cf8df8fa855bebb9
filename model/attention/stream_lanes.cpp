#include "model/attention/stream_lanes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace catena::model::lab {
namespace {

double quantile(std::vector<float> values, double part) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at);
}

}  // namespace

// --- what the stream hands over ---

void StreamLanes::begin(const TokenLog& log, const std::string& what) {
  const std::lock_guard lock(inbox_mutex_);
  begin_inbox(0);
  for (std::int64_t place = log.begin(); place < log.end(); ++place) tokens_.push_back(log.at(place));
  runs_.push_back({.place = log.begin(), .count = tokens_.size(), .another = true, .event = what});
}

void StreamLanes::begin_sound(int features, const std::string& what) {
  const std::lock_guard lock(inbox_mutex_);
  begin_inbox(features);
  runs_.push_back({.place = 0, .count = 0, .another = true, .features = features, .event = what});
}

void StreamLanes::write(std::int64_t place, std::span<const Token> tokens) {
  const std::lock_guard lock(inbox_mutex_);
  if (features_ > 0) return;  // of a stream that they do not read any more
  if (tokens_.size() + tokens.size() > limits_.log) drop_inbox(place);
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  runs_.push_back({.place = place, .count = tokens.size()});
}

void StreamLanes::write(std::int64_t place, std::span<const float> frames) {
  const std::lock_guard lock(inbox_mutex_);
  if (features_ == 0) return;
  const std::size_t count = frames.size() / static_cast<std::size_t>(features_);
  if (inbox_frames() + count > limits_.frames) drop_inbox(place);
  frames_.insert(frames_.end(), frames.begin(), frames.end());
  runs_.push_back({.place = place, .count = count, .features = features_});
}

/// Nothing of the stream before.
void StreamLanes::begin_inbox(int features) {
  runs_.clear();
  tokens_.clear();
  frames_.clear();
  features_ = features;
}

/// It holds more than any lane could still read.
void StreamLanes::drop_inbox(std::int64_t place) {
  if (!runs_.empty() && runs_.front().another) {
    runs_.resize(1);
    runs_.front().place = place;
    runs_.front().count = 0;
  } else {
    runs_.clear();
  }
  tokens_.clear();
  frames_.clear();
}

void StreamLanes::take_in() {
  new_runs_.clear();
  new_tokens_.clear();
  new_frames_.clear();
  {
    const std::lock_guard lock(inbox_mutex_);
    runs_.swap(new_runs_);
    tokens_.swap(new_tokens_);
    frames_.swap(new_frames_);
  }
  std::span<const Token> tokens = new_tokens_;
  std::span<const float> frames = new_frames_;
  for (const Run& run : new_runs_) {
    const bool sound = run.features > 0, turned = run.another && sound != reads_sound_;
    if (run.another) {
      reads_sound_ = sound;
      log_ = TokenLog(limits_.log);
      sound_ = FrameLog(limits_.frames, static_cast<std::size_t>(std::max(1, run.features)));
    }
    const std::int64_t before = end();
    const bool had_any = before > first();
    std::int64_t kept = before;  // -1: nothing
    if (sound) {
      const std::size_t numbers = run.count * static_cast<std::size_t>(run.features);
      if (!sound_.write(run.place, frames.first(numbers))) kept = -1;
      frames = frames.subspan(numbers);
    } else {
      kept = log_.write(run.place, tokens.first(run.count));
      tokens = tokens.subspan(run.count);
    }
    if (run.another || kept < 0) {
      if (turned) {
        make_all();
      } else {
        for (Lane& lane : lanes_) start(lane);
      }
      if (run.another) {
        say(run.event);
      } else if (had_any) {
        say("the stream from its " + std::string(sound ? "frame " : "token ") + std::to_string(run.place) + " on");
      }
    } else if (kept < before) {
      for (Lane& lane : lanes_) go_back(lane, kept);
      say("the stream went back " + std::to_string(before - kept) +
          " tokens, and systems that were farther went with it");
    }
  }
}

// --- the lanes ---

void StreamLanes::make(Lane& lane) {
  lane.stream.reset();
  if (!model().weights) {
    if (reads_sound_) stop(lane, "there is no model of speech, so nothing reads the sound");
    return;
  }
  try {
    lane.stream = make_lane(lane.system, model());
  } catch (const std::exception& error) {
    stop(lane, error.what());
    return;
  }
  lane.fresh = false;
  start(lane);
}

void StreamLanes::start(Lane& lane) {
  if (!lane.stream) return;
  lane.stream->go_back(0);
  lane.start = std::max(first(), end() - limits_.back);
  lane.newest_ms.clear();
  lane.next_ms = 0;
  lane.figures.problem.clear();
  lane.figures.steps.clear();
  // One that has read nothing yet has not begun yet either: whether it was chosen before or after the stream was told
  // is the same.
  if (!lane.fresh) ++lane.figures.run;
  lane.fresh = true;
}

void StreamLanes::go_back(Lane& lane, std::int64_t place) {
  if (!lane.stream || lane.stopped() || lane.place() <= place) return;
  if (place < lane.start) {
    start(lane);
    return;
  }
  lane.stream->go_back(place - lane.start);
}

void StreamLanes::stop(Lane& lane, const std::string& problem) {
  lane.figures.problem = problem.substr(0, problem.find('\n'));
  if (lane.figures.problem.empty()) lane.figures.problem = "it failed and does not say why";
}

void StreamLanes::use(const LaneModel& model) {
  // What was read before are tokens of another vocabulary.
  if (text_.weights && text_.weights != model.weights) log_ = TokenLog(limits_.log);
  text_ = model;
  if (!reads_sound_) make_all();
}

void StreamLanes::use_for_sound(const LaneModel& model) {
  speech_ = model;
  if (reads_sound_) make_all();
}

void StreamLanes::make_all() {
  for (Lane& lane : lanes_) lane.stream.reset();  // all are freed before the first is made
  for (Lane& lane : lanes_) {
    lane.figures.problem.clear();
    make(lane);
  }
  publish();
}

void StreamLanes::choose(const std::vector<std::string>& systems) {
  take_in();
  std::vector<Lane> chosen;
  for (const std::string& system : systems) {
    const auto there =
        std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.system == system; });
    if (there != lanes_.end()) {
      chosen.push_back(std::move(*there));
      lanes_.erase(there);
      continue;
    }
    Lane lane;
    lane.system = lane.figures.system = system;
    chosen.push_back(std::move(lane));
  }
  lanes_ = std::move(chosen);  // what is not chosen any more goes first
  for (Lane& lane : lanes_)
    if (!lane.stream && !lane.stopped()) make(lane);
  publish();
}

bool StreamLanes::can_read(const Lane& lane) const {
  return lane.stream && !lane.stopped() && lane.place() + lane.stream->at_once() <= end();
}

StreamLanes::Lane* StreamLanes::next() {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[(turn_ + i) % lanes_.size()];
    if (!can_read(lane)) continue;
    turn_ = (turn_ + i + 1) % lanes_.size();
    return &lane;
  }
  return nullptr;
}

bool StreamLanes::step(std::chrono::steady_clock::time_point deadline, const std::function<bool()>& stop_now) {
  take_in();
  for (Lane& lane : lanes_) {
    if (!lane.stream || lane.stopped() || lane.place() >= first()) continue;
    stop(lane,
         "it could not keep up: the stream is more than " +
             (reads_sound_ ? std::to_string(limits_.frames) + " frames" : std::to_string(limits_.log) + " tokens") +
             " ahead");
  }
  Lane* lane = next();
  if (lane != nullptr) {
    do {
      read(*lane);
    } while (can_read(*lane) && !stop_now() && std::chrono::steady_clock::now() < deadline);
  }
  publish();
  return lane != nullptr;
}

void StreamLanes::read(Lane& lane) {
  try {
    lane.fresh = false;
    const std::int64_t count = lane.stream->at_once();
    const LaneInput input =
        reads_sound_ ? LaneInput{.frames = sound_.at(lane.place(), count)} : LaneInput{log_.at(lane.place())};
    const auto ms = static_cast<float>(lane.stream->read(input) / static_cast<double>(count));
    lane.figures.steps.push_back({lane.stream->tokens(), ms});
    if (lane.newest_ms.size() < latency_window) {
      lane.newest_ms.push_back(ms);
    } else {
      lane.newest_ms[lane.next_ms] = ms;
      lane.next_ms = (lane.next_ms + 1) % latency_window;
    }
  } catch (const std::exception& error) {
    stop(lane, error.what());
  }
}

// --- what is shown ---

void StreamLanes::publish() {
  Taken now;
  for (Lane& lane : lanes_) {
    LaneFigures& figures = lane.figures;
    if (lane.stream) {
      figures.tokens = lane.stream->tokens();
      // What a chunk still lacks is not read late.
      const std::int64_t count = lane.stream->at_once();
      figures.behind = std::max<std::int64_t>(0, end() - lane.place()) / count * count;
      figures.state_bytes = lane.stream->state_bytes();
      figures.held_bytes = lane.stream->held_bytes();
      figures.p50_ms = quantile(lane.newest_ms, 0.5);
      figures.p95_ms = quantile(lane.newest_ms, 0.95);
    } else {
      figures = {.system = figures.system, .run = figures.run, .problem = figures.problem};
    }
    now.lanes.push_back(figures);
    figures.steps.clear();
  }
  const std::lock_guard lock(shown_mutex_);
  for (LaneFigures& figures : now.lanes) {
    for (LaneFigures& before : shown_.lanes) {
      if (before.system != figures.system || before.run != figures.run) continue;  // a new run begins its curve anew
      before.steps.insert(before.steps.end(), figures.steps.begin(), figures.steps.end());
      if (before.steps.size() > most_steps) before.steps.erase(before.steps.begin(), before.steps.end() - most_steps);
      figures.steps.swap(before.steps);
    }
  }
  shown_.lanes.swap(now.lanes);
}

void StreamLanes::say(const std::string& event) {
  const std::lock_guard lock(shown_mutex_);
  shown_.event = event;
}

StreamLanes::Taken StreamLanes::take() {
  const std::lock_guard lock(shown_mutex_);
  Taken taken{shown_.lanes, shown_.event};
  for (LaneFigures& lane : shown_.lanes) lane.steps.clear();
  return taken;
}

}  // namespace catena::model::lab
