#include "model/text/context_table.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <sstream>

#include "model/text/memory_builder.h"
#include "model/text/project_memory.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

RecentTokens after(std::initializer_list<Token> tokens) {
  RecentTokens recent;
  for (const Token token : tokens) recent.add(token);
  return recent;
}

std::string saved(const ContextTable& table) {
  std::ostringstream out;
  table.save(out);
  return out.str();
}

}  // namespace

TEST_CASE("The last tokens are kept, oldest first") {
  RecentTokens recent = after({1, 2, 3});
  CHECK(recent.size() == 3);
  CHECK(std::vector<int>(recent.last(2).begin(), recent.last(2).end()) == std::vector<int>{2, 3});
  for (Token token = 4; token < 20; ++token) recent.add(token);
  CHECK(recent.size() == RecentTokens::limit);
  CHECK(recent.last(6).front() == 14);
  CHECK(recent.last(1).front() == 19);
}

TEST_CASE("What followed a context is guessed where the context comes again, and nothing anywhere else") {
  ContextTable table;
  CHECK(table.guess(after({1, 2, 3, 4, 5, 6})).token == -1);
  table.add(after({7, 8, 3, 4}), 9);
  CHECK(table.guess(after({7, 8, 3, 4})).token == 9);
  CHECK(table.guess(after({1, 2, 3, 4})).token == 9);  // by its last two tokens
  CHECK(table.guess(after({4})).token == -1);
  CHECK(table.guess(after({4, 3})).token == -1);
}

TEST_CASE("Another token takes a context over only when it has come oftener of late") {
  ContextTable table;
  for (int i = 0; i < 6; ++i) table.add(after({1, 2}), 5);
  table.add(after({1, 2}), 6);
  CHECK(table.guess(after({1, 2})).token == 5);
  for (int i = 0; i < 6; ++i) table.add(after({1, 2}), 6);
  CHECK(table.guess(after({1, 2})).token == 6);
}

TEST_CASE(
    "The weight of a guess follows from how often it is right beside a model that does not know, and beside one that "
    "does") {
  const auto weight = [](double right, double model_probability) {
    ContextTable table;
    std::mt19937 random(3);
    const RecentTokens recent = after({1, 2});
    for (int i = 0; i < 4000; ++i) {
      const bool hit = static_cast<double>(random() % 1000) < 1000 * right;
      table.add(recent, hit ? 5 : static_cast<Token>(100 + i % 50), -std::log(hit ? model_probability : 0.02));
      for (int j = 0; j < 16; ++j) table.add(recent, 5);  // as sure of its token at each question
    }
    return table.guess(recent).weight;
  };
  CHECK(weight(0.8, 0.001) == Approx(0.8).margin(0.08));
  CHECK(weight(0.2, 0.001) == Approx(0.2).margin(0.08));
  CHECK(weight(0.8, 0.8) < 0.3);  // the model gives it that probability itself: the guess adds nothing
}

TEST_CASE("A table is read back as it was, has a constant size, and a damaged one is refused") {
  std::mt19937 random(4);
  ContextTable table;
  const std::size_t size = saved(table).size();
  RecentTokens recent;
  for (int i = 0; i < 20000; ++i) {
    const auto token = static_cast<Token>(random() % 300);
    table.add(recent, token, 3.0);
    recent.add(token);
  }
  const std::string bytes = saved(table);
  CHECK(bytes.size() == size);
  ContextTable loaded;
  std::istringstream in(bytes);
  loaded.load(in);
  CHECK(saved(loaded) == bytes);
  CHECK(loaded.guess(recent).token == table.guess(recent).token);
  std::istringstream truncated(bytes.substr(0, bytes.size() - 1));
  CHECK_THROWS_WITH(loaded.load(truncated), Catch::Contains("truncated"));
  std::string damaged = bytes;
  damaged[bytes.size() / 2] ^= 1;
  std::istringstream broken(damaged);
  CHECK_THROWS_WITH(loaded.load(broken), Catch::Contains("checksum"));
  CHECK(saved(loaded) == bytes);  // as it was before
}

TEST_CASE("A memory is the same however its text was cut, and completions go by its contexts") {
  std::mt19937 random(5);
  const auto model = tiny_text_model(Carry::delta);
  const std::shared_ptr<Executor> executor = make_executor(model->weights(), {});
  const StreamSettings settings{.chunk_length = 16};
  std::string text;
  for (int i = 0; i < 30; ++i) text += "const auto shared_total = gather_totals(first, second);\n";
  const auto remember = [&](std::size_t largest) {
    auto builder = std::make_unique<MemoryBuilder>(model, executor, settings);
    builder->feed_control(Control::file);
    feed_randomly(random, text, largest, [&](std::string_view piece) { builder->feed(piece); });
    builder->feed_control(Control::end);
    builder->finish();
    return builder;
  };
  const auto whole = remember(text.size()), cut = remember(7);
  CHECK(whole->state() == cut->state());
  CHECK(saved(*whole->contexts()) == saved(*cut->contexts()));

  const auto memory = std::make_shared<ProjectMemory>(ProjectMemory{"/p", 1, 1, whole->state(), whole->contexts()});
  TextStream stream(model, executor, {.settings = settings, .memory = memory});
  stream.begin_document("new.cpp");
  stream.feed("const auto shared_total = gath");
  CompletionOptions options{.sampling = {}, .boundary = Boundary::line, .max_tokens = 24};
  CHECK(stream.complete(options).text == "er_totals(first, second);");  // a random model knows nothing of it
  const Checkpoint before = stream.mark();
  stream.feed("zzzzzz zz");
  stream.rewind(before);
  CHECK(stream.complete(options).text == "er_totals(first, second);");
}
