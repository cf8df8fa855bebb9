// catena demo: the whole application, window included, plays a session and leaves its evidence.
#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "tests/end_to_end/fixture.h"

namespace fs = std::filesystem;
using namespace catena::test;

namespace {

std::vector<std::vector<std::string>> csv_rows(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto& row = rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
  }
  return rows;
}

std::size_t column(const std::vector<std::vector<std::string>>& rows, const std::string& name) {
  const auto found = std::find(rows.front().begin(), rows.front().end(), name);
  REQUIRE(found != rows.front().end());
  return static_cast<std::size_t>(found - rows.front().begin());
}

unsigned big_endian(const std::string& bytes, std::size_t at) {
  unsigned value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

TEST_CASE("the demo ends by itself with a picture, figures and completions") {
  const TemporaryFolder folder;
  const fs::path output = folder / "new" / "demo";
  const Finished demo = run_catena({"demo", "--output", output.string()});
  CAPTURE(demo.err, demo.out);
  REQUIRE(demo.code == 0);
  CHECK(demo.out.find("completion ") != std::string::npos);
  CHECK(demo.out.find("figures ") != std::string::npos);

  const std::string picture = read_file(output / "window.png");
  REQUIRE(picture.size() > 20'000);  // an empty window packs into less
  CHECK(picture.substr(1, 3) == "PNG");
  CHECK(big_endian(picture, 16) >= 800);
  CHECK(big_endian(picture, 20) >= 500);

  const auto rows = csv_rows(read_file(output / "metrics.csv"));
  REQUIRE(rows.size() > 20);
  const auto chunk_length = column(rows, "chunk_length"), state = column(rows, "state_bytes");
  const auto tokens = column(rows, "tokens"), cache = column(rows, "kv_cache_bytes");
  std::map<std::string, std::set<std::string>> states;
  int most_tokens = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() > cache);
    if (rows[i][tokens] == "0") continue;
    states[rows[i][chunk_length]].insert(rows[i][state]);
    most_tokens = std::max(most_tokens, std::stoi(rows[i][tokens]));
  }
  CHECK(most_tokens > 100);
  for (const auto& [length, sizes] : states) {
    CAPTURE(length);
    CHECK(sizes.size() == 1);
  }

  const auto completions = json_lines(read_file(output / "completions.jsonl"));
  REQUIRE(completions.size() >= 3);
  int accepted = 0;
  for (const auto& completion : completions) {
    CHECK(!completion.at("text").get<std::string>().empty());
    CHECK(completion.at("text").get<std::string>().find("\xef\xbf\xbd") == std::string::npos);
    CHECK(completion.at("latency_ms").get<double>() > 0);
    if (completion.at("accepted").get<bool>()) ++accepted;
  }
  CHECK(accepted > 0);
}

TEST_CASE("a folder that cannot be made is refused by name") {
  const TemporaryFolder folder;
  write_file(folder / "taken", "");
  check_refused(run_catena({"demo", "--output", (folder / "taken" / "demo").string()}), {"taken", "--output"});
}
