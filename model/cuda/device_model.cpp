#include "model/cuda/device_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <stdexcept>

#include "model/runtime/safetensors.h"
#include "model/runtime/state_layout.h"

namespace catena::model::cuda {
namespace {

static_assert(longest_chunk == max_chunk_length);
constexpr float largest_weight = 127, smallest_row = 1e-30F;  // as model/runtime/linear.cpp packs

Number number_of(Precision precision) {
  switch (precision) {
    case Precision::bfloat16:
      return Number::bfloat16;
    case Precision::int8:
      return Number::int8;
    default:
      return Number::float32;
  }
}

std::size_t bytes_of(Number number) { return number == Number::float32 ? 4 : number == Number::bfloat16 ? 2 : 1; }

/// Lays parts of the model side by side in device memory. Without memory it only counts, and nothing is converted.
class Uploader {
 public:
  Uploader(const Weights& weights, Precision precision, std::byte* memory)
      : weights_(weights), number_(number_of(precision)), memory_(memory) {}

  std::size_t used() const { return used_; }

  /// Matrices [outputs, inputs], stacked.
  Matrix matrix(int inputs, const std::vector<std::string>& names) {
    Matrix result;
    result.inputs = inputs;
    result.number = number_;
    std::size_t numbers = 0;
    for (const std::string& name : names) numbers += elements(name);
    result.outputs = static_cast<int>(numbers / static_cast<std::size_t>(inputs));
    std::byte* to = reserve(numbers * bytes_of(number_));
    result.weights = to;
    auto* scales =
        number_ == Number::int8 ? reserve(static_cast<std::size_t>(result.outputs) * sizeof(float)) : nullptr;
    result.scales = reinterpret_cast<const float*>(scales);
    if (memory_ == nullptr) return result;
    for (const std::string& name : names) {
      const std::vector<float> values = weights_.to_float(name);
      if (number_ == Number::float32) {
        to = put(to, values);
      } else if (number_ == Number::bfloat16) {
        std::vector<std::uint16_t> halves(values.size());
        std::transform(values.begin(), values.end(), halves.begin(), to_bfloat16);
        to = put(to, halves);
      } else {
        std::vector<std::int8_t> bytes(values.size());
        std::vector<float> row_scales(values.size() / static_cast<std::size_t>(inputs));
        for (std::size_t row = 0; row < row_scales.size(); ++row)
          row_scales[row] = quantise(&values[row * static_cast<std::size_t>(inputs)],
                                     &bytes[row * static_cast<std::size_t>(inputs)], inputs);
        to = put(to, bytes);
        scales = put(scales, row_scales);
      }
    }
    return result;
  }

  const float* vector(const std::string& name) {
    return upload(elements(name), [&] { return weights_.to_float(name); });
  }
  /// Of `count` numbers; `make` is only asked for them where they are uploaded.
  template <typename Make>
  auto upload(std::size_t count, const Make& make) -> decltype(make().data()) {
    std::byte* to = reserve(count * sizeof(*make().data()));
    if (memory_ != nullptr) put(to, make());
    return reinterpret_cast<decltype(make().data())>(to);
  }
  /// [channels, taps] to [taps, channels].
  const float* convolution(const std::string& name, int taps) {
    return upload(elements(name), [&] {
      const std::vector<float> values = weights_.to_float(name);
      const std::size_t columns = static_cast<std::size_t>(taps), rows = values.size() / columns;
      std::vector<float> result(values.size());
      for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column)
          result[column * rows + row] = values[row * columns + column];
      }
      return result;
    });
  }
  /// A small matrix that stays float32, rounded to bfloat16 first where the others are.
  const float* rounded(const std::string& name) {
    return upload(elements(name), [&] {
      std::vector<float> values = weights_.to_float(name);
      if (number_ == Number::bfloat16)
        for (float& value : values) value = from_bfloat16(to_bfloat16(value));
      return values;
    });
  }

 private:
  std::size_t elements(const std::string& name) const {
    std::size_t count = 1;
    for (const std::int64_t extent : weights_.tensor(name).shape) count *= static_cast<std::size_t>(extent);
    return count;
  }
  // At the beginning of a line of the cache.
  std::byte* reserve(std::size_t bytes) {
    const std::size_t start = (used_ + 255) / 256 * 256;
    used_ = start + bytes;
    return memory_ == nullptr ? nullptr : memory_ + start;
  }
  template <typename T>
  static std::byte* put(std::byte* to, const std::vector<T>& values) {
    const std::size_t bytes = values.size() * sizeof(T);
    check(cudaMemcpy(to, values.data(), bytes, cudaMemcpyHostToDevice), "bringing the weights in");
    return to + bytes;
  }
  /// One row; returns its scale. A row that holds NaN or infinity gives NaN.
  static float quantise(const float* row, std::int8_t* out, int count) {
    float largest = 0;
    bool finite = true;
    for (int i = 0; i < count; ++i) {
      finite = finite && std::isfinite(row[i]);
      largest = std::max(largest, std::abs(row[i]));
    }
    if (!finite) return std::numeric_limits<float>::quiet_NaN();
    if (largest >= smallest_row)
      for (int i = 0; i < count; ++i) out[i] = static_cast<std::int8_t>(std::lround(row[i] / largest * largest_weight));
    return largest / largest_weight;
  }

  const Weights& weights_;
  Number number_;
  std::byte* memory_;
  std::size_t used_ = 0;
};

struct Rotations {
  const float* cosine;
  const float* sine;
};

Rotations upload_rotations(Uploader& uploader, const ModelConfig& config) {
  const int half = config.head_width() / 2;
  const auto table = [&](double (*function)(double)) {
    std::vector<float> values;
    for (int position = 0; position < max_chunk_length; ++position) {
      for (int j = 0; j < half; ++j) {
        const double angle = position * std::pow(static_cast<double>(config.rope_base), -static_cast<double>(j) / half);
        values.push_back(static_cast<float>(function(angle)));
      }
    }
    return values;
  };
  const std::size_t count = static_cast<std::size_t>(max_chunk_length) * static_cast<std::size_t>(half);
  return {uploader.upload(count, [&] { return table(std::cos); }),
          uploader.upload(count, [&] { return table(std::sin); })};
}

DeltaMixer upload_delta(Uploader& uploader, const Weights& weights, const std::string& mixer, int index) {
  const ModelConfig& config = weights.config();
  const StateLayout layout(config, min_chunk_length);  // what is asked of it does not depend on the length
  DeltaMixer result;
  result.convolution = {uploader.convolution(mixer + "conv.weight", config.conv_taps), config.conv_taps,
                        layout.tail(index)};
  if (config.gate_hidden > 0) {
    result.importance = uploader.rounded(mixer + "importance.out.weight");
    result.importance_bias = uploader.vector(mixer + "importance.out.bias");
  }
  result.decay_bias = uploader.vector(mixer + "decay.bias");
  result.decay_rate = uploader.upload(static_cast<std::size_t>(config.heads), [&] {
    std::vector<float> rates = weights.to_float(mixer + "decay.log_rate");
    for (float& rate : rates) rate = std::exp(rate);
    return rates;
  });
  result.out_norm = uploader.vector(mixer + "out_norm.weight");
  result.width = config.width;
  result.heads = config.heads;
  result.head_width = config.head_width();
  result.gate_hidden = config.gate_hidden;
  result.eps = config.norm_eps;
  result.corrected = config.carry == Carry::delta ? 1.0F : 0.0F;
  result.memory = layout.memory(index);
  return result;
}

/// Layer `index`'s attention but for its convolution.
LocalMixer describe_local(const ModelConfig& config, const Rotations& rotations, int index) {
  LocalMixer result;
  result.cosine = rotations.cosine;
  result.sine = rotations.sine;
  result.width = config.width;
  result.heads = config.heads;
  result.head_width = config.head_width();
  result.running = StateLayout(config, min_chunk_length).running_chunk();
  result.index = config.has_memory() ? index / 2 : index;  // as StateLayout counts them
  return result;
}

LocalMixer upload_local(Uploader& uploader, const ModelConfig& config, const Rotations& rotations,
                        const std::string& mixer, int index) {
  const StateLayout layout(config, min_chunk_length);
  LocalMixer result = describe_local(config, rotations, index);
  if (config.has_local_convolution(index)) {
    result.convolution = {uploader.convolution(mixer + "local_conv.weight", config.local_taps), config.local_taps,
                          layout.local_tail(index), true};
  }
  return result;
}

DeviceLayer upload_layer(Uploader& uploader, const Weights& weights, const Rotations& rotations, int index) {
  const ModelConfig& config = weights.config();
  const std::string layer = "layers." + std::to_string(index) + ".", mixer = layer + "mixer.";
  DeviceLayer result;
  result.norm1 = uploader.vector(layer + "norm1.weight");
  result.has_memory = ModelConfig::is_chain(index) && config.has_memory();
  std::vector<std::string> stacked{mixer + "in.weight"};
  if (result.has_memory) {
    if (config.gate_hidden > 0) stacked.push_back(mixer + "importance.in.weight");
    stacked.push_back(mixer + "decay.weight");
    if (config.attends_below(index)) {
      result.attends_below = true;
      stacked.push_back(mixer + "query.weight");
      result.attention_out = uploader.matrix(config.width, {mixer + "attention_out.weight"});
      result.below = describe_local(config, rotations, index - 1);
    }
    result.delta = upload_delta(uploader, weights, mixer, index);
  } else {
    result.local = upload_local(uploader, config, rotations, mixer, index);
  }
  result.in = uploader.matrix(config.width, stacked);
  result.out = uploader.matrix(config.width, {mixer + "out.weight"});
  result.norm2 = uploader.vector(layer + "norm2.weight");
  result.ffn_in = uploader.matrix(config.width, {layer + "ffn.in.weight"});
  result.ffn_out = uploader.matrix(config.ffn, {layer + "ffn.out.weight"});
  return result;
}

Regression upload_regression(Uploader& uploader, const ModelConfig& config, int index) {
  const std::string mixer = "layers." + std::to_string(index) + ".mixer.";
  const StateLayout layout(config, min_chunk_length);
  return {uploader.matrix(config.width, {mixer + "regression.weight"}),
          uploader.vector(mixer + "regression.bias"),
          uploader.vector(mixer + "regression_norm.weight"),
          uploader.vector(mixer + "regression_norm.bias"),
          layout.regression(index),
          layout.last_result(index)};
}

void upload_all(Uploader& uploader, const Weights& weights, DeviceModel& model) {
  const ModelConfig& config = weights.config();
  model.layers.clear();
  model.regressions.clear();
  model.embed = uploader.matrix(config.width, {"embed.weight"});
  const Rotations rotations = upload_rotations(uploader, config);
  for (int i = 0; i < config.layers; ++i) {
    model.layers.push_back(upload_layer(uploader, weights, rotations, i));
    if (ModelConfig::is_chain(i) && config.carry == Carry::vector)
      model.regressions.push_back(upload_regression(uploader, config, i));
  }
  model.device_regressions = uploader.upload(model.regressions.size(), [&] { return model.regressions; });
  model.norm = uploader.vector("norm.weight");
}

void check_readable(const ModelConfig& config) {
  if (config.reads_frames()) throw std::runtime_error("model '" + config.name + "' reads sound, not text");
  if (config.head_width() > widest_head) {
    throw std::runtime_error("model '" + config.name + "' has heads of width " + std::to_string(config.head_width()) +
                             ", on the CUDA device at most " + std::to_string(widest_head) + "; choose cpu");
  }
}

std::shared_ptr<const DeviceModel> upload(const Weights& weights, Precision precision) {
  auto model = std::make_shared<DeviceModel>();
  model->config = weights.config();
  Uploader sizes(weights, precision, nullptr);
  upload_all(sizes, weights, *model);
  model->memory = DeviceMemory(sizes.used(), "the weights of model '" + model->config.name + "'");
  Uploader uploader(weights, precision, model->memory.data());
  upload_all(uploader, weights, *model);
  // A copy from ordinary memory may return while the last of it is still under way, and executors' streams wait for
  // none.
  check(cudaDeviceSynchronize(), "bringing the weights in");
  return model;
}

struct Uploaded {
  std::weak_ptr<const Weights> weights;
  Precision precision;
  std::weak_ptr<const DeviceModel> model;
};

}  // namespace

std::shared_ptr<const DeviceModel> DeviceModel::get(const std::shared_ptr<const Weights>& weights,
                                                    Precision precision) {
  check_readable(weights->config());
  static std::mutex mutex;
  static std::vector<Uploaded> known;
  const std::lock_guard lock(mutex);
  std::erase_if(known, [](const Uploaded& entry) { return entry.model.expired(); });
  for (const Uploaded& entry : known) {
    // Identity by control block: an address may have been used again, a held weak_ptr may not.
    const bool same = !entry.weights.owner_before(weights) && !weights.owner_before(entry.weights);
    if (!same || entry.precision != precision) continue;
    if (std::shared_ptr<const DeviceModel> model = entry.model.lock()) return model;
  }
  std::shared_ptr<const DeviceModel> model = upload(*weights, precision);
  known.push_back({weights, precision, model});
  return model;
}

}  // namespace catena::model::cuda
