// Weights files: what is written is read; everything a file claims is checked before use; a failed write leaves the old
// file.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <fstream>

#include "model/runtime/atomic_file.h"
#include "tests/model/temporary_folder.h"
#include "tests/model/tiny_model.h"

using namespace catena::model;
using namespace catena::model::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string safetensors(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(data_bytes, '\0');
}

/// The message when `bytes` are opened as a weights file.
std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  std::ofstream(folder / "w.safetensors", std::ios::binary) << bytes;
  const std::string message = message_of([&] { SafetensorsFile file(folder / "w.safetensors"); });
  CHECK(message.find('\n') == std::string::npos);
  return message;
}

std::string entry(const std::string& shape, const std::string& offsets, const std::string& dtype = "F32") {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

/// Limits how long a file may get, as a full disk would.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("tensors and metadata written as float32 are read back bit for bit, NaN and infinity too") {
  const TemporaryFolder folder;
  const std::vector<NamedTensor> tensors{
      {"b", {2, 3}, {1, -2, 0.1F, NAN, INFINITY, -0.0F}}, {"a", {}, {7}}, {"none", {0, 4}, {}}};
  write_safetensors(folder / "w", tensors, DType::float32, {{"format", "pt"}, {"note", "ünïcode"}});
  const SafetensorsFile file(folder / "w");
  REQUIRE(file.tensors().size() == 3);
  const TensorView& b = file.tensors().at("b");
  CHECK(b.shape == std::vector<std::int64_t>{2, 3});
  CHECK(std::memcmp(b.to_float().data(), tensors[0].values.data(), 24) == 0);
  CHECK(file.tensors().at("a").to_float() == std::vector<float>{7});
  CHECK(file.tensors().at("none").to_float().empty());
  CHECK(file.metadata().at("note") == "ünïcode");
}

TEST_CASE("bfloat16 takes half the room and rounds to nearest even") {
  const TemporaryFolder folder;
  write_safetensors(folder / "w", std::vector<NamedTensor>{{"a", {4}, {1.0F, 1.00390625F, 1.01171875F, 3.0e38F}}},
                    DType::bfloat16);
  const SafetensorsFile file(folder / "w");
  CHECK(file.tensors().at("a").data.size() == 8);
  CHECK(file.tensors().at("a").to_float() ==
        std::vector<float>{1.0F, 1.0F, 1.015625F, from_bfloat16(to_bfloat16(3.0e38F))});
  CHECK(std::isnan(from_bfloat16(to_bfloat16(NAN))));
  CHECK(std::isinf(from_bfloat16(to_bfloat16(INFINITY))));
  CHECK(std::isinf(from_bfloat16(to_bfloat16(3.4e38F))));
}

TEST_CASE("a file that is missing, foreign, truncated or too long is refused in one line") {
  CHECK_THAT(message_of([] { SafetensorsFile file("nowhere/model.safetensors"); }),
             Contains("'nowhere/model.safetensors'") && Contains("No such file"));
  CHECK_THAT(message_of([] { SafetensorsFile file("/"); }), Contains("not a regular file"));
  CHECK_THAT(refusal(""), Contains("too short"));
  CHECK_THAT(refusal("PK\x03\x04 this is a zip file, as PyTorch writes"), Contains("not a safetensors file"));
  CHECK_THAT(refusal(std::string(8, '\xff') + "{}"), Contains("implausible header length"));
  CHECK_THAT(refusal(safetensors("{}", 0).substr(0, 9)), Contains("truncated inside the header"));
  CHECK_THAT(refusal(safetensors("[1]", 0)), Contains("not a JSON object"));
  CHECK_THAT(refusal(safetensors(std::string(100000, '['), 0)), Contains("not a JSON object"));
  CHECK_THAT(refusal(safetensors("{\"a\":" + entry("[2]", "[0,8]") + "}", 7)),
             Contains("tensor 'a'") && Contains("truncated"));
  CHECK_THAT(refusal(safetensors("{\"a\":" + entry("[2]", "[0,8]") + "}", 9)), Contains("1 bytes longer"));
}

TEST_CASE("a header whose entries make no sense is refused, naming the tensor") {
  const auto with = [](const std::string& item) { return refusal(safetensors("{\"a\":" + item + "}", 8)); };
  CHECK_THAT(with("3"), Contains("tensor 'a'") && Contains("not an object"));
  CHECK_THAT(with("{}"), Contains("lacks dtype"));
  CHECK_THAT(with(entry("[2]", "[0,8]", "F64")), Contains("element type \"F64\"; only F32 and BF16"));
  CHECK_THAT(with(entry("[3]", "[0,8]")), Contains("shape that does not match"));
  CHECK_THAT(with(entry("[-2]", "[0,8]")), Contains("malformed shape"));
  CHECK_THAT(with(entry("2", "[0,8]")), Contains("malformed shape"));
  CHECK_THAT(with(entry("[1099511627776,1099511627776,16777216]", "[0,8]")), Contains("shape that does not match"));
  CHECK_THAT(with(entry("[2]", "[8,0]")), Contains("malformed data_offsets"));
  CHECK_THAT(with(entry("[2]", "[0]")), Contains("malformed data_offsets"));
  CHECK_THAT(with(entry("[2]", "[0,1.5]")), Contains("malformed data_offsets"));
  CHECK_THAT(with(entry("[2]", "[0,18446744073709551615]")), Contains("past the end"));
}

TEST_CASE("overlapping tensors and gaps between them are refused") {
  const std::string two = "{\"a\":" + entry("[2]", "[0,8]") + ",\"b\":";
  CHECK_THAT(refusal(safetensors(two + entry("[2]", "[4,12]") + "}", 12)), Contains("overlap"));
  CHECK_THAT(refusal(safetensors(two + entry("[1]", "[12,16]") + "}", 16)), Contains("gap"));
}

TEST_CASE("a model folder is loaded from float32 and from bfloat16 files") {
  const TemporaryFolder folder;
  const ModelConfig config = tiny_config(Carry::delta);
  const DType dtype = GENERATE(DType::float32, DType::bfloat16);
  write_random_model(folder / "model", config, 1, dtype);
  const auto weights = Weights::load(folder / "model");
  CHECK(weights->config() == config);
  const auto memory = random_weights(config);
  const auto expected = memory->to_float("layers.1.ffn.in.weight");
  const auto got = weights->to_float("layers.1.ffn.in.weight");
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    REQUIRE(got[i] == (dtype == DType::float32 ? expected[i] : from_bfloat16(to_bfloat16(expected[i]))));
  }
  CHECK_THROWS_WITH(weights->tensor("head.weight"), Contains("has no tensor 'head.weight'"));
}

TEST_CASE("weights that do not fit their config.json are refused, naming the tensor") {
  const TemporaryFolder folder;
  const ModelConfig config = tiny_config(Carry::delta);
  auto tensors = random_tensors(config);
  SECTION("missing") {
    tensors.pop_back();
    save_model(folder / "m", config, tensors, DType::float32);
    CHECK_THAT(message_of([&] { Weights::load(folder / "m"); }),
               Contains("model.safetensors") && Contains("tensor 'norm.weight' is missing"));
  }
  SECTION("wrong name") {
    tensors.back().name = "norm.wait";
    save_model(folder / "m", config, tensors, DType::float32);
    CHECK_THROWS_WITH(Weights::load(folder / "m"), Contains("tensor 'norm.weight' is missing"));
  }
  SECTION("unknown") {
    tensors.push_back({"extra", {1}, {0}});
    save_model(folder / "m", config, tensors, DType::float32);
    CHECK_THROWS_WITH(Weights::load(folder / "m"), Contains("tensor 'extra' is unknown"));
  }
  SECTION("wrong shape") {
    tensors[0].shape = {32, 96};
    save_model(folder / "m", config, tensors, DType::float32);
    CHECK_THROWS_WITH(Weights::load(folder / "m"),
                      Contains("tensor 'embed.weight' has shape [32, 96], config.json asks for [96, 32]"));
  }
  SECTION("no weights at all") {
    config.save(folder / "config.json");
    CHECK_THROWS_WITH(Weights::load(folder.path()),
                      Contains("model.safetensors") && Contains("is the model folder complete?"));
  }
}

TEST_CASE("NaN among the weights loads: values are not judged") {
  const ModelConfig config = tiny_config(Carry::none);
  auto tensors = random_tensors(config);
  tensors[3].values[0] = NAN;
  CHECK(std::isnan(Weights::from_tensors(config, tensors)->to_float(tensors[3].name)[0]));
}

TEST_CASE("values that do not fill their shape and double names are not written") {
  const TemporaryFolder folder;
  const std::vector<NamedTensor> few{{"a", {3}, {1, 2}}};
  const std::vector<NamedTensor> twice{{"a", {1}, {1}}, {"a", {1}, {2}}};
  CHECK_THROWS_WITH(write_safetensors(folder / "w", few, DType::float32), Contains("tensor 'a' has a shape"));
  CHECK_THROWS_WITH(write_safetensors(folder / "w", twice, DType::float32), Contains("tensor 'a' is given twice"));
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a full disk is one line, the old file stays, and nothing is left behind") {
  const TemporaryFolder folder;
  write_file(folder / "f", "old");
  {
    const FullDisk disk(100000);
    CHECK_THAT(message_of([&] { write_file(folder / "f", std::string(300000, 'x')); }),
               Contains("cannot write '") && Contains("make room and save again"));
    CHECK_THAT(message_of([&] { write_file(folder / "f", std::string(100001, 'x')); }), Contains("make room"));
  }
  CHECK(contents(folder / "f") == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a file is replaced only by commit, and keeps its permissions") {
  const TemporaryFolder folder;
  write_file(folder / "f", "old");
  fs::permissions(folder / "f", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("f", folder / "link");
  {
    AtomicFile abandoned(folder / "f");
    abandoned.stream() << "half";
  }
  CHECK(contents(folder / "f") == "old");
  AtomicFile file(folder / "link");
  file.stream() << "new " << std::string(200000, 'y');
  CHECK(contents(folder / "f") == "old");
  file.commit();
  CHECK(contents(folder / "f").size() == 200004);
  CHECK(fs::is_symlink(folder / "link"));
  CHECK((fs::status(folder / "f").permissions() & fs::perms::group_read) == fs::perms::none);
  CHECK_THROWS_WITH(file.commit(), Contains("already committed"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("a folder that is not there, or a folder in the file's place, is one line") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(write_file(folder / "no/f", "x"), Contains("create the folder first"));
  fs::create_directory(folder / "taken");
  CHECK_THROWS_WITH(write_file(folder / "taken", "x"), Contains("Is a directory"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}
