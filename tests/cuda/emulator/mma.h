// Warp matrix products, 16 x 16 x 16 and the two oblong shapes, bfloat16 (or float) in, float out. Lane 0 holds a
// fragment whole, all its elements being its own, and works once for the warp; the other lanes' fragments are empty
// shells with no elements of their own.
#pragma once

#include "cuda_bf16.h"

namespace nvcuda::wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };

template <typename Use, int m, int n, int k>
inline constexpr int fragment_rows = std::is_same_v<Use, matrix_b> ? k : m;
template <typename Use, int m, int n, int k>
inline constexpr int fragment_columns = std::is_same_v<Use, matrix_a> ? k : n;

/// x holds the matrix row by row, whatever its layout in memory.
template <typename Use, int m, int n, int k, typename T, typename Layout = void>
struct fragment {
  static constexpr int rows = fragment_rows<Use, m, n, k>, columns = fragment_columns<Use, m, n, k>;
  int num_elements = cuda_emulator::lane() == 0 ? rows * columns : 0;
  T x[rows * columns];
};

namespace detail {
using cuda_emulator::from_word;
using cuda_emulator::Site;
using cuda_emulator::to_word;
using cuda_emulator::WarpMeeting;

inline float number(float value) { return value; }
inline float number(__nv_bfloat16 value) { return __bfloat162float(value); }

/// What a lane brings to a meeting: every lane must bring the same place.
struct Request {
  void* fragment;
  const void* place;
  unsigned stride;
  layout_t layout;
  const void *a = nullptr, *b = nullptr, *c = nullptr;
};
/// Checks that all lanes asked for the same, and gives lane 0's request.
inline const Request* agreed(WarpMeeting& meeting) {
  const auto* first = from_word<const Request*>(meeting.brought[0]);
  if (meeting.mask != 0xffffffffU) meeting.fault = "a warp matrix function without a whole warp";
  for (int lane = 1; lane < 32 && meeting.fault == nullptr; ++lane) {
    const auto* other = from_word<const Request*>(meeting.brought[lane]);
    if (other->place != first->place || other->stride != first->stride || other->layout != first->layout) {
      meeting.fault = "lanes of a warp gave a warp matrix function different places";
    }
  }
  return meeting.fault == nullptr ? first : nullptr;
}

template <typename Fragment>
void load(WarpMeeting& meeting) {
  const Request* request = agreed(meeting);
  if (request == nullptr) return;
  auto& to = *static_cast<Fragment*>(request->fragment);
  using T = std::remove_reference_t<decltype(to.x[0])>;
  const auto* from = static_cast<const T*>(request->place);
  const bool by_rows = request->layout == mem_row_major;
  for (int i = 0; i < Fragment::rows; ++i) {
    for (int j = 0; j < Fragment::columns; ++j) {
      to.x[i * Fragment::columns + j] =
          by_rows ? from[std::size_t(i) * request->stride + j] : from[std::size_t(j) * request->stride + i];
    }
  }
}
template <typename Fragment>
void store(WarpMeeting& meeting) {
  const Request* request = agreed(meeting);
  if (request == nullptr) return;
  const auto& from = *static_cast<const Fragment*>(request->fragment);
  using T = std::remove_cvref_t<decltype(from.x[0])>;
  auto* to = static_cast<T*>(const_cast<void*>(request->place));
  const bool by_rows = request->layout == mem_row_major;
  for (int i = 0; i < Fragment::rows; ++i) {
    for (int j = 0; j < Fragment::columns; ++j) {
      (by_rows ? to[std::size_t(i) * request->stride + j] : to[std::size_t(j) * request->stride + i]) =
          from.x[i * Fragment::columns + j];
    }
  }
}
template <typename A, typename B, typename C>
void multiply(WarpMeeting& meeting) {
  const Request* request = agreed(meeting);
  if (request == nullptr) return;
  const auto& a = *static_cast<const A*>(request->a);
  const auto& b = *static_cast<const B*>(request->b);
  const auto& c = *static_cast<const C*>(request->c);
  auto& d = *static_cast<C*>(request->fragment);
  for (int i = 0; i < A::rows; ++i) {
    float sums[B::columns];
    for (int j = 0; j < B::columns; ++j) sums[j] = c.x[i * B::columns + j];
    for (int k = 0; k < A::columns; ++k) {
      const float left = number(a.x[i * A::columns + k]);
      for (int j = 0; j < B::columns; ++j) sums[j] += left * number(b.x[k * B::columns + j]);
    }
    for (int j = 0; j < B::columns; ++j) d.x[i * B::columns + j] = sums[j];
  }
}
inline void meet(const Request& request, cuda_emulator::MeetingWork work, Site site) {
  cuda_emulator::meet_warp(0xffffffffU, site, work, to_word(&request), 0);
}
}  // namespace detail

template <typename Fragment>
void fill_fragment(Fragment& to, float value) {
  for (int i = 0; i < to.num_elements; ++i) to.x[i] = value;
}
template <typename Use, int m, int n, int k, typename T, typename Layout>
void load_matrix_sync(fragment<Use, m, n, k, T, Layout>& to, const T* from, unsigned stride,
                      detail::Site site = detail::Site::here()) {
  const layout_t layout = std::is_same_v<Layout, col_major> ? mem_col_major : mem_row_major;
  detail::meet({&to, from, stride, layout}, detail::load<fragment<Use, m, n, k, T, Layout>>, site);
}
template <int m, int n, int k, typename T>
void load_matrix_sync(fragment<accumulator, m, n, k, T>& to, const T* from, unsigned stride, layout_t layout,
                      detail::Site site = detail::Site::here()) {
  detail::meet({&to, from, stride, layout}, detail::load<fragment<accumulator, m, n, k, T>>, site);
}
template <int m, int n, int k, typename T>
void store_matrix_sync(T* to, const fragment<accumulator, m, n, k, T>& from, unsigned stride, layout_t layout,
                       detail::Site site = detail::Site::here()) {
  using Fragment = fragment<accumulator, m, n, k, T>;
  detail::meet({const_cast<Fragment*>(&from), to, stride, layout}, detail::store<Fragment>, site);
}
template <typename A, typename B, int m, int n, int k, typename T>
void mma_sync(fragment<accumulator, m, n, k, T>& d, const A& a, const B& b, const fragment<accumulator, m, n, k, T>& c,
              detail::Site site = detail::Site::here()) {
  static_assert(A::columns == B::rows);
  detail::Request request{&d, nullptr, 0, mem_row_major, &a, &b, &c};
  detail::meet(request, detail::multiply<A, B, fragment<accumulator, m, n, k, T>>, site);
}

}  // namespace nvcuda::wmma
