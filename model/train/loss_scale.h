// Dynamic loss scaling (Micikevicius et al. 2018, "Mixed Precision Training").
#pragma once

#include <cstdint>

namespace catena::model {

/// The factor by which the loss is multiplied before the way back, so that small gradients do not vanish in half
/// precision. Powers of two, when the first one is: scaling and unscaling then change nothing but the exponent.
class LossScale {
 public:
  static constexpr std::int64_t kGrowthSteps = 2000;     ///< good steps in a row after which the factor doubles
  static constexpr double kLeast = 1, kMost = 16777216;  ///< between these it halves and doubles

  /// first: the factor of the first step; 0: no scaling, the factor stays 1.
  explicit LossScale(double first) : active_(first > 0), factor_(active_ ? first : 1) {}

  double factor() const { return factor_; }
  std::int64_t good_steps() const { return good_steps_; }

  /// After a step: halves when the gradient overflowed (was not finite), doubles after kGrowthSteps steps without.
  void update(bool finite);
  /// Goes on from a checkpoint's numbers; without scaling nothing changes.
  void restore(double factor, std::int64_t good_steps);

 private:
  bool active_;
  double factor_;
  std::int64_t good_steps_ = 0;
};

}  // namespace catena::model
