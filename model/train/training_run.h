// What every training has in common: steps, and between them reports, evaluations and checkpoints.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <vector>

namespace catena::model {

/// When a training does what.
struct Rhythm {
  std::int64_t steps = 0;           ///< where it ends
  std::int64_t evaluate_every = 0;  ///< steps; also at the end
  double checkpoint_every_s = 0;    ///< also at the end, and when it is stopped
};

class TrainingRun {
 public:
  virtual ~TrainingRun() = default;
  TrainingRun(const TrainingRun&) = delete;
  TrainingRun& operator=(const TrainingRun&) = delete;

 protected:
  /// What has gone by since the last report.
  struct Pace {
    std::int64_t steps = 0;
    double seconds = 0;
    double seconds_a_step() const { return seconds / static_cast<double>(steps); }
  };

  TrainingRun() = default;
  /// To the rhythm's end; false when `stop` (may be null) was set before it, with a checkpoint saved.
  bool run(const Rhythm& rhythm, const std::atomic<bool>* stop);

 private:
  virtual std::int64_t steps_done() const = 0;  ///< those before a resumed run included
  virtual void step() = 0;
  virtual void report(const Pace& pace) = 0;  ///< about once a second, and at the end
  virtual void evaluate() = 0;
  virtual void save() = 0;
  /// While it is not, the last checkpoint may be the last good one.
  virtual bool worth_saving() const { return true; }
  /// Whether any of the processes that train together says so: all must do the same next.
  virtual bool any(bool here) { return here; }
};

/// What is drawn at a step comes from the step's own generator, so that a resumed run draws the same.
std::mt19937_64 generator_of_step(std::uint64_t seed, std::int64_t step);

/// One of the chunk lengths.
int draw_chunk(const std::vector<int>& lengths, std::mt19937_64& random);

}  // namespace catena::model
