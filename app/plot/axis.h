// Where numbers lie on an axis, and which of them are written at it.
#pragma once

#include <string>
#include <vector>

namespace catena::app {

/// From the least to the greatest number that is shown, in equal steps of the numbers or of their logarithm.
class Axis {
 public:
  /// Grows [least, greatest] by a little, so that no point lies on the frame. logarithmic: least > 0.
  Axis(double least, double greatest, bool logarithmic);

  /// 0 at the axis' beginning, 1 at its end.
  double place(double value) const;

  struct Tick {
    double value;
    std::string label;  ///< short: 2M, 0.5, 3e-4
  };
  /// About `count` round numbers (1, 2 or 5 times a power of ten).
  std::vector<Tick> ticks(int count) const;

 private:
  double first_, last_;  ///< of the numbers or their common logarithms
  bool logarithmic_;
};

}  // namespace catena::app
