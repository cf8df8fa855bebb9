// Several processes that train one model together: each reads its own streams, and they average their gradients.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

namespace catena::model {

/// Where this process stands among them, as torchrun (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR,
/// MASTER_PORT) or Open MPI's mpirun (OMPI_COMM_WORLD_RANK and its like) says in the environment.
struct ProcessPlace {
  int rank = 0, size = 1;
  int local_rank = 0, local_size = 1;  ///< among those of this machine
  std::string address = "127.0.0.1";   ///< of the process with rank 0
  int port = 29500;

  /// Throws std::runtime_error naming the variable that makes no sense.
  static ProcessPlace from_environment();
};

/// Collective calls: every process must make the same ones in the same order. Each throws Failure with one line when
/// another process is gone.
class ProcessGroup {
 public:
  /// Waits until all processes are there. A group of one needs no connection and costs nothing. Throws Failure when
  /// they do not meet within five minutes, std::runtime_error when this build cannot connect several.
  explicit ProcessGroup(const ProcessPlace& place);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }
  bool first() const { return place_.rank == 0; }

  /// The mean over the processes, in place.
  void average(torch::Tensor& tensor) const;
  /// The tensor of process `from`, in place in all of them. tensor: contiguous, of the same shape and type everywhere.
  void broadcast(torch::Tensor& tensor, int from) const;
  /// The processes' tensors of one shape, one behind the other along the first dimension.
  torch::Tensor gather(const torch::Tensor& tensor) const;

 private:
  class Connection;
  ProcessPlace place_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace catena::model
