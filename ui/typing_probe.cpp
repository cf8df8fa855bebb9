#include "ui/typing_probe.h"

#include <algorithm>
#include <cmath>

namespace catena::ui {
namespace {
constexpr std::size_t most_samples = 100000;  // a day of typing; a bench needs a few thousand

void keep(std::vector<double>& samples, double value) {
  if (samples.size() < most_samples) samples.push_back(value);
}
}  // namespace

double percentile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(rank, 1, values.size()) - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

void TypingProbe::keyPressed() {
  if (pending_) ++superseded_;
  pending_ = true;
  ++keys_;
  clock_.start();
}

void TypingProbe::ghostPainted(bool fresh) {
  if (!pending_) return;
  pending_ = false;
  keep(fresh ? fresh_ms_ : shrunk_ms_, static_cast<double>(clock_.nsecsElapsed()) * 1e-6);
}

void TypingProbe::reset() { *this = TypingProbe(); }

}  // namespace catena::ui
