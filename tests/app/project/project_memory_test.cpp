#include <catch2/catch.hpp>
#include <sstream>
#include <fstream>

#include "app/project/project_reader.h"
#include "tests/model/text/fixtures.h"

namespace fs = std::filesystem;
using namespace catena::app;
using namespace catena::model;
using namespace catena::model::test;
using Clock = std::chrono::steady_clock;

namespace {

constexpr StreamSettings settings{.chunk_length = 16};

/// A small project, a tiny model, and what the model remembers.
struct Project {
  Project() {
    fs::create_directories(tree / "src");
    write_text(tree / "a.cpp", "int count = 0;\nfor (const auto& item : items) {\n  count += item.size();\n}\n");
    write_text(tree / "src/b.py", "def total(items):\n    return sum(items)");
  }
  ProjectReader reader(const std::vector<std::string>& skip = {}) const {
    return {tree.path(), model, executor, settings, skip};
  }
  ProjectMemory memory(const std::vector<std::string>& skip = {}) const {
    ProjectReader all = reader(skip);
    REQUIRE(all.read(Clock::time_point::max()));
    return all.result();
  }
  TemporaryFolder tree;
  std::shared_ptr<const TextModel> model = tiny_text_model(Carry::delta);
  std::shared_ptr<Executor> executor = make_executor(model->weights(), {});
};

}  // namespace

TEST_CASE("A project read in slices is remembered as one read at once", "[project]") {
  const Project project;
  ProjectReader sliced = project.reader();
  int slices = 1;
  while (!sliced.read(Clock::time_point::min())) ++slices;
  CHECK(slices >= 2);
  CHECK(sliced.progress().files == 2);
  CHECK(sliced.progress().bytes >= sliced.progress().bytes_total);
  const ProjectMemory a = sliced.result(), b = project.memory();
  CHECK(a.state == b.state);
  const auto table = [](const ProjectMemory& memory) {
    std::ostringstream out;
    memory.contexts->save(out);
    return out.str();
  };
  CHECK(table(a) == table(b));
  CHECK(a.files == 2);
  CHECK(a.bytes == b.bytes);
}

TEST_CASE("A document that starts from the memory is read as if its stream had read the project", "[project]") {
  const Project project;
  const std::string name = "new.cpp", text = "total(items)\n";
  TextStream stream(project.model, project.executor,
                    {.settings = settings, .memory = std::make_shared<ProjectMemory>(project.memory())});
  stream.begin_document(name);
  stream.feed(text);

  TextStream whole(project.model, project.executor, {.settings = settings});
  for (const char* file : {"a.cpp", "src/b.py"}) {
    whole.feed_control(Control::file);
    whole.feed(project.tree.path().filename().string() + '/' + file + '\n');
    std::string contents = read_text(project.tree / file);
    if (contents.back() != '\n') contents += '\n';
    whole.feed(contents);
    whole.feed_control(Control::end);
  }
  Checkpoint behind = whole.mark();
  project.executor->end_chunk(behind.state);
  whole.rewind(behind);
  whole.feed_control(Control::file);
  whole.feed(name + '\n' + text);
  CHECK(stream.state() == whole.state());

  TextStream fresh(project.model, project.executor, {.settings = settings});
  fresh.begin_document(name);
  fresh.feed(text);
  CHECK_FALSE(stream.state() == fresh.state());
  // Going back to the beginning of the text goes back to what was remembered, not to nothing.
  CHECK(stream.rewind_to(0) == 0);
  stream.feed(text);
  CHECK(stream.state() == whole.state());
}

TEST_CASE("The file's size does not depend on the project, and it loads as it was", "[project]") {
  const Project project;
  const TemporaryFolder out;
  project.memory().save(out / "both", *project.model);
  project.memory({"src/b.py"}).save(out / "one", *project.model);
  const auto both = ProjectMemory::load(out / "both", *project.model);
  CHECK(both->state == project.memory().state);
  CHECK(both->files == 2);
  const auto about = [&](const char* name) { return read_text(out / name).find('\n', 20); };
  CHECK(fs::file_size(out / "both") - about("both") == fs::file_size(out / "one") - about("one"));
}

TEST_CASE("A memory that is missing, foreign, damaged or another model's is refused in one line", "[project]") {
  const Project project;
  const TemporaryFolder out;
  project.memory().save(out / "good", *project.model);
  const std::string good = read_text(out / "good");
  const auto refusal = [&](const std::string& contents) -> std::string {
    write_text(out / "bad", contents);
    try {
      ProjectMemory::load(out / "bad", *project.model);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  };
  CHECK(refusal("something else\n").find("is no project memory") != std::string::npos);
  CHECK(refusal("catena project 2\n{\"folder\":3}\n").find("is damaged") != std::string::npos);
  for (const std::size_t cut : {good.size() / 2, good.size() - 1}) CHECK_FALSE(refusal(good.substr(0, cut)).empty());
  std::string flipped = good;
  flipped[good.size() - 40] ^= 1;
  CHECK_FALSE(refusal(flipped).empty());
  CHECK_THROWS_WITH(ProjectMemory::load(out / "missing", *project.model), Catch::Contains("cannot be opened"));
  const auto other = tiny_text_model(Carry::delta, 2);
  CHECK_THROWS_WITH(ProjectMemory::load(out / "good", *other), Catch::Contains("remember the folder again"));
}

TEST_CASE("A folder without text is refused", "[project]") {
  const TemporaryFolder empty;
  const Project project;
  CHECK_THROWS_WITH(ProjectReader(empty.path(), project.model, project.executor, settings),
                    Catch::Contains("holds no text files"));
}
