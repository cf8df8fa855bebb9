// catena remember: a project's memory, and commands that start from it.
#include <catch2/catch.hpp>

#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;

namespace {

struct Tree {
  TemporaryFolder folder;
  fs::path project = folder / "project", state = folder / "project.state";
  Tree() {
    fs::create_directories(project / "src");
    write_file(project / "src" / "list.cpp", "int total = 0;\nfor (const auto& item : items) total += item.price;\n");
    write_file(project / "notes.md", "The list of items.\n");
    write_file(project / "skipped.log", "not read\n");
  }
  Finished remember(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"remember",     project.string(), "-o",
                                       state.string(), "--model",        tiny_model_folder().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_catena(arguments);
  }
};

}  // namespace

TEST_CASE("remember says what it read, and its file has the same size whatever was read") {
  const Tree tree;
  const Finished result = tree.remember({"--json"});
  REQUIRE(result.code == 0);
  const auto told = json_lines(result.out).at(0);
  CHECK(told.at("files") == 2);
  CHECK(told.at("bytes") == 86);
  CHECK(told.at("file_bytes") == fs::file_size(tree.state));
  const auto size = fs::file_size(tree.state);
  std::string more;
  for (int i = 0; i < 400; ++i) more += "total = total + " + std::to_string(i) + ";\n";
  write_file(tree.project / "more.cpp", more);
  REQUIRE(tree.remember().code == 0);
  CHECK(fs::file_size(tree.state) - size <= 3);  // digits of the counts in its first lines
}

TEST_CASE("complete and eval text start from a project's memory") {
  const Tree tree;
  REQUIRE(tree.remember().code == 0);
  const fs::path text = tree.folder / "new.cpp";
  write_file(text, "for (const auto& it");
  const std::vector<std::string> model{"--model", tiny_model_folder().string()};
  const auto with = [&](std::vector<std::string> arguments, bool memory) {
    arguments.insert(arguments.end(), model.begin(), model.end());
    if (memory) arguments.insert(arguments.end(), {"--memory", tree.state.string()});
    const Finished result = run_catena(arguments);
    REQUIRE(result.code == 0);
    return json_lines(result.out).at(0);
  };
  const std::vector<std::string> complete{"complete", text.string(), "--json"},
      eval{"eval", "text", text.string(), "--no-typist", "--json"};
  CHECK(with(complete, true).at("read_tokens") > with(complete, false).at("read_tokens"));
  CHECK(with(eval, true).at("bits_per_byte") != with(eval, false).at("bits_per_byte"));
}

TEST_CASE(
    "a folder that is none or empty, a file that cannot be written and a memory that is none are refused by name") {
  const Tree tree;
  const std::string model = tiny_model_folder().string(), state = tree.state.string();
  check_refused(run_catena({"remember", (tree.folder / "none").string(), "-o", state, "--model", model}), {"none"});
  fs::create_directories(tree.folder / "hollow");
  check_refused(run_catena({"remember", (tree.folder / "hollow").string(), "-o", state, "--model", model}),
                {"hollow", "no text files"});
  const std::string notes = (tree.project / "notes.md").string();
  check_refused(run_catena({"complete", notes, "--memory", notes, "--model", model}),
                {"notes.md", "no project memory"});
  CHECK_FALSE(fs::exists(tree.state));
  const Finished unwritable =
      run_catena({"remember", tree.project.string(), "-o", (tree.folder / "no" / "where").string(), "--model", model});
  CHECK(unwritable.code == 1);
  CHECK(unwritable.err.find("where") != std::string::npos);
}
