#include "block.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

// Changing a stack by hand takes nanoseconds; swapcontext() asks the kernel about signals each time.
#if defined(__x86_64__)
extern "C" void cuda_emulator_switch(void** keep, void* to);
asm(R"(
.text
.globl cuda_emulator_switch
.type cuda_emulator_switch, @function
cuda_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cuda_emulator_switch, .-cuda_emulator_switch
)");
#endif

namespace cuda_emulator {
namespace {

constexpr std::size_t stack_bytes = 256 * 1024;  // touched pages only are really there

/// A stack with something running on it.
class Context {
 public:
#if defined(__x86_64__)
  void start(char* stack, void (*entry)()) {
    auto** top = reinterpret_cast<void**>(stack + stack_bytes - 64);
    *top = reinterpret_cast<void*>(entry);  // where `ret` goes to; the six registers below it are empty
    std::fill(top - 6, top, nullptr);
    stack_pointer_ = top - 6;
  }
  void change_to(Context& other) { cuda_emulator_switch(&stack_pointer_, other.stack_pointer_); }

 private:
  void* stack_pointer_ = nullptr;
#else
  void start(char* stack, void (*entry)()) {
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack;
    context_.uc_stack.ss_size = stack_bytes;
    context_.uc_link = nullptr;
    makecontext(&context_, entry, 0);
  }
  void change_to(Context& other) { swapcontext(&context_, &other.context_); }

 private:
  ucontext_t context_;
#endif
};

enum class Waits { no, at_block, in_warp, done };

struct Fiber {
  Context context;
  char* stack = nullptr;
  Waits waits = Waits::no;
  Site site{};
  unsigned mask = 0;
  MeetingWork work = nullptr;
  void* sanitizer_stack = nullptr;
};

/// The block that runs. One at a time: the host runs launches one after another.
struct Block {
  std::vector<Fiber> fibers;
  std::vector<WarpMeeting> warps;
  Context scheduler;
  int threads = 0;
  int current = 0;
  const std::function<void()>* thread = nullptr;
  std::string fault;
  void* shared = nullptr;
  const void* scheduler_stack = nullptr;
  std::size_t scheduler_stack_bytes = 0;
  void* scheduler_sanitizer_stack = nullptr;
};
Block block;
Order order = Order::forward;

std::string text(Site site) {
  const std::string file = site.file;
  return file.substr(file.find_last_of('/') + 1) + ":" + std::to_string(site.line);
}

void leave(bool for_good) {
  Fiber& fiber = block.fibers[static_cast<std::size_t>(block.current)];
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(for_good ? nullptr : &fiber.sanitizer_stack, block.scheduler_stack,
                                 block.scheduler_stack_bytes);
#else
  (void)for_good;
#endif
  fiber.context.change_to(block.scheduler);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fiber.sanitizer_stack, nullptr, nullptr);
#endif
}

void enter(int thread) {
  Fiber& fiber = block.fibers[static_cast<std::size_t>(thread)];
  block.current = thread;
  const auto t = static_cast<unsigned>(thread);
  threadIdx = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&block.scheduler_sanitizer_stack, fiber.stack, stack_bytes);
#endif
  block.scheduler.change_to(fiber.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(block.scheduler_sanitizer_stack, nullptr, nullptr);
#endif
}

void fiber_main() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &block.scheduler_stack, &block.scheduler_stack_bytes);
#endif
  (*block.thread)();
  block.fibers[static_cast<std::size_t>(block.current)].waits = Waits::done;
  leave(true);
  std::abort();  // a fiber that has ended is never entered again
}

void start_fibers() {
  for (int i = 0; i < block.threads; ++i) {
    if (static_cast<std::size_t>(i) == block.fibers.size()) {
      Fiber fresh;
      void* stack = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
      if (stack == MAP_FAILED) throw std::bad_alloc();
      fresh.stack = static_cast<char*>(stack);
      block.fibers.push_back(fresh);
    }
    Fiber& fiber = block.fibers[static_cast<std::size_t>(i)];
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(fiber.stack, stack_bytes);
#endif
    fiber.context.start(fiber.stack, fiber_main);
    fiber.waits = Waits::no;
  }
  block.warps.assign(static_cast<std::size_t>(block.threads + 31) / 32, {});
}

/// No fiber can go on: either all stand at one barrier, which then opens, or the kernel is wrong.
void open_barrier() {
  const Fiber* at_block = nullptr;
  const Fiber* in_warp = nullptr;
  bool left = false;
  for (int i = 0; i < block.threads; ++i) {
    const Fiber& fiber = block.fibers[static_cast<std::size_t>(i)];
    if (fiber.waits == Waits::at_block) {
      if (at_block != nullptr && (at_block->site.line != fiber.site.line || at_block->site.file != fiber.site.file)) {
        block.fault =
            "divergent __syncthreads: some threads wait at " + text(at_block->site) + ", others at " + text(fiber.site);
        return;
      }
      at_block = &fiber;
    }
    if (fiber.waits == Waits::in_warp) in_warp = &fiber;
    if (fiber.waits == Waits::done) left = true;
  }
  if (in_warp != nullptr) {
    block.fault = "a warp collective at " + text(in_warp->site) + " that not all lanes of its mask reach";
  } else if (left) {
    block.fault =
        "divergent __syncthreads: some threads wait at " + text(at_block->site) + ", others have left the kernel";
  } else {
    for (int i = 0; i < block.threads; ++i) block.fibers[static_cast<std::size_t>(i)].waits = Waits::no;
  }
}

void run_block() {
  start_fibers();
  for (bool all_done = false; !all_done && block.fault.empty();) {
    bool moved = false;
    all_done = true;
    for (int i = 0; i < block.threads && block.fault.empty(); ++i) {
      const int thread = order == Order::forward ? i : block.threads - 1 - i;
      if (block.fibers[static_cast<std::size_t>(thread)].waits == Waits::no) {
        enter(thread);
        moved = true;
      }
      all_done = all_done && block.fibers[static_cast<std::size_t>(thread)].waits == Waits::done;
    }
    if (!moved && !all_done && block.fault.empty()) open_barrier();
  }
}

}  // namespace

void set_order(Order wanted) { order = wanted; }

int lane() { return block.current % 32; }

void* dynamic_shared() { return block.shared; }

void meet_block(Site site) {
  Fiber& fiber = block.fibers[static_cast<std::size_t>(block.current)];
  fiber.waits = Waits::at_block;
  fiber.site = site;
  leave(false);
}

std::uint64_t meet_warp(unsigned mask, Site site, MeetingWork work, std::uint64_t brought, int source) {
  const int own = lane(), first = block.current - own;
  WarpMeeting& meeting = block.warps[static_cast<std::size_t>(first / 32)];
  Fiber& fiber = block.fibers[static_cast<std::size_t>(block.current)];
  fiber.waits = Waits::in_warp;
  fiber.site = site;
  fiber.mask = mask;
  fiber.work = work;
  meeting.brought[own] = brought;
  meeting.source[own] = source;
  if ((mask >> own & 1U) == 0)
    block.fault = "a warp collective at " + text(site) + " whose mask leaves out its own lane";
  // A last warp that is not whole: as on the device, lanes that do not exist need not come.
  const int lanes = std::min(32, block.threads - first);
  const unsigned there = mask & (lanes == 32 ? 0xffffffffU : (1U << lanes) - 1);
  bool complete = block.fault.empty();
  for (int i = 0; i < lanes && complete; ++i) {
    if ((there >> i & 1U) == 0) continue;
    const Fiber& other = block.fibers[static_cast<std::size_t>(first + i)];
    complete = other.waits == Waits::in_warp;
    if (complete &&
        (other.mask != mask || other.work != work || other.site.line != site.line || other.site.file != site.file)) {
      block.fault = "divergent warp collective: lanes meet at " + text(site) + " and " + text(other.site) +
                    ", or with other masks";
      complete = false;
    }
  }
  if (!complete) {
    leave(false);
    return meeting.result[own];
  }
  meeting.mask = there;
  meeting.fault = nullptr;
  work(meeting);
  if (meeting.fault != nullptr) {
    block.fault = std::string(meeting.fault) + " at " + text(site);
    leave(false);
  }
  for (int i = 0; i < lanes; ++i) {
    if (there >> i & 1U) block.fibers[static_cast<std::size_t>(first + i)].waits = Waits::no;
  }
  return meeting.result[own];
}

void nothing(WarpMeeting&) {}

void take_from_source(WarpMeeting& meeting) {
  for (int lane = 0; lane < 32; ++lane) {
    if ((meeting.mask >> lane & 1U) == 0) continue;
    const int source = meeting.source[lane];
    if ((meeting.mask >> source & 1U) == 0) meeting.fault = "a shuffle from a lane outside the mask";
    meeting.result[lane] = meeting.brought[source];
  }
}

void vote(WarpMeeting& meeting) {
  std::uint64_t votes = 0;
  for (int lane = 0; lane < 32; ++lane) {
    if ((meeting.mask >> lane & 1U) != 0 && meeting.brought[lane] != 0) votes |= std::uint64_t{1} << lane;
  }
  for (std::uint64_t& result : meeting.result) result = votes;
}

std::string run_grid(dim3 grid, dim3 threads, std::size_t shared_bytes, const std::function<void()>& thread) {
  // Of its own exact size, so that AddressSanitizer sees an overrun; NaN, so that what was not written shows.
  std::unique_ptr<void, void (*)(void*)> shared(std::aligned_alloc(128, (shared_bytes + 127) / 128 * 128), std::free);
  block.shared = shared.get();
  block.fault.clear();
  block.thread = &thread;
  block.threads = static_cast<int>(threads.x * threads.y * threads.z);
  gridDim = grid;
  blockDim = threads;
  const std::size_t blocks = std::size_t{grid.x} * grid.y * grid.z;
  for (std::size_t i = 0; i < blocks && block.fault.empty(); ++i) {
    const std::size_t at = order == Order::forward ? i : blocks - 1 - i;
    blockIdx = {static_cast<unsigned>(at % grid.x), static_cast<unsigned>(at / grid.x % grid.y),
                static_cast<unsigned>(at / grid.x / grid.y)};
    if (shared_bytes > 0) std::memset(shared.get(), 0xff, shared_bytes);
    run_block();
  }
  return block.fault;
}

}  // namespace cuda_emulator
