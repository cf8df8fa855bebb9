#include <catch2/catch.hpp>

#include "model/speech/speech_batches.h"
#include "model/speech/frame_stack.h"
#include "speech_fixture.h"
#include "tests/model/temporary_folder.h"

using namespace catena::model;
using namespace catena::model::test;

TEST_CASE("a batch is full lanes of whole utterances, the same for the same seed and step") {
  const TemporaryFolder folder;
  write_spoken(folder.path() / "a.mel", 20, 1);
  const auto file = std::make_shared<const UtteranceFile>(folder.path() / "a.mel");
  const bool augment = GENERATE(false, true);
  const SpeechBatches batches({file}, {1.0}, 3, 100, 7, augment), again({file}, {1.0}, 3, 100, 7, augment),
      other({file}, {1.0}, 3, 100, 8, augment);
  const SpeechBatch batch = batches.at(5);
  REQUIRE(batch.inputs.size() == std::size_t{3} * 100 * kStackedFeatures);
  for (const float x : batch.inputs) REQUIRE((x >= -3 && x <= 3));
  std::vector<int> covered(3);
  for (const SpokenPart& part : batch.parts) {
    CHECK(!part.symbols.empty());
    CHECK(part.symbols.size() < static_cast<std::size_t>(part.steps));
    CHECK(to_symbols(to_text(part.symbols)) == part.symbols);  // words with one space between them
    CHECK(part.first == covered[static_cast<std::size_t>(part.lane)]);  // in order, without gaps
    covered[static_cast<std::size_t>(part.lane)] += part.steps;
  }
  CHECK(covered == std::vector<int>(3, 100));
  batches.at(6);
  CHECK(again.at(5).inputs == batch.inputs);
  REQUIRE(again.at(5).parts.size() == batch.parts.size());
  for (std::size_t i = 0; i < batch.parts.size(); ++i) CHECK(again.at(5).parts[i].symbols == batch.parts[i].symbols);
  CHECK(other.at(5).inputs != batch.inputs);
}

TEST_CASE("what does not fit is left out, and nothing at all is an error") {
  const TemporaryFolder folder;
  write_spoken(folder.path() / "a.mel", 20, 1);
  const auto file = std::make_shared<const UtteranceFile>(folder.path() / "a.mel");
  CHECK(SpeechBatches({file}, {1.0}, 1, 400, 1, false).hours() > SpeechBatches({file}, {1.0}, 1, 18, 1, false).hours());
  CHECK_THROWS_WITH(SpeechBatches({file}, {1.0}, 1, 2, 1, false), Catch::Contains("seconds"));
}

TEST_CASE("utterances of a heavier file are drawn more often") {
  const TemporaryFolder folder;
  {
    std::mt19937 random(1);
    UtteranceWriter a(folder.path() / "a.mel"), b(folder.path() / "b.mel");
    a.add(spoken("a", random), "a", "", "");
    b.add(spoken("b", random), "b", "", "");
    for (auto* writer : {&a, &b}) writer->finish();
  }
  std::vector<std::shared_ptr<const UtteranceFile>> files;
  for (const char* name : {"a.mel", "b.mel"})
    files.push_back(std::make_shared<const UtteranceFile>(folder.path() / name));
  // One letter is too short for its steps by itself: six frames are one step.
  CHECK_NOTHROW(SpeechBatches(files, {1.0, 9.0}, 8, 50, 1, false));
  const SpeechBatches batches(files, {1.0, 9.0}, 8, 50, 1, false);
  int a = 0, b = 0;
  for (int step = 0; step < 20; ++step) {
    for (const SpokenPart& part : batches.at(step).parts) {
      for (const Symbol symbol : part.symbols) {
        a += symbol == symbol_of('a') ? 1 : 0;
        b += symbol == symbol_of('b') ? 1 : 0;
      }
    }
  }
  CHECK(b > 5 * a);
  CHECK(a > 0);
}
