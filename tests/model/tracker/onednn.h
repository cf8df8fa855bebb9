// LibTorch without oneDNN, as on a processor that oneDNN has no bfloat16 for.
#pragma once

#include <ATen/Context.h>

namespace catena::test {

class OneDnn {
 public:
  explicit OneDnn(bool used) { at::globalContext().setUserEnabledMkldnn(used); }
  ~OneDnn() { at::globalContext().setUserEnabledMkldnn(before_); }
  OneDnn(const OneDnn&) = delete;
  OneDnn& operator=(const OneDnn&) = delete;

 private:
  bool before_ = at::globalContext().userEnabledMkldnn();
};

}  // namespace catena::test
