#include "app/session/stream_store.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/model/text/fixtures.h"

using catena::app::SavedStream;
using catena::app::StreamStore;
using catena::model::test::read_text;
using catena::model::test::TemporaryFolder;
using catena::model::test::write_text;

namespace {
const SavedStream example{"/home/a/src/main.cpp",         "tiny 1", 1234, 1240, 0xFEDCBA9876543210U,
                          std::string("\0\n\xFFstate", 8)};

/// While it lives, no file of this process can grow beyond `bytes`: what a full disk looks like to the writer.
class SmallestFiles {
 public:
  explicit SmallestFiles(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallestFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("what was saved comes back", "[store]") {
  const TemporaryFolder folder;
  const StreamStore store(folder / "streams");
  store.save(example);
  const auto loaded = store.load(example.document);
  REQUIRE(loaded);
  CHECK(loaded->model == example.model);
  CHECK(loaded->position == example.position);
  CHECK(loaded->rests_on == example.rests_on);
  CHECK(loaded->text_hash == example.text_hash);
  CHECK(loaded->stream == example.stream);
  CHECK_FALSE(store.load("/home/a/src/other.cpp"));
}

TEST_CASE("a file that is damaged, foreign or cut short counts as none", "[store]") {
  const TemporaryFolder folder;
  const StreamStore store(folder.path());
  store.save(example);
  const std::filesystem::path file = store.file_of(example.document);
  for (const std::string& contents :
       {std::string(), std::string("something else\n{}\n"), std::string("catena session 1\n"),
        std::string("catena session 1\nno json\n"), std::string("catena session 1\n[1]\n"),
        std::string("catena session 1\n{\"document\":\"/home/a/src/main.cpp\",\"model\":3}\n")}) {
    write_text(file, contents);
    CHECK_FALSE(store.load(example.document));
  }
}

TEST_CASE("a folder that cannot be written to is reported in one line", "[store]") {
  const TemporaryFolder folder;
  write_text(folder / "streams", "a file where the folder should be");
  const StreamStore store(folder / "streams");
  CHECK_THROWS_WITH(store.save(example), Catch::Contains("streams") && !Catch::Contains("\n"));
  CHECK_FALSE(store.load(example.document));
}

TEST_CASE("a full disk is reported in one line and loses nothing that was saved before", "[store]") {
  const TemporaryFolder folder;
  const StreamStore store(folder.path());
  store.save(example);
  SavedStream larger = example;
  larger.position = 5678;
  larger.stream.assign(100000, 'x');
  {
    const SmallestFiles limit(4096);
    CHECK_THROWS_WITH(store.save(larger), Catch::Contains("make room") && !Catch::Contains("\n"));
  }
  const auto loaded = store.load(example.document);
  REQUIRE(loaded);
  CHECK(loaded->position == example.position);
}

TEST_CASE("old files make room", "[store]") {
  const TemporaryFolder folder;
  const StreamStore store(folder.path());
  SavedStream saved = example;
  constexpr int most = StreamStore::most_files;
  for (int i = 0; i < most + 5; ++i) {
    saved.document = "/" + std::to_string(i);
    store.save(saved);
    std::filesystem::last_write_time(store.file_of(saved.document),
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(1000 - i));
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == most);
  CHECK(store.load(saved.document));
  CHECK_FALSE(store.load("/0"));
}
