// oneDNN is built on OpenMP: whether it leaves the threads to our pool, and OpenMP's setting to LibTorch.
#include <omp.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "model/runtime/linear.h"

using namespace catena::model;

namespace {

std::ptrdiff_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

}  // namespace

TEST_CASE("tiles: no thread but the pool's, whatever OpenMP may start, and OpenMP is left as it was") {
  for (const Kernels* kernels : usable_kernels()) {
    if (!kernels->tiles) continue;
    const int before = omp_get_max_threads();
    omp_set_num_threads(5);
    const std::ptrdiff_t at_first = threads_of_this_process();
    {
      const int inputs = 256, outputs = 1500, tokens = 128;
      const std::vector<std::vector<float>> matrix(1, std::vector<float>(std::size_t{inputs} * outputs, 0.5F));
      const Linear linear(inputs, matrix, Precision::int8, *kernels);
      ThreadPool pool(3);
      QuantizedRows quantized(tokens, inputs, *kernels, 3);
      std::vector<float> x(std::size_t{tokens} * inputs, 1.0F), y(std::size_t{tokens} * outputs);
      for (int i = 0; i < 20; ++i)
        linear.multiply({*kernels, pool, quantized}, {x.data(), inputs}, tokens, {y.data(), outputs});
      CHECK(threads_of_this_process() == at_first + 2);
      CHECK(y.back() == Approx(128));
    }
    CHECK(omp_get_max_threads() == 5);
    omp_set_num_threads(before);
    return;
  }
  WARN("skipped: no kernels with tiles");
}
