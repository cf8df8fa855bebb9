#include "app/suggest/word_ranker.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace catena::app {

using nlohmann::json;

std::shared_ptr<const WordRanker> WordRanker::load(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file.string() + ": cannot be read");
  try {
    const json root = json::parse(in);
    if (root.at("features") != json(word_feature_names)) {
      throw std::runtime_error("made for other features than this program's: train it again (catena_ranker)");
    }
    auto ranker = std::make_shared<WordRanker>();
    root.at("mean").get_to(ranker->mean);
    root.at("scale").get_to(ranker->scale);
    root.at("in").get_to(ranker->in);
    root.at("in_bias").get_to(ranker->in_bias);
    root.at("out").get_to(ranker->out);
    root.at("linear").get_to(ranker->linear);
    root.at("none").get_to(ranker->none);
    return ranker;
  } catch (const json::exception&) {
    throw std::runtime_error(file.string() +
                             ": damaged: train it again (catena_ranker), or take the model's folder anew");
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(file.string() + ": " + error.what());
  }
}

std::shared_ptr<const WordRanker> WordRanker::of_model(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / file_name;
  return std::filesystem::exists(file) ? load(file) : nullptr;
}

void WordRanker::save(const std::filesystem::path& file) const {
  const json root = {{"features", word_feature_names},
                     {"mean", mean},
                     {"scale", scale},
                     {"in", in},
                     {"in_bias", in_bias},
                     {"out", out},
                     {"linear", linear},
                     {"none", none}};
  std::ofstream out_file(file);
  out_file << root.dump() << '\n';
  if (!out_file.flush()) throw std::runtime_error(file.string() + ": cannot be written");
}

void WordRanker::judge(std::span<const WordFeatures> rows, std::size_t typed, std::span<double> probabilities) const {
  const double otherwise = static_cast<double>(none[typed_class(typed)]);
  double top = otherwise;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::array<float, hidden> sums = in_bias;
    float score = 0;
    for (std::size_t f = 0; f < word_feature_count; ++f) {
      const float value = (rows[i][f] - mean[f]) * scale[f];
      score += value * linear[f];
      for (std::size_t h = 0; h < hidden; ++h) sums[h] += value * in[f][h];
    }
    for (std::size_t h = 0; h < hidden; ++h) score += std::tanh(sums[h]) * out[h];
    probabilities[i] = static_cast<double>(score);
    top = std::max(top, probabilities[i]);
  }
  double total = std::exp(otherwise - top);
  for (double& probability : probabilities) total += probability = std::exp(probability - top);
  for (double& probability : probabilities) probability /= total;
}

}  // namespace catena::app
