#include <torch/csrc/autograd/custom_function.h>

#include "model/tracker/cuda/kernel_ops.h"
#include "model/tracker/cuda/kernel_stream.h"
#include "model/tracker/cuda/level_means.h"

namespace catena::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

training_kernels::LevelMeans describe(torch::ScalarType type, std::int64_t b, std::int64_t t, std::int64_t columns,
                                      std::int64_t levels) {
  training_kernels::LevelMeans sizes;
  sizes.type = type == torch::kFloat ? training_kernels::ElementType::float32 : training_kernels::ElementType::bfloat16;
  sizes.batch = b;
  sizes.tokens = t;
  sizes.columns = columns;
  sizes.batch_stride = t * columns;
  sizes.token_stride = columns;
  sizes.levels = static_cast<int>(levels);
  return sizes;
}

struct LevelMeansKernel : torch::autograd::Function<LevelMeansKernel> {
  /// rows [B, T, C], C contiguous -> [B, all groups, C].
  static Tensor forward(AutogradContext* ctx, Tensor rows, std::int64_t levels) {
    training_kernels::LevelMeans sizes = describe(rows.scalar_type(), rows.size(0), rows.size(1), rows.size(2), levels);
    sizes.batch_stride = rows.stride(0);
    sizes.token_stride = rows.stride(1);
    const Tensor means =
        torch::empty({sizes.batch, sizes.all_groups(), sizes.columns}, rows.options().dtype(torch::kFloat));
    on_stream_of(rows, [&](void* stream) {
      training_kernels::level_means_forward(sizes, rows.data_ptr(), means.data_ptr<float>(), stream);
    });
    ctx->saved_data["tokens"] = rows.size(1);
    ctx->saved_data["levels"] = levels;
    ctx->saved_data["type"] = static_cast<std::int64_t>(rows.scalar_type());
    return means;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor d_means = grads[0].contiguous();
    const auto type = static_cast<torch::ScalarType>(ctx->saved_data["type"].toInt());
    const training_kernels::LevelMeans sizes = describe(type, d_means.size(0), ctx->saved_data["tokens"].toInt(),
                                                        d_means.size(2), ctx->saved_data["levels"].toInt());
    const Tensor d_rows = torch::empty({sizes.batch, sizes.tokens, sizes.columns}, d_means.options().dtype(type));
    on_stream_of(d_means, [&](void* stream) {
      training_kernels::level_means_backward(sizes, d_means.data_ptr<float>(), d_rows.data_ptr(), stream);
    });
    return {d_rows, Tensor()};
  }
};

}  // namespace

bool level_means_kernel_takes(const Tensor& rows, std::int64_t levels) {
  const bool type = rows.scalar_type() == torch::kFloat || rows.scalar_type() == torch::kBFloat16;
  return type && rows.numel() > 0 && rows.stride(2) == 1 && rows.size(0) <= training_kernels::most_streams &&
         levels >= 1 && levels <= training_kernels::most_levels;
}

std::vector<Tensor> level_means_kernel(const Tensor& rows, std::int64_t levels) {
  const training_kernels::LevelMeans sizes =
      describe(rows.scalar_type(), rows.size(0), rows.size(1), rows.size(2), levels);
  const Tensor means = LevelMeansKernel::apply(rows, levels);
  std::vector<Tensor> by_level;
  for (int level = 1; level <= levels; ++level)
    by_level.push_back(means.narrow(1, sizes.first_group(level), sizes.groups(level)));
  return by_level;
}

}  // namespace catena::model
