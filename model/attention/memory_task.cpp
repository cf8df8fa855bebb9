#include "model/attention/memory_task.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace catena::model::lab {

using torch::Tensor;

MemoryBatch draw(const MemoryTask& task, std::int64_t distance, std::int64_t batch, std::mt19937_64& random) {
  if (task.pairs > task.keys) {
    throw std::invalid_argument("memory task: " + std::to_string(task.pairs) + " pairs, more than the " +
                                std::to_string(task.keys) + " keys");
  }
  const std::int64_t first_value = task.keys, first_noise = first_value + task.values,
                     nothing = first_noise + task.noise;
  const std::int64_t length = task.length(distance);
  MemoryBatch result{torch::full({batch, length, 2}, nothing, torch::kLong),
                     torch::empty({batch, task.pairs}, torch::kLong)};
  const auto symbol = [&](std::int64_t first, std::int64_t count) {
    return first + std::uniform_int_distribution<std::int64_t>(0, count - 1)(random);
  };
  for (std::int64_t b = 0; b < batch; ++b) {
    std::int64_t* token = result.tokens.data_ptr<std::int64_t>() + b * length * 2;
    std::int64_t* answer = result.answers.data_ptr<std::int64_t>() + b * task.pairs;
    std::vector<std::int64_t> keys(static_cast<std::size_t>(task.keys)), order(static_cast<std::size_t>(task.pairs));
    std::iota(keys.begin(), keys.end(), 0);
    std::iota(order.begin(), order.end(), 0);
    if (task.kind == MemoryTask::Kind::recall) {
      std::shuffle(keys.begin(), keys.end(), random);
      std::shuffle(order.begin(), order.end(), random);
    }
    std::vector<std::int64_t> values;
    for (std::int64_t i = 0; i < task.pairs; ++i) {
      values.push_back(symbol(first_value, task.values));
      *token++ = keys[static_cast<std::size_t>(i)];
      *token++ = values.back();
    }
    for (std::int64_t i = 0; i < distance; ++i, token += 2) *token = symbol(first_noise, task.noise);
    for (const std::int64_t asked : order) {
      *token = keys[static_cast<std::size_t>(asked)];
      token += 2;
      *answer++ = values[static_cast<std::size_t>(asked)];
    }
  }
  return result;
}

}  // namespace catena::model::lab
