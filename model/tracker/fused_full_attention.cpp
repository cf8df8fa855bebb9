// Attention over everything before, a few queries of one stream at a time: their scores stay in the caches, and keys
// that no query of theirs may see are not multiplied. What is kept for the way back is the input and the keys and
// values, as in Dao et al. 2022 ("FlashAttention"); a row of scores is whole here, so its softmax needs no running
// maximum.
#include "model/tracker/attention.h"
#include "model/tracker/fused_attention_rows.h"
#include "model/tracker/fused_ops.h"

namespace catena::model {
namespace {

/// One stream: T queries behind P tokens from before, of H heads of width W.
struct Stream {
  std::int64_t tokens, before, heads, width;

  std::int64_t seen() const { return before + tokens; }
  std::int64_t queries(std::int64_t bytes_a_number) const {
    const std::int64_t room = kGroupBytes * at::get_num_threads() / (heads * seen() * bytes_a_number);
    return std::clamp<std::int64_t>(room, 16, 128);
  }
};

/// The segment's keys, rotated, and values behind those from before: [B, P + T, 2 H W].
template <typename T>
Tensor grown(const Tensor& qkv, const Tensor& cache, const Stream& stream, const Rotary& rotary) {
  const std::int64_t b = qkv.size(0), w = stream.width, d = stream.heads * w;
  Tensor result = torch::empty({b, stream.seen(), 2 * d}, qkv.options());
  if (stream.before > 0) result.slice(1, 0, stream.before).copy_(cache);
  const T* from = qkv.data_ptr<T>();
  const float *cos = rotary.cos.data_ptr<float>(), *sin = rotary.sin.data_ptr<float>();
  T* to = result.data_ptr<T>();
  rows(b * stream.tokens, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t position = stream.before + i % stream.tokens, angles = position * (w / 2);
      const T* x = from + i * 3 * d + d;
      T* y = to + (i / stream.tokens * stream.seen() + position) * 2 * d;
      for (std::int64_t h = 0; h < stream.heads; ++h) turn(x + h * w, cos + angles, sin + angles, 1, 1, w, y + h * w);
      std::copy(x + d, x + 2 * d, y + d);
    }
  });
  return result;
}

/// Queries [H, T, W] of one stream, rotated and scaled. qkv [T, 3 H W].
template <typename T>
Tensor queries(const T* qkv, const Stream& stream, const Rotary& rotary, torch::ScalarType type) {
  const std::int64_t w = stream.width, d = stream.heads * w;
  const float scale = 1.0F / std::sqrt(static_cast<float>(w));
  const float *cos = rotary.cos.data_ptr<float>(), *sin = rotary.sin.data_ptr<float>();
  Tensor result = torch::empty({stream.heads, stream.tokens, w}, type);
  T* to = result.data_ptr<T>();
  rows(stream.tokens, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t angles = (stream.before + t) * (w / 2);
      for (std::int64_t h = 0; h < stream.heads; ++h) {
        turn(qkv + t * 3 * d + h * w, cos + angles, sin + angles, 1, scale, w, to + (h * stream.tokens + t) * w);
      }
    }
  });
  return result;
}

/// [n, H W] of one stream, rows apart by any stride, as [H, n, W].
Tensor by_head(const Tensor& x, const Stream& stream) {
  return x.view({x.size(0), stream.heads, stream.width}).transpose(0, 1).contiguous();
}

/// One stream's queries, and keys and values of all it has read, [H, *, W].
template <typename T>
struct Attended {
  Attended(const Tensor& qkv, const Tensor& all, std::int64_t index, const Stream& stream, const Rotary& rotary)
      : q(queries(qkv[index].data_ptr<T>(), stream, rotary, qkv.scalar_type())),
        k(by_head(all[index].slice(1, 0, stream.heads * stream.width), stream)),
        v(by_head(all[index].slice(1, stream.heads * stream.width), stream)) {}

  /// What share the queries [first, first + count) give each of the first `seen` values: [H, count, seen].
  Tensor shares(const Stream& stream, std::int64_t first, std::int64_t count) const {
    const std::int64_t seen = stream.before + first + count;
    const Tensor p = product(q.slice(1, first, first + count), k.slice(1, 0, seen).transpose(1, 2));
    softmax_rows(p.data_ptr<T>(), stream.heads * count, seen,
                 [&](std::int64_t i) { return stream.before + first + i % count + 1; });
    return p;
  }
  Tensor q, k, v;
};

/// body(first query, how many) over a stream's queries.
template <typename Body>
void for_queries(const Stream& stream, std::int64_t bytes_a_number, const Body& body) {
  const std::int64_t step = stream.queries(bytes_a_number);
  for (std::int64_t first = 0; first < stream.tokens; first += step) body(first, std::min(step, stream.tokens - first));
}

struct FullAttention : Function<FullAttention> {
  static variable_list forward(AutogradContext* ctx, Tensor qkv, Tensor cache, std::int64_t heads, Tensor cos,
                               Tensor sin) {
    qkv = qkv.contiguous();
    const std::int64_t b = qkv.size(0), d = qkv.size(2) / 3;
    const Stream stream{qkv.size(1), cache.size(1), heads, d / heads};
    const Rotary rotary{cos, sin};
    Tensor result = torch::empty({b, stream.tokens, heads, stream.width}, qkv.options()), all;
    by_type(qkv.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      all = grown<T>(qkv, cache, stream, rotary);
      for (std::int64_t i = 0; i < b; ++i) {
        const Attended<T> one(qkv, all, i, stream, rotary);
        for_queries(stream, sizeof(T), [&](std::int64_t first, std::int64_t count) {
          const Tensor p = one.shares(stream, first, count);
          result[i].slice(0, first, first + count).copy_(product(p, one.v.slice(1, 0, p.size(2))).transpose(0, 1));
        });
      }
    });
    ctx->save_for_backward({qkv, all, cos, sin});
    ctx->saved_data["heads"] = heads;
    ctx->mark_non_differentiable({all});
    return {result.view({b, stream.tokens, d}), all};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &qkv = saved[0], &all = saved[1], g = grads[0].contiguous();
    const Rotary rotary{saved[2], saved[3]};
    const std::int64_t heads = ctx->saved_data["heads"].toInt(), d = qkv.size(2) / 3;
    const Stream stream{qkv.size(1), all.size(1) - qkv.size(1), heads, d / heads};
    Tensor dqkv = torch::empty_like(qkv);
    by_type(qkv.scalar_type(), [&](auto tag) {
      for (std::int64_t i = 0; i < qkv.size(0); ++i) gradient<decltype(tag)>(qkv, all, g, i, stream, rotary, dqkv);
    });
    return {dqkv, Tensor(), Tensor(), Tensor(), Tensor()};
  }

  template <typename T>
  static void gradient(const Tensor& qkv, const Tensor& all, const Tensor& g, std::int64_t index, const Stream& stream,
                       const Rotary& rotary, const Tensor& dqkv) {
    const std::int64_t heads = stream.heads, w = stream.width, d = heads * w, before = stream.before;
    const Attended<T> one(qkv, all, index, stream, rotary);
    const Tensor go = by_head(g[index], stream), dq = torch::empty_like(one.q);
    // Summed in 32 bits over the groups of queries; keys and values from before take no gradients.
    const Tensor dk = torch::zeros({heads, stream.tokens, w}, torch::kFloat), dv = torch::zeros_like(dk);
    for_queries(stream, sizeof(T), [&](std::int64_t first, std::int64_t count) {
      const Tensor p = one.shares(stream, first, count), own = go.slice(1, first, first + count);
      const std::int64_t seen = p.size(2), end = seen - before;
      const Tensor ds = product(own, one.v.slice(1, 0, seen).transpose(1, 2));
      dv.slice(1, 0, end).add_(product(p.slice(2, before).transpose(1, 2), own));
      softmax_gradient<T>(p, ds);
      dq.slice(1, first, first + count).copy_(product(ds, one.k.slice(1, 0, seen)));
      dk.slice(1, 0, end).add_(product(ds.slice(2, before).transpose(1, 2), one.q.slice(1, first, first + count)));
    });
    const float scale = 1.0F / std::sqrt(static_cast<float>(w));
    const float *cos = rotary.cos.data_ptr<float>(), *sin = rotary.sin.data_ptr<float>();
    const T* pdq = dq.data_ptr<T>();
    const float *pdk = dk.data_ptr<float>(), *pdv = dv.data_ptr<float>();
    T* to = dqkv[index].data_ptr<T>();
    rows(stream.tokens, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) {
        const float *c = cos + (before + t) * (w / 2), *s = sin + (before + t) * (w / 2);
        for (std::int64_t h = 0; h < heads; ++h) {
          const std::int64_t place = (h * stream.tokens + t) * w;
          T* x = to + t * 3 * d + h * w;
          turn(pdq + place, c, s, -1, scale, w, x);
          turn(pdk + place, c, s, -1, 1, w, x + d);
          std::copy(pdv + place, pdv + place + w, x + 2 * d);
        }
      }
    });
  }
};

}  // namespace

Tensor fused_full_attention(const Tensor& qkv, std::int64_t heads, const Rotary& rotary, Tensor& cache) {
  const variable_list outputs = FullAttention::apply(qkv, cache.to(qkv.scalar_type()), heads, rotary.cos, rotary.sin);
  cache = outputs[1].detach();
  return outputs[0];
}

}  // namespace catena::model
