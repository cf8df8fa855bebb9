// Help is complete: every command is listed, every command and option says what it does.
#include <catch2/catch.hpp>
#include <regex>
#include <sstream>

#include "tests/end_to_end/fixture.h"

using namespace catena::test;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

/// The options of a help page that are listed without a word on what they do. The words stand in the second column,
/// on the next line where the option's name fills the first.
std::vector<std::string> unexplained(const std::string& help) {
  constexpr std::size_t column = 30;
  std::vector<std::string> result;
  const auto lines = lines_of(help);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].rfind("  -", 0) != 0) continue;
    const bool here = lines[i].size() > column && lines[i][column - 1] == ' ';
    const bool below = i + 1 < lines.size() && lines[i + 1].rfind(std::string(column, ' '), 0) == 0;
    if (!here && !below) result.push_back(lines[i]);
  }
  return result;
}

std::vector<std::string> commands_of(const std::string& help) {
  std::vector<std::string> result;
  bool listing = false;
  for (const std::string& line : lines_of(help)) {
    if (line.rfind("Subcommands:", 0) == 0) {
      listing = true;
    } else if (listing && line.rfind("  ", 0) == 0 && line.size() > 2 && line[2] != ' ') {
      result.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
  }
  return result;
}

void check_page(std::vector<std::string> command) {
  auto arguments = command;
  arguments.emplace_back("--help");
  const Finished page = run_catena(arguments);
  CAPTURE(command, page.out);
  CHECK(page.code == 0);
  CHECK(page.err.empty());
  CHECK(page.out.find("Usage: catena") != std::string::npos);
  CHECK(unexplained(page.out).empty());
  for (const std::string& below : commands_of(page.out)) {
    command.push_back(below);
    check_page(command);
    command.pop_back();
  }
}

}  // namespace

TEST_CASE("every command has a help page, and every option on it is explained") { check_page({}); }

TEST_CASE("the program's help lists its commands") {
  const auto commands = commands_of(run_catena({"--help"}).out);
  for (const char* name : {"complete", "eval", "train", "bench"}) {
    CAPTURE(name);
    CHECK(std::find(commands.begin(), commands.end(), name) != commands.end());
  }
}

TEST_CASE("the version is one line with a number") {
  const Finished version = run_catena({"--version"});
  CHECK(version.code == 0);
  CHECK(std::regex_match(version.out, std::regex(R"((catena )?\d+\.\d+\.\d+\n)")));
}
