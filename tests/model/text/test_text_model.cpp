#include <catch2/catch.hpp>

#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

void write_model(const std::filesystem::path& folder, int vocab, unsigned seed = 1) {
  write_random_model(folder, tiny_config(Carry::delta, vocab), seed);
  std::filesystem::copy_file(small_tokenizer_file(), folder / "tokenizer.model");
}

}  // namespace

TEST_CASE("A model folder loads, and its id is that of the same parts in memory") {
  const TemporaryFolder folder;
  write_model(folder / "model", small_tokenizer()->vocab());
  const auto model = TextModel::load(folder / "model");
  CHECK(model->config().vocab == 512);
  CHECK(model->id() == tiny_text_model(Carry::delta, 1)->id());
  CHECK(model->id() != tiny_text_model(Carry::delta, 2)->id());
  CHECK(model->id() != tiny_text_model(Carry::none, 1)->id());
}

TEST_CASE("A model folder with a missing or unfit part is refused with one line") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(TextModel::load(folder / "nowhere"), Catch::Contains("nowhere") && !Catch::Contains("\n"));
  write_model(folder / "unfit", 300);
  CHECK_THROWS_WITH(TextModel::load(folder / "unfit"),
                    Catch::Contains("512") && Catch::Contains("300") && !Catch::Contains("\n"));
  write_model(folder / "bare", 512);
  std::filesystem::remove(folder / "bare" / "tokenizer.model");
  CHECK_THROWS_WITH(TextModel::load(folder / "bare"), Catch::Contains("tokenizer.model"));
  write_model(folder / "cut", 512);
  std::filesystem::resize_file(folder / "cut" / "model.safetensors", 5000);
  CHECK_THROWS_WITH(TextModel::load(folder / "cut"), Catch::Contains("model.safetensors") && !Catch::Contains("\n"));
}
