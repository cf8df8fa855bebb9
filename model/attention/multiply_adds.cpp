#include "model/attention/multiply_adds.h"

#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>

#include <string_view>

namespace catena::model::lab {
namespace {

struct Count {
  double multiply_adds = 0;
  int depth = 0;  // of products that LibTorch splits into others, which must not count twice
};
thread_local Count current;

/// Where the two factors stand among an operator's inputs; -1: no product.
int first_factor(std::string_view name) {
  for (const std::string_view product : {"aten::mm", "aten::bmm", "aten::mv", "aten::dot"}) {
    if (name == product) return 0;
  }
  for (const std::string_view product :
       {"aten::addmm", "aten::baddbmm", "aten::addmv", "aten::addmm_", "aten::baddbmm_"}) {
    if (name == product) return 1;
  }
  return -1;
}

struct Inside final : at::ObserverContext {
  bool product = false;
};

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
  auto inside = std::make_unique<Inside>();
  const int first = first_factor(function.name());
  if (first < 0) return inside;
  inside->product = true;
  if (current.depth++ > 0) return inside;
  const auto inputs = function.inputs();
  const at::Tensor& a = inputs[static_cast<std::size_t>(first)].toTensor();
  const at::Tensor& b = inputs[static_cast<std::size_t>(first) + 1].toTensor();
  const std::int64_t columns = b.dim() == 1 ? 1 : b.size(-1);
  current.multiply_adds += static_cast<double>(a.numel()) * static_cast<double>(columns);
  return inside;
}

void end(const at::RecordFunction&, at::ObserverContext* context) {
  if (static_cast<const Inside*>(context)->product) --current.depth;
}

}  // namespace

double count_multiply_adds(const std::function<void()>& work) {
  struct Watch {
    at::CallbackHandle handle =
        at::addThreadLocalCallback(at::RecordFunctionCallback(begin, end)
                                       .needsInputs(true)
                                       .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
    ~Watch() { at::removeCallback(handle); }
  };
  current = {};
  const Watch watch;
  work();
  return current.multiply_adds;
}

}  // namespace catena::model::lab
