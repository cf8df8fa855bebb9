#include <limits>

#include "lanes_fixture.h"
#include "model/attention/lane_marks.h"
#include "model/attention/system_names.h"
#include "model/runtime/memory.h"

TEST_CASE("the systems that are said to stream are those that do") {
  for (const std::string& name : system_names()) {
    ParameterSet parameters(1);
    const auto& streaming = streaming_system_names();
    CHECK((std::find(streaming.begin(), streaming.end(), name) != streaming.end()) ==
          make_system(small_config(name), parameters, "")->streams());
  }
  CHECK(lane_names().size() == streaming_system_names().size() + 2);
}

TEST_CASE("every system reads every token once, in any split, and holds what its formula says") {
  const LaneModel model = lane_model();
  const std::vector<Token> tokens = tokens_of(150);
  const auto read = [&](std::size_t piece) {
    StreamLanes lanes;
    lanes.use(model);
    lanes.choose(lane_names());
    for (std::size_t at = 0; at < tokens.size(); at += piece) {
      lanes.write(static_cast<std::int64_t>(at), part(tokens, at, std::min(tokens.size(), at + piece)));
      if (at % (2 * piece) == 0) read_all(lanes);
    }
    read_all(lanes);
    return figures(lanes);
  };
  const auto whole = read(150), split = read(11);
  for (const std::string& name : lane_names()) {
    INFO(name);
    const LaneFigures& lane = whole.at(name);
    CHECK(lane.problem.empty());
    CHECK(lane.tokens == 150);
    CHECK(lane.behind == 0);
    CHECK(lane.state_bytes == expected_bytes(name, 150, model));
    CHECK(lane.held_bytes >= lane.state_bytes);
    CHECK(lane.steps.size() == 150);
    CHECK(lane.steps.back().tokens == 150);
    CHECK(lane.p50_ms > 0);
    CHECK(lane.p95_ms >= lane.p50_ms);
    CHECK(split.at(name).state_bytes == lane.state_bytes);
    CHECK(split.at(name).tokens == 150);
  }
}

TEST_CASE("memory against tokens: the Transformer's and attention's grow, all others' do not") {
  StreamLanes lanes;
  lanes.use(lane_model());
  lanes.choose(lane_names());
  const std::vector<Token> tokens = tokens_of(120);
  lanes.write(0, part(tokens, 0, 40));
  read_all(lanes);
  const auto before = figures(lanes);
  lanes.write(40, part(tokens, 40, 120));
  read_all(lanes);
  for (const auto& [name, after] : figures(lanes)) {
    INFO(name);
    const bool grows = name == transformer_lane || name == "attention";
    CHECK(after.state_bytes == (grows ? 3 : 1) * before.at(name).state_bytes);
  }
}

TEST_CASE("a lane that is behind says how far, and catches up with the tokens in their order") {
  StreamLanes lanes;
  lanes.use(lane_model());
  lanes.choose({tracker_lane, "linear"});
  lanes.write(0, tokens_of(30));
  read_one(lanes);
  read_one(lanes);
  read_one(lanes);
  auto now = figures(lanes);
  CHECK(now.at(tracker_lane).tokens == 2);  // in turns
  CHECK(now.at(tracker_lane).behind == 28);
  CHECK(now.at("linear").behind == 29);
  read_all(lanes);
  now = figures(lanes);
  CHECK(now.at(tracker_lane).behind == 0);
  CHECK(now.at(tracker_lane).steps.size() == 28);
}

TEST_CASE("a lane that falls off the bounded log stops with one line, the others go on") {
  StreamLanes lanes({.log = 20, .back = 20});
  lanes.use(lane_model());
  lanes.choose({tracker_lane, "linear"});
  const std::vector<Token> tokens = tokens_of(60);
  lanes.write(0, part(tokens, 0, 10));
  read_one(lanes);  // the tracker has one token, linear none
  lanes.write(10, part(tokens, 10, 21));
  read_all(lanes);
  auto now = figures(lanes);
  CHECK(now.at("linear").problem == "it could not keep up: the stream is more than 20 tokens ahead");
  CHECK(now.at(tracker_lane).problem.empty());
  CHECK(now.at(tracker_lane).tokens == 21);
  // What is handed over is bounded too: nobody took 60 tokens, the oldest are gone, and those who are left begin anew.
  for (std::size_t at = 21; at < 60; ++at) lanes.write(static_cast<std::int64_t>(at), part(tokens, at, at + 1));
  read_all(lanes);
  now = figures(lanes);
  CHECK(now.at(tracker_lane).problem.empty());
  CHECK(now.at(tracker_lane).run == 2);
  CHECK(now.at(tracker_lane).tokens <= 20);
}

TEST_CASE("a system that fails stops with one line, the others go on") {
  auto tensors = random_tensors(tiny_config(Carry::delta));
  for (NamedTensor& tensor : tensors)
    if (tensor.name == "norm.weight") tensor.values[3] = std::numeric_limits<float>::quiet_NaN();
  LaneModel model = lane_model();
  model.weights = Weights::from_tensors(tiny_config(Carry::delta), std::move(tensors));
  StreamLanes lanes;
  lanes.use(model);
  lanes.choose({tracker_lane, transformer_lane, "nonsense"});
  lanes.write(0, tokens_of(10));
  read_all(lanes);
  auto now = figures(lanes);
  CHECK(now.at(tracker_lane).problem == "what it predicts after 1 tokens is not a number");
  CHECK_THAT(now.at("nonsense").problem, Catch::StartsWith("there is no system 'nonsense'"));
  CHECK(now.at(transformer_lane).problem.empty());
  CHECK(now.at(transformer_lane).tokens == 10);
}

TEST_CASE("a token outside the vocabulary stops whoever reads it with one line") {
  StreamLanes lanes;
  lanes.use(lane_model());
  lanes.choose({tracker_lane, "delta"});
  lanes.write(0, std::vector<Token>{1, 96});
  read_all(lanes);
  for (const auto& [name, lane] : figures(lanes)) CHECK(lane.problem == "token 96 is outside the vocabulary of 96");
}

TEST_CASE("a state that grows stops at what a system may hold") {
  const std::int64_t token_bytes = kv_cache_bytes(tiny_config(Carry::delta), 1);
  StreamLanes lanes;
  lanes.use(lane_model(50 * token_bytes));
  lanes.choose({transformer_lane, "attention", "block"});
  lanes.write(0, tokens_of(80));
  read_all(lanes);
  const auto now = figures(lanes);
  for (const std::string name : {transformer_lane, "attention"}) {
    INFO(name);
    CHECK(now.at(name).tokens == 50);
    CHECK_THAT(now.at(name).problem, Catch::Contains("that a system may hold here"));
  }
  CHECK(now.at("block").tokens == 80);
}

TEST_CASE("after an edit every system goes back with the stream, and ends as one that never read what was taken back") {
  const LaneModel model = lane_model();
  const std::vector<Token> first = tokens_of(140, 1), second = tokens_of(20, 2);
  for (const std::int64_t place : {130, 70, 3}) {
    std::vector<Token> edited(first.begin(), first.begin() + place);
    edited.insert(edited.end(), second.begin(), second.end());
    for (const std::string& name : lane_names()) {
      INFO(name << " back to " << place);
      const auto went_back = make_lane(name, model), fresh = make_lane(name, model);
      for (const Token token : first) went_back->read({token});
      const std::int64_t at = went_back->go_back(place);
      CHECK(at <= place);
      if (name == transformer_lane || name == "attention") CHECK(at == place);
      for (std::size_t i = static_cast<std::size_t>(at); i < edited.size(); ++i) went_back->read({edited[i]});
      for (const Token token : edited) fresh->read({token});
      CHECK(went_back->tokens() == fresh->tokens());
      CHECK(went_back->state_bytes() == fresh->state_bytes());
      const auto a = went_back->logits(), b = fresh->logits();
      CHECK(std::equal(a.begin(), a.end(), b.begin()));
    }
  }
}

TEST_CASE("the lanes follow a stream that goes back, and are told of it") {
  StreamLanes lanes;
  lanes.use(lane_model());
  lanes.choose(lane_names());
  const std::vector<Token> first = tokens_of(100, 1), second = tokens_of(30, 2);
  lanes.write(0, first);
  read_all(lanes);
  lanes.take();
  lanes.write(80, part(first, 80, 100));  // the stream reads the same again: nothing changes
  CHECK_FALSE(lanes.step(std::chrono::steady_clock::now() + forever));
  lanes.write(90, second);
  read_all(lanes);
  const StreamLanes::Taken taken = lanes.take();
  CHECK_THAT(taken.event, Catch::StartsWith("the stream went back 10 tokens"));
  for (const LaneFigures& lane : taken.lanes) {
    INFO(lane.system);
    CHECK(lane.tokens == 120);
    CHECK(lane.run == 1);
  }
}

TEST_CASE("another stream begins all lanes anew, not farther back than they may") {
  StreamLanes lanes({.log = 100, .back = 15});
  lanes.use(lane_model());
  lanes.choose({tracker_lane});
  lanes.write(0, tokens_of(10));
  read_all(lanes);
  TokenLog log(100);
  log.write(300, tokens_of(40, 3));
  lanes.begin(log, "another one");
  lanes.write(340, tokens_of(5, 4));
  read_all(lanes);
  const StreamLanes::Taken taken = lanes.take();
  CHECK(taken.event == "another one");
  CHECK(taken.lanes[0].run == 2);
  CHECK(taken.lanes[0].tokens == 20);
  CHECK(taken.lanes[0].steps.size() == 20);  // those before belong to another curve
}

TEST_CASE("systems that are not chosen any more are freed, those that stay go on") {
  StreamLanes lanes;
  lanes.use(lane_model());
  lanes.choose({tracker_lane});
  lanes.write(0, tokens_of(40));
  read_all(lanes);
  const std::size_t without = memory_counters().bytes_now;
  lanes.choose({tracker_lane, transformer_lane});
  read_all(lanes);
  CHECK(memory_counters().bytes_now > without + 100'000);
  lanes.choose({tracker_lane});
  CHECK(memory_counters().bytes_now == without);
  const auto now = figures(lanes);
  CHECK(now.size() == 1);
  CHECK(now.at(tracker_lane).tokens == 40);
  CHECK(now.at(tracker_lane).run == 1);
}

TEST_CASE("lanes chosen before there is a model begin once it is there") {
  StreamLanes lanes;
  lanes.choose({tracker_lane});
  lanes.write(0, tokens_of(5));
  read_all(lanes);
  CHECK(figures(lanes).at(tracker_lane).tokens == 0);
  lanes.use(lane_model());
  read_all(lanes);
  CHECK(figures(lanes).at(tracker_lane).tokens == 5);
}

TEST_CASE("marks to go back to lie closer together near the end") {
  LaneMarks<std::int64_t> marks;
  for (std::int64_t tokens = 1; tokens <= 100'000; ++tokens) marks.add(tokens, tokens);
  CHECK(marks.size() == LaneMarks<std::int64_t>::most);
  std::int64_t at = 0;
  for (const std::int64_t back : {10, 100, 1000, 10'000}) {
    LaneMarks<std::int64_t> copy = marks;
    const std::int64_t* state = copy.go_back(100'000 - back, at);
    REQUIRE(state != nullptr);
    CHECK(*state == at);
    CHECK(100'000 - at <= 4 * back + 2 * LaneMarks<std::int64_t>::apart);
  }
  CHECK(marks.go_back(0, at) == nullptr);
}
