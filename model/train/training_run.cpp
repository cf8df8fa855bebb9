#include "model/train/training_run.h"

namespace catena::model {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

bool TrainingRun::run(const Rhythm& rhythm, const std::atomic<bool>* stop) {
  Clock::time_point saved = Clock::now(), reported = saved;
  std::int64_t reported_step = steps_done();
  while (steps_done() < rhythm.steps) {
    step();
    const std::int64_t done = steps_done();
    const bool last = done == rhythm.steps;
    if (seconds_since(reported) > 1 || last) {
      report({done - reported_step, seconds_since(reported)});
      reported = Clock::now();
      reported_step = done;
    }
    if (last || done % rhythm.evaluate_every == 0) evaluate();
    const bool stopped = any(stop != nullptr && stop->load());
    if (last || stopped || any(seconds_since(saved) > rhythm.checkpoint_every_s && worth_saving())) {
      save();
      saved = Clock::now();
    }
    if (stopped && !last) return false;
  }
  return true;
}

std::mt19937_64 generator_of_step(std::uint64_t seed, std::int64_t step) {
  std::seed_seq seq{seed, static_cast<std::uint64_t>(step), std::uint64_t{0x6368756e6b}};
  return std::mt19937_64(seq);
}

int draw_chunk(const std::vector<int>& lengths, std::mt19937_64& random) {
  return lengths[std::uniform_int_distribution<std::size_t>(0, lengths.size() - 1)(random)];
}

}  // namespace catena::model
