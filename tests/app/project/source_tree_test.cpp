#include "app/project/source_tree.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/model/text/fixtures.h"

namespace fs = std::filesystem;
using namespace catena::app;
using catena::model::test::TemporaryFolder;

namespace {

void put(const fs::path& file, const std::string& text = "text\n") {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::vector<std::string> names(const fs::path& folder) {
  std::vector<std::string> result;
  for (const SourceFile& file : source_files(folder)) result.push_back(file.name);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("A folder's own files come before its subfolders', in the order of their names", "[source_tree]") {
  const TemporaryFolder tree;
  for (const char* name : {"b.cpp", "a/z.py", "a/b/c.ts", "a/a.h", "CMakeLists.txt"}) put(tree / name);
  CHECK(names(tree.path()) == Names{"CMakeLists.txt", "b.cpp", "a/a.h", "a/z.py", "a/b/c.ts"});
}

TEST_CASE("Hidden files, links, large files and unknown kinds are left out", "[source_tree]") {
  const TemporaryFolder tree;
  for (const char* name : {"kept.cpp", ".hidden.cpp", ".git/config.txt", "picture.png", "data.bin", "noext"})
    put(tree / name);
  put(tree / "large.txt", std::string(largest_source + 1, 'x'));
  put(tree / "empty.txt", "");
  fs::create_symlink(tree / "kept.cpp", tree / "link.cpp");
  fs::create_directory_symlink(tree.path(), tree / "loop");
  CHECK(names(tree.path()) == Names{"kept.cpp"});
}

TEST_CASE("What .gitignore excludes is not read, in a repository or without one", "[source_tree]") {
  const TemporaryFolder tree;
  const bool repository = GENERATE(false, true);
  if (repository) REQUIRE(std::system(("git init -q " + tree.path().string()).c_str()) == 0);
  put(tree / ".gitignore", "build/\n*.gen.cpp\n!keep.gen.cpp\n/only_here.txt\n");
  put(tree / "sub/.gitignore", "secret.py\n");
  for (const char* name : {"a.cpp", "x.gen.cpp", "keep.gen.cpp", "only_here.txt", "build/b.cpp", "sub/only_here.txt",
                           "sub/secret.py", "sub/build/c.cpp", "secret.py"})
    put(tree / name);
  CHECK(names(tree.path()) == Names{"a.cpp", "keep.gen.cpp", "secret.py", "sub/only_here.txt"});
  // Asked for a part of a repository, the rules above it hold as well.
  if (repository) CHECK(names(tree / "sub") == Names{"only_here.txt"});
}

TEST_CASE("A folder that is none is refused in one line", "[source_tree]") {
  const TemporaryFolder tree;
  put(tree / "file.txt");
  CHECK_THROWS_WITH(source_files(tree / "missing"), Catch::Contains("missing: is no folder"));
  CHECK_THROWS_WITH(source_files(tree / "file.txt"), Catch::Contains("is no folder"));
}

TEST_CASE("Binary and minified files have no text", "[source_tree]") {
  const TemporaryFolder tree;
  put(tree / "a.js", std::string("x\0y", 3));
  put(tree / "b.js", std::string(5000, 'x') + "\n");
  put(tree / "c.js", "let x = 1;\n");
  CHECK(source_text(tree / "a.js").empty());
  CHECK(source_text(tree / "b.js").empty());
  CHECK(source_text(tree / "c.js") == "let x = 1;\n");
  CHECK(source_text(tree / "gone.js").empty());
}
