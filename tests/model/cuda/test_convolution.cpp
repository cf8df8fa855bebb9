// The short convolution in front of q, k, v of attention, added to them or in their place: against plain loops.
#include "cuda_fixture.h"
#include "model/cuda/kernels.h"

using namespace catena::model;
using namespace catena::model::test;
using namespace catena::model::cuda;

namespace {

constexpr int width = 32, heads = 2, head_width = 16, taps = 3, count = 5, chunk_length = 8;
constexpr std::size_t tail_floats = (taps - 1) * 3 * width, running = tail_floats,
                      state_floats = running + 2 * chunk_length * width;

/// Numbers that are not zero and not alike.
std::vector<float> some(std::size_t size, float seed) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = std::sin(seed + 0.7F * static_cast<float>(i * i % 97));
  return values;
}

class DeviceFloats {
 public:
  explicit DeviceFloats(const std::vector<float>& values) : memory_(values.size() * sizeof(float), "a test") {
    cudaMemcpy(memory_.data(), values.data(), memory_.bytes(), cudaMemcpyHostToDevice);
  }
  float* data() const { return reinterpret_cast<float*>(memory_.data()); }
  std::vector<float> host(std::size_t count) const {
    std::vector<float> values(count);
    cudaMemcpy(values.data(), memory_.data(), count * sizeof(float), cudaMemcpyDeviceToHost);
    return values;
  }

 private:
  DeviceMemory memory_;
};

struct Inputs {
  bool added = false;
  std::vector<float> projected = some(count * 3 * width, 1), weights = some(taps * 3 * width, 2);
  std::vector<float> angles = some(chunk_length * head_width / 2, 3);
  std::vector<float> cosine, sine;
  Inputs() {
    for (const float angle : angles) cosine.push_back(std::cos(angle)), sine.push_back(std::sin(angle));
  }
};

/// q, k, v of each token behind the convolution, q and k rotated.
std::vector<double> convolved_rows(const Inputs& in) {
  std::vector<double> rows(count * 3 * width);
  for (int t = 0; t < count; ++t) {
    for (int c = 0; c < 3 * width; ++c) {
      double sum = 0;
      for (int j = 0; j < taps; ++j) {
        const int from = t - (taps - 1) + j;
        if (from >= 0) sum += static_cast<double>(in.weights[j * 3 * width + c]) * in.projected[from * 3 * width + c];
      }
      rows[t * 3 * width + c] =
          in.added ? static_cast<double>(in.projected[t * 3 * width + c]) + sum : sum / (1 + std::exp(-sum));
    }
    for (int head = 0; head < 2 * heads; ++head) {
      for (int j = 0; j < head_width / 2; ++j) {
        double& a = rows[t * 3 * width + head * head_width + j];
        double& b = rows[t * 3 * width + head * head_width + head_width / 2 + j];
        const double angle = in.angles[t * head_width / 2 + j], x = a, y = b;
        a = x * std::cos(angle) - y * std::sin(angle);
        b = x * std::sin(angle) + y * std::cos(angle);
      }
    }
  }
  return rows;
}

std::vector<float> expected_results(const Inputs& in) {
  const std::vector<double> rows = convolved_rows(in);
  std::vector<float> out(count * width);
  for (int t = 0; t < count; ++t) {
    for (int head = 0; head < heads; ++head) {
      const double* q = &rows[t * 3 * width + head * head_width];
      std::vector<double> sums(head_width);
      double total = 0;
      for (int key = 0; key <= t; ++key) {
        const double* k = &rows[key * 3 * width + width + head * head_width];
        double score = 0;
        for (int i = 0; i < head_width; ++i) score += q[i] * k[i];
        const double weight = std::exp(score / std::sqrt(double{head_width}));
        total += weight;
        for (int i = 0; i < head_width; ++i) sums[i] += weight * k[width + i];
      }
      for (int i = 0; i < head_width; ++i) out[t * width + head * head_width + i] = static_cast<float>(sums[i] / total);
    }
  }
  return out;
}

/// The mixer's results of all tokens, read in pieces.
std::vector<float> device_results(const Inputs& in, const std::vector<int>& pieces, std::vector<float>& state_after) {
  const Stream stream;
  const DeviceFloats state(std::vector<float>(state_floats, 0.0F)), weights(in.weights), cosine(in.cosine),
      sine(in.sine);
  const DeviceMemory place_memory(sizeof(Place), "a test");
  auto* place = reinterpret_cast<Place*>(place_memory.data());
  LocalMixer mixer;
  mixer.convolution = {weights.data(), taps, 0, in.added};
  mixer.cosine = cosine.data();
  mixer.sine = sine.data();
  mixer.width = width;
  mixer.heads = heads;
  mixer.head_width = head_width;
  mixer.running = running;
  std::vector<float> results;
  int position = 0;
  for (const int piece : pieces) {
    const std::vector<float> rows(in.projected.begin() + position * 3 * width,
                                  in.projected.begin() + (position + piece) * 3 * width);
    const DeviceFloats projected(rows), qkv(std::vector<float>(block_tokens * 3 * width, 0.0F)),
        mixed(std::vector<float>(block_tokens * width, 0.0F));
    Place value;
    value.numbers = state.data();
    value.position = position;
    value.count = piece;
    value.chunk_length = chunk_length;
    set_place(stream, value, place);
    const MixerScratch scratch{projected.data(), 3 * width, qkv.data(), nullptr, mixed.data()};
    local_mixer(stream, piece == 1 ? 1 : block_tokens, mixer, scratch, place);
    stream.wait();
    const std::vector<float> out = mixed.host(static_cast<std::size_t>(piece) * width);
    results.insert(results.end(), out.begin(), out.end());
    position += piece;
  }
  state_after = state.host(state_floats);
  return results;
}

}  // namespace

TEST_CASE("attention with a convolution in front: plain loops, in any split, and the tail is the last inputs") {
  Inputs in;
  in.added = GENERATE(false, true);
  const std::vector<float> expected = expected_results(in);
  const std::vector<float> last(in.projected.end() - tail_floats, in.projected.end());
  for (const std::vector<int>& pieces : {std::vector<int>{5}, {1, 1, 1, 1, 1}, {2, 1, 2}}) {
    std::vector<float> state;
    CHECK(largest_difference(device_results(in, pieces, state), expected) < agreement);
    CHECK(std::vector<float>(state.begin(), state.begin() + tail_floats) == last);
  }
}
