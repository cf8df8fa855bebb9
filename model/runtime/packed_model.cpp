#include "model/runtime/packed_model.h"

#include <algorithm>
#include <cmath>
#include <mutex>

namespace catena::model {
namespace {

class Packer {
 public:
  Packer(const Weights& weights, Precision precision, const Kernels& kernels)
      : weights_(weights), precision_(precision), kernels_(kernels) {}

  Linear matrix(int inputs, const std::vector<std::string>& names) const {
    std::vector<std::vector<float>> parts;
    for (const std::string& name : names) parts.push_back(weights_.to_float(name));
    return {inputs, parts, precision_, kernels_};
  }

  Buffer vector(const std::string& name) const {
    const std::vector<float> values = weights_.to_float(name);
    return {values.begin(), values.end()};
  }

  PackedLayer layer(const ModelConfig& config, int index) const {
    const int d = config.width;
    const std::string layer = "layers." + std::to_string(index) + ".";
    const std::string mixer = layer + "mixer.";
    const Carry carry = ModelConfig::is_chain(index) ? config.carry : Carry::none;
    PackedLayer packed;
    packed.norm1 = vector(layer + "norm1.weight");
    if (config.around_taps > 0) packed.around = transposed(vector(layer + "around_conv.weight"), config.around_taps);
    packed.out = matrix(d, {mixer + "out.weight"});
    packed.norm2 = vector(layer + "norm2.weight");
    packed.ffn_in = matrix(d, {layer + "ffn.in.weight"});
    packed.ffn_out = matrix(config.ffn, {layer + "ffn.out.weight"});
    if (carry == Carry::delta || carry == Carry::linear) {
      const bool gate = config.gate_hidden > 0;
      std::vector<std::string> stacked{mixer + "in.weight", mixer + "decay.weight"};
      if (gate) stacked.insert(stacked.begin() + 1, mixer + "importance.in.weight");
      if (config.attends_below(index)) {
        stacked.push_back(mixer + "query.weight");
        packed.attention_out = matrix(d, {mixer + "attention_out.weight"});
      }
      packed.in = matrix(d, stacked);
      packed.convolution = transposed(vector(mixer + "conv.weight"), config.conv_taps);
      if (gate) {
        const Precision steep = precision_ == Precision::int8 ? Precision::float32 : precision_;
        const std::vector<std::vector<float>> importance{weights_.to_float(mixer + "importance.out.weight")};
        packed.importance_out = {config.gate_hidden, importance, steep, kernels_};
        packed.importance_bias = vector(mixer + "importance.out.bias");
      }
      packed.decay_bias = vector(mixer + "decay.bias");
      packed.decay_rate = vector(mixer + "decay.log_rate");
      for (float& rate : packed.decay_rate) rate = std::exp(rate);
      packed.out_norm = vector(mixer + "out_norm.weight");
      return packed;
    }
    packed.in = matrix(d, {mixer + "in.weight"});
    if (config.has_local_convolution(index)) {
      packed.convolution = transposed(vector(mixer + "local_conv.weight"), config.local_taps);
    }
    if (carry == Carry::vector) {
      packed.regression = matrix(d, {mixer + "regression.weight"});
      packed.regression_bias = vector(mixer + "regression.bias");
      packed.regression_norm_weight = vector(mixer + "regression_norm.weight");
      packed.regression_norm_bias = vector(mixer + "regression_norm.bias");
    }
    return packed;
  }

 private:
  static Buffer transposed(const Buffer& channels_by_taps, int taps) {
    const std::size_t columns = static_cast<std::size_t>(taps);
    const std::size_t rows = channels_by_taps.size() / columns;
    Buffer result(channels_by_taps.size());
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        result[column * rows + row] = channels_by_taps[row * columns + column];
      }
    }
    return result;
  }

  const Weights& weights_;
  Precision precision_;
  const Kernels& kernels_;
};

void fill_rotations(PackedModel& model) {
  const int half = model.config.head_width() / 2;
  for (int position = 0; position < max_chunk_length; ++position) {
    for (int j = 0; j < half; ++j) {
      const double angle =
          position * std::pow(static_cast<double>(model.config.rope_base), -static_cast<double>(j) / half);
      model.cosine.push_back(static_cast<float>(std::cos(angle)));
      model.sine.push_back(static_cast<float>(std::sin(angle)));
    }
  }
}

std::shared_ptr<const PackedModel> pack(const Weights& weights, Precision precision, const Kernels& kernels) {
  const Packer packer(weights, precision, kernels);
  auto model = std::make_shared<PackedModel>();
  model->config = weights.config();
  if (model->config.reads_frames()) {
    model->frames = packer.matrix(model->config.features, {"frames.weight"});
    model->frames_bias = packer.vector("frames.bias");
    model->head = packer.matrix(model->config.width, {"head.weight"});
    model->head_bias = packer.vector("head.bias");
  } else {
    model->embed = packer.matrix(model->config.width, {"embed.weight"});
  }
  for (int i = 0; i < model->config.layers; ++i) model->layers.push_back(packer.layer(model->config, i));
  model->norm = packer.vector("norm.weight");
  fill_rotations(*model);
  return model;
}

struct Packed {
  std::weak_ptr<const Weights> weights;
  Precision precision;
  bool tiles;  // all in which kernels differ here
  std::weak_ptr<const PackedModel> model;
};

}  // namespace

std::shared_ptr<const PackedModel> PackedModel::get(const std::shared_ptr<const Weights>& weights, Precision precision,
                                                    const Kernels& kernels) {
  static std::mutex mutex;
  static std::vector<Packed> known;
  const std::lock_guard lock(mutex);
  std::erase_if(known, [](const Packed& entry) { return entry.model.expired(); });
  for (const Packed& entry : known) {
    // Identity by control block: an address may have been used again, a held weak_ptr may not.
    const bool same = !entry.weights.owner_before(weights) && !weights.owner_before(entry.weights);
    if (!same || entry.precision != precision || entry.tiles != kernels.tiles) continue;
    if (std::shared_ptr<const PackedModel> model = entry.model.lock()) return model;
  }
  std::shared_ptr<const PackedModel> model = pack(*weights, precision, kernels);
  known.push_back({weights, precision, kernels.tiles, model});
  return model;
}

}  // namespace catena::model
