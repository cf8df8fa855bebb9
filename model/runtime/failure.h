#pragma once

#include <stdexcept>

namespace catena::model {

/// Something failed that no other input would have made work: a disk, another process. One line: what, why, what to do.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace catena::model
