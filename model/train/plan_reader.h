// Values of a JSON plan, each with one clear line when it is missing or wrong.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace catena::model {

/// Of one object of a file. The object must outlive the reader.
class PlanReader {
 public:
  PlanReader(const nlohmann::json& object, std::filesystem::path file) : object_(object), file_(std::move(file)) {}

  template <typename T>
  void get(const char* key, T& value, bool required = false) const {
    known_.insert(key);
    const auto it = object_.find(key);
    if (it == object_.end()) {
      if (required) fail(key, "is missing");
      return;
    }
    try {
      value = it->get<T>();
    } catch (const nlohmann::json::exception&) {
      fail(key, "has the wrong type");
    }
  }
  void get_path(const char* key, std::filesystem::path& value, bool required = false) const {
    std::string text;
    get(key, text, required);
    if (!text.empty()) value = file_.parent_path() / text;
  }
  template <typename T>
  void get_choice(const char* key, T& value, std::initializer_list<std::pair<const char*, T>> choices) const {
    std::string text;
    get(key, text);
    if (text.empty()) return;
    std::string known;
    for (const auto& [name, choice] : choices) {
      if (text == name) {
        value = choice;
        return;
      }
      known += known.empty() ? name : std::string(", ") + name;
    }
    fail(key, "must be one of " + known);
  }
  /// A reader for each object of a list.
  std::vector<PlanReader> list(const char* key) const;
  void check(const char* key, bool ok, const std::string& expected) const {
    if (!ok) fail(key, "must be " + expected);
  }
  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw std::runtime_error(file_.string() + ": '" + key + "' " + what);
  }
  /// Once everything was asked for: refuses what nobody asked for, which is most often a key misspelt. `more`: keys
  /// that others read.
  void refuse_others(std::initializer_list<const char*> more = {}) const;
  const std::filesystem::path& file() const { return file_; }

 private:
  const nlohmann::json& object_;
  std::filesystem::path file_;
  mutable std::set<std::string> known_;  // keys that were asked for
};

/// The object in a JSON file; comments are allowed. Throws std::runtime_error with one line.
nlohmann::json read_plan(const std::filesystem::path& file);

}  // namespace catena::model
