// A model's weights in the order the kernels read them. Built once, const, shared by all executors of the same weights
// and precision.
#pragma once

#include <memory>
#include <vector>

#include "model/runtime/linear.h"
#include "model/runtime/weights.h"

namespace catena::model {

struct PackedLayer {
  Buffer norm1;   // [d]
  Buffer around;  // [around_taps, d], transposed: channels side by side; empty without
  // delta: q, k, v, g, importance's first layer, decay stacked: [4d + G + H, d], and behind them the query [d, d] of a
  // layer that attends to the one below; else q, k, v: [3d, d]
  Linear in;
  Linear out;    // [d, d]
  Buffer norm2;  // [d]
  Linear ffn_in;
  Linear ffn_out;

  Buffer convolution;  // of q, k, v [taps, 3d], transposed: channels side by side; empty without

  // Delta layers.
  Linear importance_out;  // [H, G]
  Buffer importance_bias;
  Buffer decay_bias;
  Buffer decay_rate;  // exp(log_rate)
  Buffer out_norm;    // [D]
  Linear attention_out;  // [d, d], of a layer that attends to the one below

  // Vector layers.
  Linear regression;  // [d, d]
  Buffer regression_bias;
  Buffer regression_norm_weight;
  Buffer regression_norm_bias;
};

struct PackedModel {
  ModelConfig config;
  Linear embed;  // [V, d]: rows are looked up, and the same matrix gives the logits
  Linear frames;  // [d, features], of a model that reads frames, in place of embed
  Buffer frames_bias;
  Linear head;  // [V, d], likewise
  Buffer head_bias;
  std::vector<PackedLayer> layers;
  Buffer norm;    // [d]
  Buffer cosine;  // [max_chunk_length, D / 2]
  Buffer sine;

  /// Packs, or hands out what is already packed and still in use. Matrices are rounded to bfloat16 or int8 when asked
  /// for; vectors stay float32, and so does importance_out in int8: tiny, and what it gives is divided by the
  /// temperature. `kernels`: those that the model will be computed with.
  static std::shared_ptr<const PackedModel> get(const std::shared_ptr<const Weights>& weights, Precision precision,
                                                const Kernels& kernels = best_kernels());
};

}  // namespace catena::model
