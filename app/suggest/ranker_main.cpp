// catena_ranker: trains what ranks the words of suggestions (word_ranker.json in a model's folder) on files the model
// has not been trained on. First `collect`, which types in the files as a user would, then `train`.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "app/commands/text_file.h"
#include "app/suggest/ranker_examples.h"
#include "model/text/text_model.h"

namespace {

using namespace catena;
using namespace catena::app;

constexpr std::size_t folds = 5;

void collect(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& files,
             const RankerCollection& options, const std::filesystem::path& output) {
  const auto model = model::TextModel::load(folder);
  const std::shared_ptr<model::Executor> executor =
      model::make_executor(model->weights(), {model::Device::cpu, model::Precision::int8, 1});
  const auto ranker = WordRanker::of_model(folder);
  std::vector<RankerExample> examples;
  for (const auto& file : files) {
    for (RankerExample& example :
         collect_examples(model, executor, ranker, file.filename().string(), read_text_file(file), options)) {
      examples.push_back(std::move(example));
    }
  }
  save_examples(examples, output);
  std::printf("%zu places in %zu files\n", examples.size(), files.size());
}

void print(const char* what, const RankerScore& score) {
  std::printf("%s: %.4f nats a place, %.2f %% right, %.4f bytes right a place\n", what, score.nats, 100 * score.right,
              score.bytes);
}

void train(const std::vector<std::filesystem::path>& files, const RankerTraining& training,
           const std::filesystem::path& output) {
  std::vector<RankerExample> examples;
  for (const auto& file : files) {
    for (RankerExample& example : load_examples(file)) examples.push_back(std::move(example));
  }
  // Neighbours are of one file, so a fold is a run of them.
  RankerScore left_out;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<const RankerExample*> others, these;
    for (std::size_t i = 0; i < examples.size(); ++i)
      (i * folds / examples.size() == fold ? these : others).push_back(&examples[i]);
    const RankerScore score = score_ranker(train_ranker(others, training), these);
    left_out.nats += score.nats / folds;
    left_out.right += score.right / folds;
    left_out.bytes += score.bytes / folds;
  }
  print("places left out", left_out);
  std::vector<const RankerExample*> all;
  for (const RankerExample& example : examples) all.push_back(&example);
  const WordRanker ranker = train_ranker(all, training);
  print("all places", score_ranker(ranker, all));
  ranker.save(output);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program{"Trains what ranks the words of suggestions"};
  program.require_subcommand(1);
  std::filesystem::path folder, output;
  std::vector<std::filesystem::path> files;
  RankerCollection collection;
  RankerTraining training;

  CLI::App* collecting = program.add_subcommand("collect", "Type in files and take down the words that may come next");
  collecting->add_option("MODEL", folder, "Folder of the model that reads along")->required();
  collecting->add_option("FILES", files, "Text files it was not trained on")->required();
  collecting->add_option("-o,--output", output, "Where the examples go")->required();
  collecting->add_option("--typed-bytes", collection.typed_bytes, "How much of each file is typed")
      ->capture_default_str();
  collecting->add_option("--seed", collection.seed, "Chooses where in each file")->capture_default_str();

  CLI::App* fitting = program.add_subcommand("train", "Fit a ranker to examples");
  fitting->add_option("EXAMPLES", files, "What collect wrote")->required();
  fitting->add_option("-o,--output", output, "The ranker")->required();
  fitting->add_option("--epochs", training.epochs, "How often each example is seen")->capture_default_str();
  fitting->add_option("--weight-decay", training.weight_decay, "Of all numbers")->capture_default_str();
  fitting->add_option("--seed", training.seed, "Of its beginning and the order of the examples")->capture_default_str();
  CLI11_PARSE(program, argc, argv);
  try {
    if (*collecting) {
      collect(folder, files, collection, output);
    } else {
      train(files, training, output);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
