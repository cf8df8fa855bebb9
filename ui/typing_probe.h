// Time from a key press to the paint that shows a suggestion made for the text including that key.
#pragma once

#include <QElapsedTimer>
#include <vector>

namespace catena::ui {

/// Percentile by nearest rank; 0 when there is no value. `q` from 0 to 1.
double percentile(std::vector<double> values, double q);

class TypingProbe {
 public:
  /// A key that changes the text was pressed. A key not yet answered is counted in superseded().
  void keyPressed();
  /// Ghost text was painted; `fresh`: it came from an answer, not from shrinking what was already shown.
  void ghostPainted(bool fresh);
  void reset();

  const std::vector<double>& freshMs() const { return fresh_ms_; }
  const std::vector<double>& shrunkMs() const { return shrunk_ms_; }
  int keys() const { return keys_; }
  int superseded() const { return superseded_; }

 private:
  QElapsedTimer clock_;
  bool pending_ = false;
  int keys_ = 0;
  int superseded_ = 0;
  std::vector<double> fresh_ms_;
  std::vector<double> shrunk_ms_;
};

}  // namespace catena::ui
