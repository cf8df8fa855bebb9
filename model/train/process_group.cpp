#include "model/train/process_group.h"

#include <cstdlib>
#include <stdexcept>

#include "model/runtime/failure.h"

#ifdef CATENA_WITH_GLOO
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
// On graphics cards NCCL, where LibTorch was built with it and its header is there.
#if defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define CATENA_WITH_NCCL
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

namespace catena::model {
namespace {

using torch::Tensor;

/// The first of the variables that is set, as a number from `least` on.
void read_number(std::initializer_list<const char*> names, int least, int& value) {
  for (const char* name : names) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') continue;
    char* end = nullptr;
    const long number = std::strtol(text, &end, 10);
    if (*end != '\0' || number < least || number > 65535) {
      throw std::runtime_error(std::string(name) + "=" + text + " in the environment: expected a number from " +
                               std::to_string(least) + " on");
    }
    value = static_cast<int>(number);
    return;
  }
}

}  // namespace

ProcessPlace ProcessPlace::from_environment() {
  ProcessPlace place;
  read_number({"WORLD_SIZE", "OMPI_COMM_WORLD_SIZE"}, 1, place.size);
  if (place.size == 1) return place;
  read_number({"RANK", "OMPI_COMM_WORLD_RANK"}, 0, place.rank);
  place.local_size = place.size;
  place.local_rank = place.rank;
  read_number({"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK"}, 0, place.local_rank);
  read_number({"LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"}, 1, place.local_size);
  read_number({"MASTER_PORT"}, 1, place.port);
  if (const char* address = std::getenv("MASTER_ADDR"); address != nullptr && *address != '\0') place.address = address;
  if (place.rank >= place.size) {
    throw std::runtime_error("RANK=" + std::to_string(place.rank) +
                             " in the environment: expected less than WORLD_SIZE=" + std::to_string(place.size));
  }
  return place;
}

#ifdef CATENA_WITH_GLOO

class ProcessGroup::Connection {
 public:
  explicit Connection(const ProcessPlace& place) {
    try {
      c10d::TCPStoreOptions options;
      options.port = static_cast<std::uint16_t>(place.port);
      options.isServer = place.rank == 0;
      options.numWorkers = static_cast<std::size_t>(place.size);
      options.timeout = std::chrono::minutes(5);
      const auto store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
      const auto gloo = c10d::ProcessGroupGloo::Options::create(std::chrono::minutes(30));
      gloo->devices.push_back(place.local_size == place.size
                                  ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                  : c10d::ProcessGroupGloo::createDefaultDevice());
      group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, gloo);
#ifdef CATENA_WITH_NCCL
      place_ = place;
      store_ = store;
#endif
    } catch (const std::exception&) {
      throw Failure("process " + std::to_string(place.rank) + " of " + std::to_string(place.size) +
                    " did not meet the others at " + place.address + ":" + std::to_string(place.port) +
                    "; start all of them, with the same MASTER_ADDR and MASTER_PORT");
    }
  }
  c10d::ProcessGroupGloo& group() { return *group_; }
#ifdef CATENA_WITH_NCCL
  /// Made when it is first asked for: it refuses to exist without a graphics card.
  c10d::ProcessGroupNCCL& nccl() {
    if (!nccl_) {
      nccl_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>("nccl", store_),
                                                          place_.rank, place_.size,
                                                          c10d::ProcessGroupNCCL::Options::create());
    }
    return *nccl_;
  }
#endif

 private:
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
#ifdef CATENA_WITH_NCCL
  ProcessPlace place_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl_;
#endif
};

namespace {

/// Runs a collective call to its end.
template <typename Call>
void together(int rank, int size, const Call& call) {
  try {
    call()->wait();
  } catch (const std::exception&) {
    throw Failure("process " + std::to_string(rank) + " of " + std::to_string(size) +
                             " lost another one; start them all again: they go on from the last checkpoint");
  }
}

}  // namespace

void ProcessGroup::average(Tensor& tensor) const {
  if (size() == 1) return;
#ifdef CATENA_WITH_NCCL
  if (tensor.is_cuda()) {
    std::vector<Tensor> there{tensor};
    together(rank(), size(), [&] { return connection_->nccl().allreduce(there); });
    tensor.div_(size());
    return;
  }
#endif
  std::vector<Tensor> tensors{tensor.cpu()};  // the tensor itself where it lies in host memory
  together(rank(), size(), [&] { return connection_->group().allreduce(tensors); });
  tensor.copy_(tensors[0].div_(size()));
}

void ProcessGroup::broadcast(Tensor& tensor, int from) const {
  if (size() == 1 || tensor.numel() == 0) return;
  c10d::BroadcastOptions options;
  options.rootRank = from;
#ifdef CATENA_WITH_NCCL
  if (tensor.is_cuda()) {
    std::vector<Tensor> there{tensor};
    together(rank(), size(), [&] { return connection_->nccl().broadcast(there, options); });
    return;
  }
#endif
  std::vector<Tensor> tensors{tensor.cpu()};  // the tensor itself where it lies in host memory
  together(rank(), size(), [&] { return connection_->group().broadcast(tensors, options); });
  if (tensor.is_cuda()) tensor.copy_(tensors[0]);
}

Tensor ProcessGroup::gather(const Tensor& tensor) const {
  if (size() == 1) return tensor;
  std::vector<Tensor> inputs{tensor.cpu().contiguous()};
  std::vector<std::vector<Tensor>> outputs(1);
  for (int i = 0; i < size(); ++i) outputs[0].push_back(torch::empty_like(inputs[0]));
  together(rank(), size(), [&] { return connection_->group().allgather(outputs, inputs); });
  return torch::cat(outputs[0], 0);
}

#else

class ProcessGroup::Connection {
 public:
  explicit Connection(const ProcessPlace& place) {
    throw std::runtime_error(
        "WORLD_SIZE=" + std::to_string(place.size) +
        " in the environment, but this build cannot connect processes: install libgloo-dev and build again");
  }
};

void ProcessGroup::average(Tensor&) const {}
void ProcessGroup::broadcast(Tensor&, int) const {}
Tensor ProcessGroup::gather(const Tensor& tensor) const { return tensor; }

#endif

ProcessGroup::ProcessGroup(const ProcessPlace& place) : place_(place) {
  if (place.size > 1) connection_ = std::make_unique<Connection>(place);
}
ProcessGroup::~ProcessGroup() = default;

}  // namespace catena::model
