#include "model/train/training_logs.h"

#include <stdexcept>

namespace catena::model {
namespace {

std::ofstream open(const std::filesystem::path& file, const char* columns) {
  const bool fresh = !std::filesystem::exists(file);
  std::ofstream out(file, std::ios::app);
  if (!out) throw std::runtime_error(file.string() + ": cannot be written");
  if (fresh) out << columns << std::endl;
  return out;
}

}  // namespace

TrainingLogs::TrainingLogs(const std::filesystem::path& folder)
    : log_(open(folder / "log.csv", "step,tokens,loss,learning_rate,gradient_norm,tokens_per_s")),
      heldout_(open(folder / "heldout.csv", "step,tokens,name,first,last,bits_per_byte,nats_per_token")) {}

void TrainingLogs::add(const TrainProgress& p) {
  log_ << p.step << ',' << p.tokens << ',' << p.loss << ',' << p.learning_rate << ',' << p.gradient_norm << ','
       << p.tokens_per_s << std::endl;
}

void TrainingLogs::add(std::int64_t step, std::int64_t tokens, const std::vector<Evaluation>& evaluations) {
  for (const Evaluation& evaluation : evaluations) {
    std::vector<PositionBucket> ranges = evaluation.buckets;
    ranges.push_back(evaluation.from(0));
    for (const PositionBucket& range : ranges) {
      if (range.tokens == 0) continue;
      heldout_ << step << ',' << tokens << ',' << evaluation.name << ',' << range.first << ',' << range.last << ','
               << range.bits_per_byte() << ',' << range.nats_per_token() << '\n';
    }
  }
  heldout_.flush();
}

}  // namespace catena::model
