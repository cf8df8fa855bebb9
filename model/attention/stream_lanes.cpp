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
  runs_.clear();  // of the stream before
  tokens_.clear();
  for (std::int64_t place = log.begin(); place < log.end(); ++place) tokens_.push_back(log.at(place));
  runs_.push_back({log.begin(), tokens_.size(), true, what});
}

void StreamLanes::write(std::int64_t place, std::span<const Token> tokens) {
  const std::lock_guard lock(inbox_mutex_);
  if (tokens_.size() + tokens.size() > limits_.log) {  // more than any lane could still read
    const bool another = !runs_.empty() && runs_.front().another;
    const std::string event = another ? runs_.front().event : std::string();
    runs_.clear();
    tokens_.clear();
    if (another) runs_.push_back({place, 0, true, event});
  }
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  runs_.push_back({place, tokens.size(), false, {}});
}

void StreamLanes::take_in() {
  new_runs_.clear();
  new_tokens_.clear();
  {
    const std::lock_guard lock(inbox_mutex_);
    runs_.swap(new_runs_);
    tokens_.swap(new_tokens_);
  }
  const Token* tokens = new_tokens_.data();
  for (const Run& run : new_runs_) {
    const std::int64_t before = log_.end();
    const bool had_any = before > log_.begin();
    if (run.another) log_ = TokenLog(limits_.log);
    const std::int64_t kept = log_.write(run.place, {tokens, run.tokens});
    tokens += run.tokens;
    if (run.another || kept < 0) {
      for (Lane& lane : lanes_) start(lane);
      if (run.another) {
        say(run.event);
      } else if (had_any) {
        say("the stream from its token " + std::to_string(run.place) + " on");
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
  if (!model_.weights) return;
  try {
    lane.stream = make_lane(lane.system, model_);
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
  lane.start = std::max(log_.begin(), log_.end() - limits_.back);
  lane.newest_ms.clear();
  lane.next_ms = 0;
  lane.figures.problem.clear();
  lane.figures.steps.clear();
  // One that has read nothing yet has not begun yet either: whether it was chosen before or after the stream was told is the same.
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
  if (model_.weights && model_.weights != model.weights) log_ = TokenLog(limits_.log);
  model_ = model;
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

StreamLanes::Lane* StreamLanes::next() {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[(turn_ + i) % lanes_.size()];
    if (!lane.stream || lane.stopped() || lane.place() >= log_.end()) continue;
    turn_ = (turn_ + i + 1) % lanes_.size();
    return &lane;
  }
  return nullptr;
}

bool StreamLanes::step(std::chrono::steady_clock::time_point deadline, const std::function<bool()>& stop_now) {
  take_in();
  for (Lane& lane : lanes_) {
    if (lane.stream && !lane.stopped() && lane.place() < log_.begin())
      stop(lane, "it could not keep up: the stream is more than " + std::to_string(limits_.log) + " tokens ahead");
  }
  Lane* lane = next();
  if (lane != nullptr) {
    do {
      read(*lane, log_.at(lane->place()));
    } while (!lane->stopped() && lane->place() < log_.end() && !stop_now() &&
             std::chrono::steady_clock::now() < deadline);
  }
  publish();
  return lane != nullptr;
}

void StreamLanes::read(Lane& lane, Token token) {
  try {
    lane.fresh = false;
    const auto ms = static_cast<float>(lane.stream->read(token));
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
      figures.behind = std::max<std::int64_t>(0, log_.end() - lane.place());
      figures.state_bytes = lane.stream->state_bytes();
      figures.held_bytes = lane.stream->held_bytes();
      figures.p50_ms = quantile(lane.newest_ms, 0.5);
      figures.p95_ms = quantile(lane.newest_ms, 0.95);
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
