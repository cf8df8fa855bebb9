#include "app/plot/log_table.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace catena::app {
namespace {

std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> result(1);
  for (const char c : line) {
    if (c == ',') {
      result.emplace_back();
    } else if (c != '\r') {
      result.back() += c;
    }
  }
  return result;
}

}  // namespace

LogTable::LogTable(const std::filesystem::path& file) : file_(file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file.string() + ": cannot be opened");
  std::string line;
  if (!std::getline(in, line) || line.empty())
    throw std::runtime_error(file.string() + ": is empty, a line of column names is expected");
  names_ = fields(line);
  for (std::size_t number = 2; std::getline(in, line) && !in.eof(); ++number) {
    rows_.push_back(fields(line));
    if (rows_.back().size() == names_.size()) continue;
    throw std::runtime_error(file.string() + ": line " + std::to_string(number) + " has " +
                             std::to_string(rows_.back().size()) + " fields, the first line names " +
                             std::to_string(names_.size()) + " columns");
  }
}

std::size_t LogTable::index(const std::string& column) const {
  const auto it = std::find(names_.begin(), names_.end(), column);
  if (it != names_.end()) return static_cast<std::size_t>(it - names_.begin());
  std::string known;
  for (const std::string& name : names_) known += (known.empty() ? "" : ", ") + name;
  throw std::runtime_error(file_.string() + ": has no column '" + column + "'; it has " + known);
}

std::vector<std::string> LogTable::texts(const std::string& column) const {
  const std::size_t at = index(column);
  std::vector<std::string> result;
  for (const auto& row : rows_) result.push_back(row[at]);
  return result;
}

std::vector<double> LogTable::numbers(const std::string& column) const {
  std::vector<double> result;
  for (const std::string& text : texts(column)) {
    char* end = nullptr;
    result.push_back(std::strtod(text.c_str(), &end));
    if (text.empty() || *end != '\0')
      throw std::runtime_error(file_.string() + ": '" + text + "' in column '" + column + "' is not a number");
  }
  return result;
}

}  // namespace catena::app
