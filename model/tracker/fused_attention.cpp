// Attention inside chunks, a few chunks at a time, so that rotated queries and keys, scores and their gradients stay in
// the caches. What is kept for the way back is the input alone; the rest is computed again, as Dao et al. 2022
// ("FlashAttention") do.
#include "model/tracker/attention.h"
#include "model/tracker/fused_attention_rows.h"
#include "model/tracker/fused_ops.h"

namespace catena::model {
namespace {

/// Equal chunks of one length in a [B, T, ...] tensor: `count` of them in each of the B rows, from place `begin` on.
struct Chunks {
  std::int64_t batch, length, heads, width;  // B, T, H, D
  std::int64_t begin, count, chunk;

  std::int64_t items() const { return batch * count; }
  /// First row (of B * T) of the chunk.
  std::int64_t row(std::int64_t item) const { return item / count * length + begin + item % count * chunk; }
  std::int64_t group(std::int64_t bytes_a_number) const {
    const std::int64_t one = heads * chunk * (chunk + 4 * width) * bytes_a_number;
    return std::clamp<std::int64_t>(kGroupBytes * at::get_num_threads() / one, 1, items());
  }
};

template <typename Body>
void for_chunks(const Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Body& body) {
  const std::int64_t b = qkv.size(0), t = qkv.size(1), width = qkv.size(2) / 3 / heads, whole = t / chunk * chunk;
  if (whole > 0) body(Chunks{b, t, heads, width, 0, t / chunk, chunk});
  if (whole < t) body(Chunks{b, t, heads, width, whole, 1, t - whole});
}

/// The places of one group's items, heads and tokens: body(row of [B * T], row of [items, H, C], head, position).
template <typename Body>
void for_rows(const Chunks& chunks, std::int64_t first, std::int64_t items, const Body& body) {
  rows(items * chunks.heads * chunks.chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t position = i % chunks.chunk, head = i / chunks.chunk % chunks.heads,
                         item = i / chunks.chunk / chunks.heads;
      body(chunks.row(first + item) + position, i, head, position);
    }
  });
}

/// Room for one group, [items * H, C, D] and [items * H, C, C].
struct Group {
  Group(const Chunks& chunks, std::int64_t items, torch::ScalarType type)
      : q(torch::empty({items * chunks.heads, chunks.chunk, chunks.width}, type)),
        k(torch::empty_like(q)),
        v(torch::empty_like(q)),
        p(torch::empty({items * chunks.heads, chunks.chunk, chunks.chunk}, type)) {}
  Tensor q, k, v, p;
};

/// Queries (scaled) and keys, rotated, and values of a group.
template <typename T>
void gather(const Chunks& chunks, const Tensor& qkv, const Rotary& rotary, std::int64_t first, std::int64_t items,
            const Group& group) {
  const std::int64_t w = chunks.width, d = chunks.heads * w;
  const float scale = 1.0F / std::sqrt(static_cast<float>(w));
  const T* from = qkv.data_ptr<T>();
  const float *cos = rotary.cos.data_ptr<float>(), *sin = rotary.sin.data_ptr<float>();
  T *q = group.q.data_ptr<T>(), *k = group.k.data_ptr<T>(), *v = group.v.data_ptr<T>();
  for_rows(chunks, first, items, [&](std::int64_t row, std::int64_t to, std::int64_t head, std::int64_t position) {
    const T* x = from + row * 3 * d + head * w;
    const float *c = cos + position * (w / 2), *s = sin + position * (w / 2);
    turn(x, c, s, 1, scale, w, q + to * w);
    turn(x + d, c, s, 1, 1, w, k + to * w);
    std::copy(x + 2 * d, x + 2 * d + w, v + to * w);
  });
}

/// Scores to probabilities in place, row by row; what a token may not see becomes 0.
template <typename T>
void softmax(const Chunks& chunks, std::int64_t items, Sight sight, const Tensor& scores) {
  const std::int64_t c = chunks.chunk;
  softmax_rows(scores.data_ptr<T>(), items * chunks.heads * c, c,
               [&](std::int64_t i) { return sight == Sight::back ? i % c + 1 : c; });
}

/// The items' queries, keys, values, and what share each query gives each value.
template <typename T>
Group attend(const Chunks& chunks, const Tensor& qkv, const Rotary& rotary, Sight sight, std::int64_t first,
             std::int64_t items) {
  Group group(chunks, items, qkv.scalar_type());
  gather<T>(chunks, qkv, rotary, first, items, group);
  product_into(group.p, group.q, group.k.transpose(1, 2));
  softmax<T>(chunks, items, sight, group.p);
  return group;
}

struct ChunkAttention : Function<ChunkAttention> {
  static Tensor forward(AutogradContext* ctx, Tensor qkv, std::int64_t heads, std::int64_t chunk, Tensor cos,
                        Tensor sin, bool around) {
    qkv = qkv.contiguous();
    const Rotary rotary{cos, sin};
    const Sight sight = around ? Sight::around : Sight::back;
    Tensor result = torch::empty({qkv.size(0), qkv.size(1), qkv.size(2) / 3}, qkv.options());
    by_type(qkv.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for_chunks(qkv, heads, chunk, [&](const Chunks& chunks) {
        const std::int64_t w = chunks.width, d = heads * w, step = chunks.group(static_cast<std::int64_t>(sizeof(T)));
        for (std::int64_t first = 0; first < chunks.items(); first += step) {
          const std::int64_t items = std::min(step, chunks.items() - first);
          const Group group = attend<T>(chunks, qkv, rotary, sight, first, items);
          const Tensor o = product(group.p, group.v);
          const T* from = o.data_ptr<T>();
          T* to = result.data_ptr<T>();
          for_rows(chunks, first, items,
                   [&](std::int64_t row, std::int64_t place, std::int64_t head, std::int64_t /*position*/) {
                     std::copy(from + place * w, from + (place + 1) * w, to + row * d + head * w);
                   });
        }
      });
    });
    ctx->save_for_backward({qkv, cos, sin});
    ctx->saved_data["heads"] = heads;
    ctx->saved_data["chunk"] = chunk;
    ctx->saved_data["around"] = around;
    return result;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &qkv = saved[0], g = grads[0].contiguous();
    const Rotary rotary{saved[1], saved[2]};
    const std::int64_t heads = ctx->saved_data["heads"].toInt(), chunk = ctx->saved_data["chunk"].toInt();
    const Sight sight = ctx->saved_data["around"].toBool() ? Sight::around : Sight::back;
    Tensor dqkv = torch::empty_like(qkv);
    by_type(qkv.scalar_type(), [&](auto tag) {
      using T = decltype(tag);
      for_chunks(qkv, heads, chunk, [&](const Chunks& chunks) {
        const std::int64_t w = chunks.width, d = heads * w, step = chunks.group(static_cast<std::int64_t>(sizeof(T)));
        const float scale = 1.0F / std::sqrt(static_cast<float>(w));
        for (std::int64_t first = 0; first < chunks.items(); first += step) {
          const std::int64_t items = std::min(step, chunks.items() - first);
          const Group group = attend<T>(chunks, qkv, rotary, sight, first, items);
          const Tensor go = torch::empty_like(group.q);
          const T* pg = g.data_ptr<T>();
          T* pgo = go.data_ptr<T>();
          for_rows(chunks, first, items,
                   [&](std::int64_t row, std::int64_t place, std::int64_t head, std::int64_t /*position*/) {
                     const T* from = pg + row * d + head * w;
                     std::copy(from, from + w, pgo + place * w);
                   });
          const Tensor dv = product(group.p.transpose(1, 2), go), ds = product(go, group.v.transpose(1, 2));
          softmax_gradient<T>(group.p, ds);
          const Tensor dq = product(ds, group.k), dk = product(ds.transpose(1, 2), group.q);
          const float *cos = rotary.cos.data_ptr<float>(), *sin = rotary.sin.data_ptr<float>();
          const T *pdq = dq.data_ptr<T>(), *pdk = dk.data_ptr<T>(), *pdv = dv.data_ptr<T>();
          T* to = dqkv.data_ptr<T>();
          for_rows(chunks, first, items,
                   [&](std::int64_t row, std::int64_t place, std::int64_t head, std::int64_t position) {
                     T* x = to + row * 3 * d + head * w;
                     const float *c = cos + position * (w / 2), *s = sin + position * (w / 2);
                     turn(pdq + place * w, c, s, -1, scale, w, x);
                     turn(pdk + place * w, c, s, -1, 1, w, x + d);
                     std::copy(pdv + place * w, pdv + (place + 1) * w, x + 2 * d);
                   });
        }
      });
    });
    return {dqkv, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool fuses_attention(const Tensor& qkv) {
  return fuses_products(qkv, qkv.scalar_type());
}

Tensor fused_chunk_attention(const Tensor& qkv, std::int64_t heads, std::int64_t chunk, const Rotary& rotary,
                             Sight sight) {
  return ChunkAttention::apply(qkv, heads, chunk, rotary.cos, rotary.sin, sight == Sight::around);
}

}  // namespace catena::model
