#include "app/plot/axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace catena::app {
namespace {

std::string label(double value) {
  const double size = std::abs(value);
  char text[32];
  if (size >= 1e9) {
    std::snprintf(text, sizeof text, "%.4gG", value / 1e9);
  } else if (size >= 1e6) {
    std::snprintf(text, sizeof text, "%.4gM", value / 1e6);
  } else if (size >= 1e4) {
    std::snprintf(text, sizeof text, "%.4gk", value / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.4g", value);
  }
  return text;
}

}  // namespace

Axis::Axis(double least, double greatest, bool logarithmic)
    : first_(logarithmic ? std::log10(least) : least),
      last_(logarithmic ? std::log10(greatest) : greatest),
      logarithmic_(logarithmic) {
  double margin = 0.03 * (last_ - first_);
  if (margin <= 0) margin = first_ == 0 ? 1 : 0.05 * std::abs(first_);  // a single number
  if (logarithmic || first_ != 0) first_ -= margin;                     // nothing is shown below a zero
  last_ += margin;
}

double Axis::place(double value) const {
  return ((logarithmic_ ? std::log10(value) : value) - first_) / (last_ - first_);
}

std::vector<Axis::Tick> Axis::ticks(int count) const {
  std::vector<Tick> result;
  if (logarithmic_ && last_ - first_ > 1) {
    const bool between = last_ - first_ < 3;
    for (double decade = std::floor(first_); decade <= last_; ++decade) {
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10, decade);
        if ((digit == 1 || between) && place(value) >= 0 && place(value) <= 1) result.push_back({value, label(value)});
      }
    }
    return result;
  }
  // Also along a short piece of a logarithmic axis, where powers of ten are too few.
  const double begin = logarithmic_ ? std::pow(10, first_) : first_, end = logarithmic_ ? std::pow(10, last_) : last_;
  const double rough = (end - begin) / count, power = std::pow(10, std::floor(std::log10(rough)));
  const double step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
  for (double i = std::ceil(begin / step); i * step <= end; ++i) {
    const double value = i * step + 0.0;  // no negative zero
    result.push_back({value, label(value)});
  }
  return result;
}

}  // namespace catena::app
