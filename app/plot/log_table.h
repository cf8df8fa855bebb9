// The CSV files that a training writes, as columns.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace catena::app {

class LogTable {
 public:
  /// Comma-separated values below a line of column names. A last line without an end is still being written and is left
  /// out. Throws std::runtime_error with one line when the file cannot be read, is empty, or a line has more or fewer
  /// fields than names.
  explicit LogTable(const std::filesystem::path& file);

  std::size_t rows() const { return rows_.size(); }
  /// Throws std::runtime_error naming the columns that there are, and when a value is no number (nan and inf are
  /// numbers).
  std::vector<double> numbers(const std::string& column) const;
  std::vector<std::string> texts(const std::string& column) const;

 private:
  std::size_t index(const std::string& column) const;

  std::filesystem::path file_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace catena::app
