// Barriers, warp collectives, atomics and the few intrinsics that kernels use. Included by cuda_runtime.h.
#pragma once

namespace cuda_emulator {

/// Where in the source a barrier stands: threads that meet must meet at the same place.
struct Site {
  const char* file;
  int line;
  static constexpr Site here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

/// What the lanes of a warp brought to a meeting, and what each takes away.
struct WarpMeeting {
  unsigned mask = 0;
  std::uint64_t brought[32] = {};
  int source[32] = {};
  std::uint64_t result[32] = {};
  const char* fault = nullptr;  ///< set by what works on the meeting: the launch fails with this line
};
using MeetingWork = void (*)(WarpMeeting&);

void meet_block(Site site);
/// Waits for every lane of `mask`, then `work` runs once for all of them. Returns this lane's result.
std::uint64_t meet_warp(unsigned mask, Site site, MeetingWork work, std::uint64_t brought, int source);
void* dynamic_shared();

/// A fragment's, a shuffle's or a vote's work on a meeting.
void nothing(WarpMeeting& meeting);
void take_from_source(WarpMeeting& meeting);
void vote(WarpMeeting& meeting);
int lane();

template <typename T>
std::uint64_t to_word(T value) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  return word;
}
template <typename T>
T from_word(std::uint64_t word) {
  T value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}
template <typename T>
T shuffle(unsigned mask, T value, int source, Site site) {
  return from_word<T>(meet_warp(mask, site, take_from_source, to_word(value), source));
}

}  // namespace cuda_emulator

inline void __syncthreads(cuda_emulator::Site site = cuda_emulator::Site::here()) { cuda_emulator::meet_block(site); }
inline void __syncwarp(unsigned mask = 0xffffffffU, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::meet_warp(mask, site, cuda_emulator::nothing, 0, 0);
}
inline void __threadfence() {}
inline void __threadfence_block() {}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              cuda_emulator::Site site = cuda_emulator::Site::here()) {
  const int first = cuda_emulator::lane() / width * width;
  return cuda_emulator::shuffle(mask, value, first + ((source % width) + width) % width, site);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  cuda_emulator::Site site = cuda_emulator::Site::here()) {
  const int own = cuda_emulator::lane(), source = own ^ lanes;
  return cuda_emulator::shuffle(mask, value, source / width == own / width ? source : own, site);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32,
                   cuda_emulator::Site site = cuda_emulator::Site::here()) {
  const int own = cuda_emulator::lane(), source = own + static_cast<int>(by);
  return cuda_emulator::shuffle(mask, value, source / width == own / width ? source : own, site);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32,
                 cuda_emulator::Site site = cuda_emulator::Site::here()) {
  const int own = cuda_emulator::lane(), source = own - static_cast<int>(by);
  return cuda_emulator::shuffle(mask, value, source >= 0 && source / width == own / width ? source : own, site);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return static_cast<unsigned>(cuda_emulator::meet_warp(mask, site, cuda_emulator::vote, predicate != 0, 0));
}
inline int __any_sync(unsigned mask, int predicate, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return __ballot_sync(mask, predicate, site) != 0;
}
inline int __all_sync(unsigned mask, int predicate, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return __ballot_sync(mask, predicate, site) == mask;
}

// One thread of the host runs all of a launch, and changes over at barriers only: plain operations are atomic.
template <typename T>
T atomicAdd(T* place, std::type_identity_t<T> value) {
  const T before = *place;
  *place = before + value;
  return before;
}
template <typename T>
T atomicMax(T* place, std::type_identity_t<T> value) {
  const T before = *place;
  *place = before < value ? value : before;
  return before;
}
template <typename T>
T atomicExch(T* place, std::type_identity_t<T> value) {
  return std::exchange(*place, static_cast<T>(value));
}
template <typename T>
T __ldg(const T* place) {
  return *place;
}

inline int min(int a, int b) { return b < a ? b : a; }
inline int max(int a, int b) { return a < b ? b : a; }
inline unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
inline unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
inline float min(float a, float b) { return std::fmin(a, b); }
inline float max(float a, float b) { return std::fmax(a, b); }
inline float rsqrtf(float x) { return 1.0F / std::sqrt(x); }
inline float __expf(float x) { return std::exp(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline int __float2int_rn(float x) { return static_cast<int>(std::nearbyint(x)); }
inline unsigned __float_as_uint(float x) { return static_cast<unsigned>(cuda_emulator::to_word(x)); }
inline float __uint_as_float(unsigned x) { return cuda_emulator::from_word<float>(x); }
inline int __float_as_int(float x) { return cuda_emulator::from_word<int>(cuda_emulator::to_word(x)); }
inline float __int_as_float(int x) { return cuda_emulator::from_word<float>(cuda_emulator::to_word(x)); }
inline int __dp4a(int a, int b, int sum) {
  for (int i = 0; i < 32; i += 8) sum += static_cast<std::int8_t>(a >> i) * static_cast<std::int8_t>(b >> i);
  return sum;
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
