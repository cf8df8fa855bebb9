// The gated delta rule on the CPU, forward and back: one stream's head a task, a block of tokens at a time, so that all
// that is made of a block stays in the caches. Method and symbols: delta_rule.cpp, cuda/delta_backward.cuh; x, what the
// tokens write, is solved for from the state before the block, so that neither the inverse nor u and w are made.
#include <initializer_list>
#include <utility>
#include <vector>

#include "model/tracker/delta_rule.h"
#include "model/tracker/fused_rows.h"
#include "model/tracker/small_products.h"

namespace catena::model {
namespace {

constexpr std::int64_t kBlock = 64;  // tokens; also the stride of squares of tokens

std::int64_t padded(std::int64_t x, std::int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

struct Sizes {
  std::int64_t batch, tokens, heads, width;
  bool corrected;
  std::int64_t truncate;

  Sizes(const Tensor& qkv, bool is_corrected, std::int64_t truncate_every)
      : batch(qkv.size(0)),
        tokens(qkv.size(1)),
        heads(qkv.size(3)),
        width(qkv.size(4)),
        corrected(is_corrected),
        truncate(truncate_every) {}
  std::int64_t block() const { return delta_block_length(kBlock, truncate); }
  std::int64_t blocks() const { return (tokens + block() - 1) / block(); }
  std::int64_t stride() const { return padded(width, kTileColumns); }  // of a block's vectors and of states
  std::int64_t square() const { return width * width; }
};

/// A block of one head's tokens: where its numbers stand in the inputs.
struct Place {
  Place(const Sizes& sizes, std::int64_t task, std::int64_t block)
      : count(std::min(sizes.block(), sizes.tokens - block * sizes.block())),
        rows(padded(count, kTileRows)),
        step(3 * sizes.heads * sizes.width),
        token((task / sizes.heads * sizes.tokens + block * sizes.block()) * sizes.heads + task % sizes.heads),
        vector(token / sizes.heads * step + token % sizes.heads * sizes.width),
        part(sizes.heads * sizes.width),
        heads(sizes.heads) {}
  std::int64_t count, rows;  // tokens, and padded
  std::int64_t step;         // between the vectors of two tokens, in qkv
  std::int64_t token;        // first in [B, T, H]
  std::int64_t vector;       // first in [B, T, 3, H, D]
  std::int64_t part;         // between q, k and v
  std::int64_t heads;        // between two tokens in [B, T, H]
};

/// Room for one block, kept by a thread over all of its tasks.
class Scratch {
 public:
  explicit Scratch(const Sizes& sizes)
      : stride(sizes.stride()),
        numbers_(static_cast<std::size_t>(12 * kBlock * stride + 4 * stride * stride + 7 * kBlock * kBlock)) {
    float* next = numbers_.data();
    const auto take = [&](std::int64_t count, std::initializer_list<float**> matrices) {
      for (float** matrix : matrices) *matrix = std::exchange(next, next + count);
    };
    take(kBlock * stride, {&q, &k, &v, &x, &o, &dq, &dk, &dv, &asked, &written, &k_t, &x_t});
    take(stride * stride, {&state, &state_t, &d_state, &d_state_t});
    take(kBlock * kBlock, {&inside, &keys, &lower, &decay, &d_inside, &d_lower, &pairs});
  }
  std::int64_t stride;
  float *q, *k, *v;     ///< of unit length, [C, D]
  float *x, *o;         ///< what the tokens write, and their outputs or the gradients of those, [C, D]
  float *dq, *dk, *dv;  ///< dv: dx at first, then Y
  float *asked, *written;
  float *k_t, *x_t;                              ///< [D, C]
  float *state, *state_t, *d_state, *d_state_t;  ///< [D, D]
  float *inside, *keys, *lower;                  ///< q k^T decay, k k^T decay, b k k^T decay, [C, C]
  float *decay, *d_inside, *d_lower, *pairs;
  float q_scale[kBlock], k_scale[kBlock];                                 ///< one over the length they came with
  float b[kBlock], g[kBlock], from_start[kBlock], to_end[kBlock], whole;  ///< as in delta_rule.cpp
  float db[kBlock], dg[kBlock];

 private:
  std::vector<float> numbers_;
};

/// Rows [count, D] from the inputs to the scratch; what pads them is 0.
template <typename Change>
void load_rows(const float* from, const Place& place, std::int64_t width, std::int64_t step, float* to,
               std::int64_t stride, const Change& change) {
  for (std::int64_t t = 0; t < place.rows; ++t) {
    float* y = to + t * stride;
    if (t < place.count) {
      std::copy(from + t * step, from + t * step + width, y);
      change(t, y);
    } else {
      std::fill(y, y + width, 0.0F);
    }
    std::fill(y + width, y + stride, 0.0F);
  }
}

float dot(const float* a, const float* b, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < n; ++j) sum += a[j] * b[j];
  return sum;
}

void scale_row(float* x, float by, std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) x[j] *= by;
}

/// to += by * x.
void add_row(float* to, const float* x, float by, std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) to[j] += by * x[j];
}

void load_square(const float* from, std::int64_t width, float* to, std::int64_t stride) {
  for (std::int64_t i = 0; i < width; ++i) {
    std::copy(from + i * width, from + (i + 1) * width, to + i * stride);
    std::fill(to + i * stride + width, to + (i + 1) * stride, 0.0F);
  }
}

void store_square(const float* from, std::int64_t stride, std::int64_t width, float* to) {
  for (std::int64_t i = 0; i < width; ++i) std::copy(from + i * stride, from + i * stride + width, to + i * width);
}

/// One head of one stream.
class HeadTask {
 public:
  HeadTask(const Sizes& sizes, std::int64_t task, const float* qkv, const float* log_a, const float* b,
           Scratch& scratch)
      : sizes_(sizes),
        task_(task),
        qkv_(qkv),
        log_a_(log_a),
        b_(b),
        s_(scratch),
        width_(sizes.width),
        stride_(scratch.stride) {}

  /// out [B, T, H, D], final_state and states [blocks, D, D] of this head, from its state.
  void forward(const float* state, float* out, float* final_state, float* states) {
    load_square(state, width_, s_.state, stride_);
    for (std::int64_t block = 0; block < sizes_.blocks(); ++block) {
      const Place place(sizes_, task_, block);
      store_square(s_.state, stride_, width_, states + block * sizes_.square());
      prepare(place);
      multiply<Into::set>(straight(s_.q, stride_), s_.state, stride_, width_, s_.o, stride_, place.rows, stride_);
      for (std::int64_t t = 0; t < place.rows; ++t) scale_row(s_.o + t * stride_, s_.from_start[t], stride_);
      multiply<Into::add, Triangle::left_below>(straight(s_.inside, kBlock), s_.x, stride_, place.count, s_.o, stride_,
                                                place.rows, stride_);
      for (std::int64_t t = 0; t < place.count; ++t) {
        const float* from = s_.o + t * stride_;
        std::copy(from, from + width_, out + (place.token + t * place.heads) * width_);
      }
      scale_row(s_.state, s_.whole, width_ * stride_);
      for (std::int64_t t = 0; t < place.rows; ++t) scale_row(s_.x + t * stride_, s_.to_end[t], stride_);
      multiply<Into::add>(transposed(s_.k, stride_), s_.x, stride_, place.count, s_.state, stride_, width_, stride_);
    }
    store_square(s_.state, stride_, width_, final_state);
  }

  /// Gradients, from those of out and of the final state (null: 0). states: as forward() left them. d_state is left as
  /// that of the state before the first token.
  void backward(const float* states, const float* d_out, const float* d_final, float* d_qkv, float* d_log_a, float* d_b,
                float* d_state) {
    if (d_final != nullptr) {
      load_square(d_final, width_, s_.d_state, stride_);
    } else {
      std::fill(s_.d_state, s_.d_state + width_ * stride_, 0.0F);
    }
    for (std::int64_t block = sizes_.blocks() - 1; block >= 0; --block) {
      const Place place(sizes_, task_, block);
      load_square(states + block * sizes_.square(), width_, s_.state, stride_);
      prepare(place);
      load_rows(d_out + place.token * width_, place, width_, place.heads * width_, s_.o, stride_,
                [](std::int64_t, float*) {});
      transpose(s_.x, stride_, place.rows, width_, s_.x_t, kBlock);
      transpose(s_.state, stride_, width_, width_, s_.state_t, stride_);
      transpose(s_.d_state, stride_, width_, width_, s_.d_state_t, stride_);
      std::fill(s_.dg, s_.dg + kBlock, 0.0F);
      std::fill(s_.db, s_.db + kBlock, 0.0F);
      through_outputs(place);
      through_writing(place);
      if (sizes_.corrected) through_correction(place);
      through_values(place);
      hand_back(place, sizes_.truncate > 0 && block * sizes_.block() % sizes_.truncate == 0);
      store(place, d_qkv, d_log_a, d_b);
    }
    store_square(s_.d_state, stride_, width_, d_state);
  }

 private:
  /// What both ways need of a block: its vectors, gates, the products of its tokens, and x.
  void prepare(const Place& place) {
    const float* first = qkv_ + place.vector;
    const auto unit = [&](float* scales) {
      return [this, scales](std::int64_t t, float* y) {
        scales[t] = 1.0F / std::sqrt(dot(y, y, width_) + 1e-6F);
        scale_row(y, scales[t], width_);
      };
    };
    load_rows(first, place, width_, place.step, s_.q, stride_, unit(s_.q_scale));
    load_rows(first + place.part, place, width_, place.step, s_.k, stride_, unit(s_.k_scale));
    load_rows(first + 2 * place.part, place, width_, place.step, s_.v, stride_, [](std::int64_t, float*) {});
    load_gates(place);
    transpose(s_.k, stride_, place.rows, width_, s_.k_t, kBlock);
    multiply<Into::set, Triangle::result_below>(straight(s_.q, stride_), s_.k_t, kBlock, width_, s_.inside, kBlock,
                                                place.rows, kBlock);
    if (sizes_.corrected) {
      multiply<Into::set, Triangle::result_below>(straight(s_.k, stride_), s_.k_t, kBlock, width_, s_.keys, kBlock,
                                                  place.rows, kBlock);
    }
    for (std::int64_t i = 0; i < place.rows; ++i) decay_row(i, i < place.count ? i + 1 : 0);
    if (sizes_.corrected) {
      multiply<Into::set>(straight(s_.k, stride_), s_.state, stride_, width_, s_.x, stride_, place.rows, stride_);
      for (std::int64_t t = 0; t < place.rows; ++t) {
        float* x = s_.x + t * stride_;
        const float* v = s_.v + t * stride_;
        for (std::int64_t j = 0; j < stride_; ++j) x[j] = s_.b[t] * (v[j] - s_.from_start[t] * x[j]);
      }
      solve_lower(s_.lower, kBlock, s_.x, stride_, place.rows, stride_);
    } else {
      for (std::int64_t t = 0; t < place.rows; ++t) {
        for (std::int64_t j = 0; j < stride_; ++j) s_.x[t * stride_ + j] = s_.b[t] * s_.v[t * stride_ + j];
      }
    }
  }

  void load_gates(const Place& place) {
    float sum = 0;
    for (std::int64_t t = 0; t < place.count; ++t) {
      sum += log_a_[place.token + t * place.heads];
      s_.g[t] = sum;
      s_.b[t] = b_[place.token + t * place.heads];
    }
    s_.whole = std::exp(sum);
    for (std::int64_t t = 0; t < kBlock; ++t) {
      const bool there = t < place.count;
      if (!there) s_.b[t] = s_.g[t] = 0;
      s_.from_start[t] = there ? std::exp(s_.g[t]) : 0;
      s_.to_end[t] = there ? std::exp(sum - s_.g[t]) : 0;
    }
  }

  /// Row i of the products with their decay, of which the first `seen` are there.
  void decay_row(std::int64_t i, std::int64_t seen) {
    float *inside = s_.inside + i * kBlock, *keys = s_.keys + i * kBlock, *lower = s_.lower + i * kBlock,
          *decay = s_.decay + i * kBlock;
    const float g = s_.g[i], b = s_.b[i];
    // exp of differences: exp of the sums themselves would overflow.
    for (std::int64_t j = 0; j < seen; ++j) decay[j] = std::exp(g - s_.g[j]);
    for (std::int64_t j = 0; j < seen; ++j) inside[j] *= decay[j];
    for (float* row : {inside, decay}) std::fill(row + seen, row + kBlock, 0.0F);
    if (!sizes_.corrected) return;
    const std::int64_t before = std::max<std::int64_t>(0, seen - 1);
    for (std::int64_t j = 0; j < before; ++j) {
      keys[j] *= decay[j];
      lower[j] = b * keys[j];
    }
    for (float* row : {keys, lower}) std::fill(row + before, row + kBlock, 0.0F);
  }

  /// Through o = from_start q S + inside x: sets dq, dk and dv (dx so far), adds to dg.
  void through_outputs(const Place& place) {
    multiply<Into::set, Triangle::result_below>(straight(s_.o, stride_), s_.x_t, kBlock, width_, s_.d_inside, kBlock,
                                                place.rows, kBlock);
    multiply<Into::set>(straight(s_.o, stride_), s_.state_t, stride_, width_, s_.dq, stride_, place.rows, stride_);
    multiply<Into::set, Triangle::left_above>(transposed(s_.inside, kBlock), s_.o, stride_, place.count, s_.dv, stride_,
                                              place.rows, stride_);
    for (std::int64_t i = 0; i < place.rows; ++i) {
      float* dq = s_.dq + i * stride_;
      scale_row(dq, s_.from_start[i], stride_);
      s_.dg[i] += dot(dq, s_.q + i * stride_, width_);
      const float *inside = s_.inside + i * kBlock, *d_inside = s_.d_inside + i * kBlock,
                  *decay = s_.decay + i * kBlock;
      float* pairs = s_.pairs + i * kBlock;
      for (std::int64_t j = 0; j <= i; ++j) pairs[j] = d_inside[j] * decay[j];
      std::fill(pairs + i + 1, pairs + kBlock, 0.0F);
      float sum = 0;
      for (std::int64_t j = 0; j < i; ++j) {  // a token's own decay is 1 whatever the gates
        const float of_log_decay = inside[j] * d_inside[j];
        s_.dg[j] -= of_log_decay;
        sum += of_log_decay;
      }
      s_.dg[i] += sum;
    }
    multiply<Into::add, Triangle::left_below>(straight(s_.pairs, kBlock), s_.k, stride_, place.count, s_.dq, stride_,
                                              place.rows, stride_);
    multiply<Into::set, Triangle::left_above>(transposed(s_.pairs, kBlock), s_.q, stride_, place.count, s_.dk, stride_,
                                              place.rows, stride_);
  }

  /// Through S' = whole S + (to_end k)^T x: completes dx, adds to dk and dg.
  void through_writing(const Place& place) {
    multiply<Into::set>(straight(s_.k, stride_), s_.d_state, stride_, width_, s_.written, stride_, place.rows, stride_);
    for (std::int64_t t = 0; t < place.rows; ++t)
      add_row(s_.dv + t * stride_, s_.written + t * stride_, s_.to_end[t], stride_);
    multiply<Into::set>(straight(s_.x, stride_), s_.d_state_t, stride_, width_, s_.written, stride_, place.rows,
                        stride_);
    const std::int64_t last = place.count - 1;
    float later = s_.whole * dot(s_.state, s_.d_state, width_ * stride_);
    for (std::int64_t t = 0; t < place.count; ++t) {
      float* written = s_.written + t * stride_;
      add_row(s_.dk + t * stride_, written, s_.to_end[t], stride_);
      if (t == last) break;  // the last token's own is 1
      const float of_log = s_.to_end[t] * dot(written, s_.k + t * stride_, width_);
      s_.dg[t] -= of_log;
      later += of_log;
    }
    s_.dg[last] += later;
  }

  /// dv: dx -> Y = (I + L)^-T dx. Through the state's answers b from_start k S and through L: adds to dk, db, dg.
  void through_correction(const Place& place) {
    solve_lower_transposed(s_.lower, kBlock, s_.dv, stride_, place.rows, stride_);
    multiply<Into::set>(straight(s_.dv, stride_), s_.state_t, stride_, width_, s_.asked, stride_, place.rows, stride_);
    multiply<Into::set, Triangle::result_below>(straight(s_.dv, stride_), s_.x_t, kBlock, width_, s_.d_lower, kBlock,
                                                place.rows, kBlock);
    for (std::int64_t i = 0; i < place.rows; ++i) {
      const float b = s_.b[i], of_answer = -s_.from_start[i] * dot(s_.asked + i * stride_, s_.k + i * stride_, width_);
      add_row(s_.dk + i * stride_, s_.asked + i * stride_, -b * s_.from_start[i], stride_);
      const float *d_lower = s_.d_lower + i * kBlock, *keys = s_.keys + i * kBlock, *decay = s_.decay + i * kBlock;
      float *pairs = s_.pairs + i * kBlock, across = 0;
      for (std::int64_t j = 0; j < i; ++j) {
        const float of_keys = -d_lower[j] * keys[j];
        across += of_keys;
        s_.dg[j] -= b * of_keys;
        pairs[j] = -d_lower[j] * b * decay[j];
      }
      std::fill(pairs + i, pairs + kBlock, 0.0F);
      s_.db[i] += of_answer + across;
      s_.dg[i] += b * (of_answer + across);
    }
    multiply<Into::add, Triangle::left_below>(straight(s_.pairs, kBlock), s_.k, stride_, place.count, s_.dk, stride_,
                                              place.rows, stride_);
    multiply<Into::add, Triangle::left_above>(transposed(s_.pairs, kBlock), s_.k, stride_, place.count, s_.dk, stride_,
                                              place.rows, stride_);
  }

  void through_values(const Place& place) {
    for (std::int64_t t = 0; t < place.count; ++t) s_.db[t] += dot(s_.dv + t * stride_, s_.v + t * stride_, width_);
  }

  /// d_state from that of the state after the block to that of the state before it; 0 where the way back is cut. v
  /// becomes dv.
  void hand_back(const Place& place, bool cut) {
    for (std::int64_t t = 0; t < place.rows; ++t) {
      float *y = s_.dv + t * stride_, *dv = s_.v + t * stride_;
      for (std::int64_t j = 0; j < stride_; ++j) dv[j] = s_.b[t] * y[j];
      for (std::int64_t j = 0; j < stride_; ++j) y[j] = s_.from_start[t] * dv[j];
      scale_row(s_.o + t * stride_, s_.from_start[t], stride_);
    }
    if (cut) {
      std::fill(s_.d_state, s_.d_state + width_ * stride_, 0.0F);
      return;
    }
    scale_row(s_.d_state, s_.whole, width_ * stride_);
    multiply<Into::add>(transposed(s_.q, stride_), s_.o, stride_, place.count, s_.d_state, stride_, width_, stride_);
    if (sizes_.corrected) {
      multiply<Into::subtract>(transposed(s_.k, stride_), s_.dv, stride_, place.count, s_.d_state, stride_, width_,
                               stride_);
    }
  }

  void store(const Place& place, float* d_qkv, float* d_log_a, float* d_b) const {
    float* first = d_qkv + place.vector;
    const auto of_unit = [&](const float* d, const float* unit, const float* scales, std::int64_t t, float* to) {
      const float along = dot(d + t * stride_, unit + t * stride_, width_);
      for (std::int64_t j = 0; j < width_; ++j)
        to[j] = scales[t] * (d[t * stride_ + j] - along * unit[t * stride_ + j]);
    };
    for (std::int64_t t = 0; t < place.count; ++t) {
      float* to = first + t * place.step;
      of_unit(s_.dq, s_.q, s_.q_scale, t, to);
      of_unit(s_.dk, s_.k, s_.k_scale, t, to + place.part);
      std::copy(s_.v + t * stride_, s_.v + t * stride_ + width_, to + 2 * place.part);
    }
    float later = 0;
    for (std::int64_t t = place.count - 1; t >= 0; --t) {  // g is the sum of log a up to its token
      later += s_.dg[t];
      d_log_a[place.token + t * place.heads] = later;
      d_b[place.token + t * place.heads] = s_.db[t];
    }
  }

  const Sizes& sizes_;
  std::int64_t task_;
  const float *qkv_, *log_a_, *b_;
  Scratch& s_;
  std::int64_t width_, stride_;
};

/// body(task, scratch) for each head of each stream.
template <typename Body>
void for_heads(const Sizes& sizes, const Body& body) {
  at::parallel_for(0, sizes.batch * sizes.heads, 1, [&](std::int64_t begin, std::int64_t end) {
    Scratch scratch(sizes);
    for (std::int64_t task = begin; task < end; ++task) body(task, scratch);
  });
}

struct DeltaRule : Function<DeltaRule> {
  static variable_list forward(AutogradContext* ctx, Tensor qkv, Tensor log_a, Tensor b, Tensor state, bool corrected,
                               std::int64_t truncate) {
    for (Tensor* x : {&qkv, &log_a, &b, &state}) *x = x->contiguous();
    const Sizes sizes(qkv, corrected, truncate);
    const Tensor out = torch::empty({sizes.batch, sizes.tokens, sizes.heads, sizes.width}, qkv.options()),
                 final_state = torch::empty_like(state);
    const Tensor states =
        torch::empty({sizes.batch * sizes.heads, sizes.blocks(), sizes.width, sizes.width}, qkv.options());
    const float *pqkv = qkv.data_ptr<float>(), *pa = log_a.data_ptr<float>(), *pb = b.data_ptr<float>(),
                *ps = state.data_ptr<float>();
    float *po = out.data_ptr<float>(), *pf = final_state.data_ptr<float>(), *pss = states.data_ptr<float>();
    for_heads(sizes, [&](std::int64_t task, Scratch& scratch) {
      HeadTask(sizes, task, pqkv, pa, pb, scratch)
          .forward(ps + task * sizes.square(), po, pf + task * sizes.square(),
                   pss + task * sizes.blocks() * sizes.square());
    });
    ctx->save_for_backward({qkv, log_a, b, states});
    ctx->saved_data["corrected"] = corrected;
    ctx->saved_data["truncate"] = truncate;
    return {out, final_state};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &qkv = saved[0], &log_a = saved[1], &b = saved[2], &states = saved[3];
    const Sizes sizes(qkv, ctx->saved_data["corrected"].toBool(), ctx->saved_data["truncate"].toInt());
    const Tensor d_out = grads[0].defined()
                             ? grads[0].contiguous()
                             : torch::zeros({sizes.batch, sizes.tokens, sizes.heads, sizes.width}, qkv.options());
    const Tensor d_final = grads[1].defined() ? grads[1].contiguous() : Tensor();
    const Tensor d_qkv = torch::empty_like(qkv), d_log_a = torch::empty_like(log_a), d_b = torch::empty_like(b);
    const Tensor d_state = torch::empty({sizes.batch * sizes.heads, sizes.width, sizes.width}, qkv.options());
    const float *pqkv = qkv.data_ptr<float>(), *pa = log_a.data_ptr<float>(), *pb = b.data_ptr<float>(),
                *pss = states.data_ptr<float>(), *pdo = d_out.data_ptr<float>(),
                *pdf = d_final.defined() ? d_final.data_ptr<float>() : nullptr;
    float *pdqkv = d_qkv.data_ptr<float>(), *pda = d_log_a.data_ptr<float>(), *pdb = d_b.data_ptr<float>(),
          *pds = d_state.data_ptr<float>();
    for_heads(sizes, [&](std::int64_t task, Scratch& scratch) {
      const std::int64_t square = task * sizes.square();
      HeadTask(sizes, task, pqkv, pa, pb, scratch)
          .backward(pss + square * sizes.blocks(), pdo, pdf == nullptr ? nullptr : pdf + square, pdqkv, pda, pdb,
                    pds + square);
    });
    // The first token of a segment is a place where the way back is cut.
    return {d_qkv, d_log_a, d_b, sizes.truncate == 0 ? d_state : Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool fuses_delta_rule(const Tensor& qkv) {
  return fused(qkv) && qkv.scalar_type() == torch::kFloat && qkv.numel() > 0 && qkv.size(4) % kTileRows == 0;
}

DeltaOutputs fused_delta_rule(const Tensor& qkv, const Tensor& log_a, const Tensor& b, const Tensor& state,
                              bool corrected, std::int64_t truncate) {
  const variable_list outputs = DeltaRule::apply(qkv, log_a, b, state, corrected, truncate);
  return {outputs[0], outputs[1]};
}

}  // namespace catena::model
