// Curves drawn into a PNG.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace catena::app {

struct Curve {
  std::string name;                               ///< in the legend
  std::vector<std::pair<double, double>> points;  ///< x, y; finite, x ascending
  int color = 0;                                  ///< curves of the same number look related
  bool measured =
      false;  ///< few points, each marked; else many noisy ones, drawn pale with their moving average over them
};

struct Plot {
  std::string x_label, y_label;
  bool x_logarithmic = false, y_logarithmic = false;  ///< then only points above zero are drawn
  std::vector<Curve> curves;
};

/// Draws the plot, 1600 x 1000 pixels, without a display. Once a process, and not in one that opens a window. Throws
/// std::runtime_error when there is no point to draw, WriteError when the file cannot be written.
void write_plot(const Plot& plot, const std::filesystem::path& png);

}  // namespace catena::app
