#include <torch/optim/adamw.h>

#include <filesystem>
#include <fstream>

#include "gradients.h"
#include "model/tracker/optimiser.h"
#include "model/tracker/tracker.h"
#include "model/train/process_group.h"
#include "model/train/trainer.h"
#include "training_corpus.h"

using namespace catena::model;
using namespace catena::model::test;
namespace fs = std::filesystem;

TEST_CASE("AdamW makes LibTorch's steps") {
  torch::manual_seed(12);
  Parameters parameters(tiny_config(Carry::delta), torch::kCPU, torch::kFloat);
  parameters.initialise(3);
  const auto decayed = parameters.decayed();
  torch::Tensor matrices = parameters.values().slice(0, 0, decayed).clone().requires_grad_();
  torch::Tensor others = parameters.values().slice(0, decayed).clone().requires_grad_();
  using Options = torch::optim::AdamWOptions;
  const auto options = [](double decay) {
    return std::make_unique<Options>(Options(1e-2).betas({0.9, 0.95}).weight_decay(decay));
  };
  torch::optim::AdamW reference({{{matrices}, options(0.1)}, {{others}, options(0.0)}}, Options(1e-2));
  Optimiser ours(parameters, {});
  for (int i = 0; i < 5; ++i) {
    parameters.gradients().copy_(torch::randn_like(parameters.gradients()));
    matrices.mutable_grad() = parameters.gradients().slice(0, 0, decayed).clone();
    others.mutable_grad() = parameters.gradients().slice(0, decayed).clone();
    reference.step();
    ours.step(parameters, 1e-2);
  }
  CHECK(catena::test::relative_error(parameters.values(), torch::cat({matrices, others})) < 1e-6);
}

TEST_CASE("orthogonalise brings every singular value near one and keeps the singular vectors") {
  torch::manual_seed(13);
  const auto [rows, columns] = GENERATE(std::pair{16, 16}, std::pair{24, 8}, std::pair{8, 24});
  const torch::Tensor x = torch::randn({3, rows, columns});
  const torch::Tensor y = orthogonalise(x);
  const auto [u, s, vt] = torch::linalg_svd(x, false);
  // In the frame of x's own singular vectors y is diagonal, with values around one.
  const torch::Tensor inside = u.transpose(1, 2).matmul(y).matmul(vt.transpose(1, 2));
  const torch::Tensor values = inside.diagonal(0, 1, 2);
  const torch::Tensor kept = s.gt(0.05 * s.amax(1, true));  // tinier ones need more steps
  CHECK((inside - torch::diag_embed(values)).abs().max().item<float>() < 1e-4F);
  CHECK(values.masked_select(kept).min().item<float>() > 0.6F);
  CHECK(values.max().item<float>() < 1.3F);
}

TEST_CASE("orthogonalise with bfloat16 products brings the singular values near one too") {
  torch::manual_seed(15);
  const torch::Tensor x = torch::randn({2, 24, 64});
  const torch::Tensor exact = orthogonalise(x), rounded = orthogonalise(x, torch::kBFloat16);
  REQUIRE(rounded.scalar_type() == torch::kFloat);
  // The quintic does not settle: it moves values about between 0.7 and 1.2, so roundings grow a little.
  CHECK(catena::test::relative_error(rounded, exact) < 0.1);
  const torch::Tensor values = std::get<1>(torch::linalg_svd(rounded, false));
  CHECK(values.min().item<float>() > 0.6F);
  CHECK(values.max().item<float>() < 1.3F);
}

TEST_CASE("a Muon step moves the hidden matrices along their orthogonalised momentum, the rest as AdamW does") {
  torch::manual_seed(14);
  const ModelConfig config = tiny_config(Carry::delta);
  Parameters muon(config, torch::kCPU, torch::kFloat), adamw(config, torch::kCPU, torch::kFloat);
  muon.initialise(3);
  adamw.initialise(3);
  const torch::Tensor before = muon.values().clone();
  muon.gradients().copy_(torch::randn_like(muon.gradients()));
  adamw.gradients().copy_(muon.gradients());
  Optimiser(muon, {.kind = OptimiserKind::muon, .weight_decay = 0}).step(muon, 1e-2);
  Optimiser(adamw, {.kind = OptimiserKind::adamw, .weight_decay = 0}).step(adamw, 1e-2);
  std::int64_t end = 0;
  for (const HiddenMatrix& matrix : muon.hidden_matrices()) {
    CHECK(matrix.offset == end);
    end += matrix.count();
    const auto part = [&](const torch::Tensor& block) {
      return block.slice(0, matrix.offset, end).view({matrix.groups, matrix.rows, matrix.columns});
    };
    // The first momentum is along the gradient, and the direction does not depend on its length.
    const double length = 1e-2 * 0.2 * std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
    CHECK(catena::test::relative_error(part(before) - part(muon.values()),
                                       length * orthogonalise(part(muon.gradients()))) < 1e-3);
  }
  CHECK(end < muon.values().numel());
  CHECK(torch::equal(muon.values().slice(0, end), adamw.values().slice(0, end)));
}

TEST_CASE("the learning rate warms up and falls to its last share along a cosine") {
  TrainConfig config;
  config.steps = 110;
  config.warmup_steps = 10;
  config.learning_rate = 1;
  config.final_learning_rate = 0.1;
  CHECK(learning_rate_at(config, 0) == Approx(0.1));
  CHECK(learning_rate_at(config, 9) == Approx(1.0));
  CHECK(learning_rate_at(config, 60) == Approx(0.55));
  CHECK(learning_rate_at(config, 110) == Approx(0.1));
}

TEST_CASE("training learns a periodic stream, for every carry, with summaries and without") {
  const Corpus corpus;
  const Carry carry = GENERATE(Carry::delta, Carry::linear, Carry::vector, Carry::none, Carry::attention);
  const int summary_levels = GENERATE(0, 2);
  if (carry == Carry::attention && summary_levels > 0) return;
  TrainConfig config = corpus.config("learns-" + to_string(carry) + std::to_string(summary_levels), carry);
  config.model.summary_levels = summary_levels;
  double loss = 0;
  std::vector<Evaluation> evaluations;
  TrainObserver observer;
  observer.progress = [&](const TrainProgress& p) { loss = p.loss; };
  observer.evaluated = [&](std::int64_t, const std::vector<Evaluation>& e) { evaluations = e; };
  REQUIRE(train(config, observer));
  REQUIRE(evaluations.size() == 1);
  CHECK(evaluations[0].from(0).nats_per_token() < 2.2);  // ln 96 = 4.6 at the start; ln 17 = 2.8 without context
}

TEST_CASE("Muon trains too, and goes on from given weights") {
  const Corpus corpus;
  TrainConfig config = corpus.config("muon", Carry::delta);
  config.optimiser = OptimiserKind::muon;
  double first = 0, last = 0;
  TrainObserver observer;
  observer.progress = [&](const TrainProgress& p) { last = p.loss; };
  REQUIRE(train(config, observer));
  CHECK(last < 2.5);
  TrainConfig more = corpus.config("more", Carry::delta);
  more.initial_weights = config.output / "model.safetensors";
  more.steps = 1;
  observer.progress = [&](const TrainProgress& p) { first = p.loss; };
  REQUIRE(train(more, observer));
  CHECK(first < 2.5);
}

TEST_CASE("bfloat16 compute trains too") {
  const Corpus corpus;
  TrainConfig config = corpus.config("half", Carry::delta);
  config.precision = TrainPrecision::bfloat16;
  double loss = 0;
  TrainObserver observer;
  observer.progress = [&](const TrainProgress& p) { loss = p.loss; };
  REQUIRE(train(config, observer));
  CHECK(std::isfinite(loss));
  CHECK(loss < 3.0);
}

TEST_CASE("activations computed again give the same gradients and leave the same state, for every carry") {
  const Carry carry = GENERATE(Carry::delta, Carry::vector, Carry::none, Carry::attention);
  const int summary_levels = GENERATE(0, 2);
  ModelConfig model = tiny_config(carry);
  model.summary_levels = summary_levels;
  torch::manual_seed(15);
  const torch::Tensor tokens = torch::randint(model.vocab, {2, 129}, torch::kLong);
  const auto run = [&](bool recompute) {
    auto parameters = std::make_unique<Parameters>(model, torch::kCPU, torch::kFloat);
    parameters->initialise(4);
    const Tracker tracker(*parameters, {.recompute = recompute});
    SegmentState state = tracker.initial_state(2);
    for (std::int64_t begin : {0, 64}) {  // the second segment starts from a state that is not empty
      const torch::Tensor y = tracker.forward(tokens.slice(1, begin, begin + 64), 16, state);
      head_loss(y, (*parameters)["embed.weight"], tokens.slice(1, begin + 1, begin + 65).reshape({-1})).backward();
    }
    return std::pair(parameters->gradients().clone(), state);
  };
  const auto [kept, kept_state] = run(false);
  const auto [again, again_state] = run(true);
  CHECK(kept.abs().sum().item<float>() > 0);
  CHECK(catena::test::relative_error(again, kept) < 1e-6);
  for (std::size_t i = 0; i < kept_state.layers.size(); ++i) {
    if (kept_state.layers[i].memory.defined())
      CHECK(torch::equal(again_state.layers[i].memory, kept_state.layers[i].memory));
  }
}

TEST_CASE("a run that was stopped goes on as if it had not been") {
  const Corpus corpus;
  TrainConfig whole = corpus.config("whole", Carry::delta), parts = corpus.config("parts", Carry::delta);
  REQUIRE(train(whole, {}));

  std::atomic<bool> stop{false};
  TrainObserver observer;
  observer.stop = &stop;
  int evaluations = 0;
  parts.evaluate_every = 13;  // stop in the middle of a stream's run, at a step that is no round number
  observer.evaluated = [&](std::int64_t, const std::vector<Evaluation>&) { stop = ++evaluations == 1; };
  CHECK_FALSE(train(parts, observer));
  bool resumed = false;
  observer.evaluated = nullptr;
  observer.note = [&](const std::string& line) { resumed = resumed || line == "resumed at step 13"; };
  stop = false;
  REQUIRE(train(parts, observer));
  CHECK(resumed);
  CHECK(trained_values(parts) == trained_values(whole));
}

TEST_CASE("a checkpoint of another model is refused with one line") {
  const Corpus corpus;
  TrainConfig config = corpus.config("refused", Carry::delta);
  config.steps = 2;
  REQUIRE(train(config, {}));
  config.model = tiny_config(Carry::none);
  CHECK_THROWS_WITH(train(config, {}), Catch::Contains("does not fit this training"));
}

TEST_CASE(
    "a checkpoint of another plan is refused, naming what has changed; how long and how fast to train may change") {
  const Corpus corpus;
  TrainConfig config = corpus.config("replanned", Carry::delta);
  config.steps = 2;
  REQUIRE(train(config, {}));
  config.steps = 3;
  config.learning_rate = 2e-2;
  REQUIRE(train(config, {}));
  config.steps = 4;
  TrainConfig other = config;
  other.segment = 32;
  CHECK_THROWS_WITH(train(other, {}),
                    Catch::Contains("'segment' 64") && Catch::Contains("32") && Catch::Contains("remove the folder"));
  other = config;
  other.optimiser = OptimiserKind::muon;
  CHECK_THROWS_WITH(train(other, {}), Catch::Contains("'optimiser'"));
  other = config;
  other.batch = 3;
  CHECK_THROWS_WITH(train(other, {}), Catch::Contains("'batch' 2"));
}

TEST_CASE("where a process stands is read from torchrun's variables or mpirun's, and nonsense is refused by name") {
  const auto place = [](std::initializer_list<std::pair<const char*, const char*>> variables) {
    for (const auto& [name, value] : variables) ::setenv(name, value, 1);
    const auto unset = [&] {
      for (const auto& [name, value] : variables) ::unsetenv(name);
    };
    try {
      const ProcessPlace result = ProcessPlace::from_environment();
      unset();
      return result;
    } catch (...) {
      unset();
      throw;
    }
  };
  CHECK(place({}).size == 1);
  const ProcessPlace torchrun = place({{"RANK", "3"},
                                       {"WORLD_SIZE", "4"},
                                       {"LOCAL_RANK", "1"},
                                       {"LOCAL_WORLD_SIZE", "2"},
                                       {"MASTER_ADDR", "10.0.0.1"},
                                       {"MASTER_PORT", "4711"}});
  CHECK(torchrun.rank == 3);
  CHECK(torchrun.size == 4);
  CHECK(torchrun.local_rank == 1);
  CHECK(torchrun.local_size == 2);
  CHECK(torchrun.address == "10.0.0.1");
  CHECK(torchrun.port == 4711);
  const ProcessPlace mpirun = place({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}});
  CHECK(mpirun.rank == 1);
  CHECK(mpirun.size == 2);
  CHECK(mpirun.address == "127.0.0.1");
  CHECK_THROWS_WITH(place({{"WORLD_SIZE", "two"}}), Catch::Contains("WORLD_SIZE=two"));
  CHECK_THROWS_WITH(place({{"WORLD_SIZE", "2"}, {"RANK", "2"}}), Catch::Contains("RANK=2"));
  CHECK_THROWS_WITH(place({{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_PORT", "99999"}}),
                    Catch::Contains("MASTER_PORT"));
}

TEST_CASE("a broken training config is refused with the name of the key") {
  const Corpus corpus;
  const fs::path file = corpus.folder() / "config.json";
  tiny_config(Carry::delta).save(corpus.folder() / "model.json");
  const auto load = [&](const std::string& text) {
    std::ofstream(file) << text;
    return TrainConfig::load(file);
  };
  const std::string rest = R"("output": "out", "train": [{"tokens": "corpus.tokens"}], "heldout": [], )";
  CHECK_THROWS_WITH(load("{"), Catch::Contains("is not JSON"));
  CHECK_THROWS_WITH(load("{" + rest + R"("steps": 5})"), Catch::Contains("'model' is missing"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": 0})"), Catch::Contains("'steps' must be"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": 5, "segment": 100})"),
                    Catch::Contains("'segment' must be"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": 5, "device": "tpu"})"),
                    Catch::Contains("'device' must be one of cpu, cuda"));
  CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": "x"})"),
                    Catch::Contains("'steps' has the wrong type"));
  const auto refused = [&](const std::string& keys, const std::string& what) {
    CHECK_THROWS_WITH(load(R"({"model": "model.json", )" + rest + R"("steps": 5, )" + keys + "}"),
                      Catch::Contains(what));
  };
  refused(R"("precision": "float16")", "'precision' must be float32 or bfloat16 on the CPU");
  refused(R"("loss_scale": -1)", "'loss_scale' must be");
  refused(R"("backpropagate_segments": 0)", "'backpropagate_segments' must be");
  refused(R"("backpropagate_segments": 2, "truncate": "chunk")", "'backpropagate_segments' must be 1 where");
  refused(R"("truncate": "token")", "'truncate' must be one of segment, chunk");
  refused(R"("auxiliary_loss": -0.1)", "'auxiliary_loss' must be");
  refused(R"("learning_rate_scale": 0)", "'learning_rate_scale' must be");
  CHECK(load(R"({"model": "model.json", )" + rest + R"("steps": 5})").steps == 5);
  CHECK(load(R"({"model": "model.json", )" + rest + R"("steps": 5, "device": "cuda", "precision": "float16"})")
            .loss_scale == 65536);
  CHECK_THROWS_WITH(TrainConfig::load(corpus.folder() / "nothing.json"), Catch::Contains("cannot be opened"));
}

TEST_CASE("the learning rate's scale multiplies all of it") {
  TrainConfig config, scaled;
  scaled.learning_rate_scale = 1.5;
  for (const std::int64_t step : {0, 99, 500, 1000})
    CHECK(learning_rate_at(scaled, step) == Approx(1.5 * learning_rate_at(config, step)));
}

TEST_CASE("gradients through several segments, gradients cut at chunks and an auxiliary loss train too") {
  const Corpus corpus;
  TrainConfig config = corpus.config("ways", Carry::delta);
  SECTION("several segments") {
    config.backpropagate_segments = 2;
    config.recompute = GENERATE(false, true);
  }
  SECTION("cut at chunks") { config.truncate_at_chunks = true; }
  SECTION("auxiliary loss") { config.auxiliary_loss = 0.1; }
  TrainProgress last;
  TrainObserver observer;
  observer.progress = [&](const TrainProgress& p) { last = p; };
  REQUIRE(train(config, observer));
  CHECK(last.loss < 3.5);
  CHECK(last.tokens == 40 * 2 * 64 * config.backpropagate_segments);
}

TEST_CASE("an auxiliary loss changes what is learnt, but only where a chunk follows another") {
  const Corpus corpus;
  const auto learnt = [&](const std::string& name, double weight, int chunk) {
    TrainConfig config = corpus.config(name, Carry::delta);
    config.steps = 3;
    config.chunk_lengths = {chunk};
    config.auxiliary_loss = weight;
    REQUIRE(train(config, {}));
    return trained_values(config);
  };
  CHECK(learnt("with", 0.5, 16) != learnt("without", 0, 16));
  CHECK(learnt("one-chunk-with", 0.5, 64) == learnt("one-chunk-without", 0, 64));
}

TEST_CASE("evaluations are kept in heldout.csv, a line for each range of positions and one for all") {
  const Corpus corpus;
  TrainConfig config = corpus.config("evaluated", Carry::delta);
  config.steps = 4;
  config.evaluate_every = 2;
  std::vector<Evaluation> last;
  TrainObserver observer;
  observer.evaluated = [&](std::int64_t, const std::vector<Evaluation>& e) { last = e; };
  REQUIRE(train(config, observer));
  std::ifstream file(config.output / "heldout.csv");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  REQUIRE(lines.size() == 1 + 2 * 3);  // two evaluations of 512 tokens: 0-128, 128-1024, all
  CHECK(lines[0] == "step,tokens,name,first,last,bits_per_byte,nats_per_token");
  CHECK(lines[1].rfind("2,256,corpus,0,128,", 0) == 0);
  CHECK(lines[6].rfind("4,512,corpus,0,65536,", 0) == 0);
  CHECK(std::stod(lines[6].substr(lines[6].rfind(',') + 1)) == Approx(last[0].from(0).nats_per_token()).epsilon(1e-4));
}

TEST_CASE("an empty token file is refused by name, for training and for evaluation") {
  const Corpus corpus;
  TokenFileWriter(corpus.folder() / "empty.tokens", 1, std::vector<std::uint16_t>(96, 1)).finish();
  TrainConfig config = corpus.config("empty", Carry::delta);
  auto& sources = GENERATE(false, true) ? config.train : config.heldout;
  sources[0].tokens = corpus.folder() / "empty.tokens";
  CHECK_THROWS_WITH(train(config, {}), Catch::Contains("empty.tokens: holds nothing to predict"));
}
