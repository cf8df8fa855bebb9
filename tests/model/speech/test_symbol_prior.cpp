#include <catch2/catch.hpp>
#include <fstream>
#include <numeric>

#include "model/speech/symbol_prior.h"
#include "tests/model/speech/tiny_reader.h"
#include "tests/model/temporary_folder.h"

using namespace catena::model;
using namespace catena::model::test;

TEST_CASE("a prior is a likelihood, and is read as it was written") {
  const TemporaryFolder folder;
  UtteranceWriter writer(folder / "some.mel");
  writer.add(std::vector<float>(200 * kMelBands, -7.0F), "one", "anna", "tests");
  writer.finish();
  const std::vector<std::shared_ptr<const UtteranceFile>> files{
      std::make_shared<const UtteranceFile>(folder / "some.mel")};
  const std::vector<float> prior = symbol_prior_of(tiny_reader(), files, 640);
  REQUIRE(prior.size() == kSymbols);
  CHECK(std::accumulate(prior.begin(), prior.end(), 0.0F) == Approx(1));
  save_symbol_prior(prior, folder / "symbols.txt");
  const std::vector<float> read = load_symbol_prior(folder / "symbols.txt", kSymbols);
  for (std::size_t s = 0; s < prior.size(); ++s) CHECK(read[s] == Approx(prior[s]).margin(1e-6));
}

TEST_CASE("a damaged prior names its line") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(load_symbol_prior(folder / "symbols.txt", 3), Catch::Contains("cannot be opened"));
  std::ofstream(folder / "symbols.txt") << ".\t0.5\n_\tx\na\t0.1\n";
  CHECK_THROWS_WITH(load_symbol_prior(folder / "symbols.txt", 3), Catch::Contains("line 2"));
  std::ofstream(folder / "symbols.txt") << ".\t0.5\n_\t0.3\n";
  CHECK_THROWS_WITH(load_symbol_prior(folder / "symbols.txt", 3), Catch::Contains("line 3"));
  std::ofstream(folder / "symbols.txt") << ".\t0.5\n_\t0.3\na\t0.1\nb\t0.1\n";
  CHECK_THROWS_WITH(load_symbol_prior(folder / "symbols.txt", 3), Catch::Contains("line 4"));
}
