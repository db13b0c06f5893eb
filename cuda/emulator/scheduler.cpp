#include "cuda/emulator/scheduler.h"

#include <algorithm>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <random>
#include <utility>

#include "cuda/emulator/races.h"
#include "cuda/emulator/report.h"
#include "cuda/emulator/shared_memory.h"
#include "cuda/emulator/stall.h"

/// The special registers. cuda_runtime.h declares them constant, as they are to the thread that
/// reads them; here, under other names for the same memory, they are set at the start of its turns.
uint3 thread_register asm("threadIdx");
uint3 block_register asm("blockIdx");
uint3 block_extent_register asm("blockDim");
uint3 grid_extent_register asm("gridDim");

namespace emulator {

constinit thread_local Thread* running_thread = nullptr;
constinit thread_local Block* running_block = nullptr;

namespace {

namespace context = boost::context;

constexpr size_t kStackBytes = 64 * 1024;

int64_t volume(const dim3& extent) { return static_cast<int64_t>(extent.x) * extent.y * extent.z; }

/// The index of element `number` of a row-major box, x fastest.
uint3 index_in(const dim3& extent, int64_t number) {
  const int64_t row = number / extent.x;
  return {static_cast<unsigned>(number % extent.x), static_cast<unsigned>(row % extent.y),
          static_cast<unsigned>(row / extent.y)};
}

std::optional<uint64_t> seed_of_environment() {
  const char* seed = std::getenv("EMULATOR_SEED");
  if (seed == nullptr || *seed == '\0') return std::nullopt;
  return std::strtoull(seed, nullptr, 10);
}

class Scheduler {
 public:
  std::optional<uint64_t> set_seed(std::optional<uint64_t> seed) {
    return std::exchange(seed_, seed);
  }
  void run(const Launch& launch);
  void release(Thread& thread);
  void suspend() { scheduler_ = std::move(scheduler_).resume(); }

 private:
  void run_block(Block& block);
  void start(Block& block);
  void give_turn(Thread& thread);
  void enter(Thread& thread);
  void run_fresh_threads();
  void run_to_end(Thread& thread);
  void abandon(Block& block);
  context::fiber new_fiber();
  context::fiber take_idle_fiber();
  Thread* take_next();
  Thread* take_fresh();
  std::vector<int64_t> order_of_blocks(int64_t count);

  std::optional<uint64_t> seed_ = seed_of_environment();
  std::mt19937_64 random_;
  std::vector<Thread*> runnable_;     ///< fresh or released, the next in turn last
  Thread* beginning_ = nullptr;       ///< the fresh thread for which a fiber is resumed
  std::vector<context::fiber> idle_;  ///< whose threads have ended: stacks to use again
  context::fiber scheduler_;          ///< run_block(), while a thread has its turn
  std::exception_ptr fault_;
};

void Scheduler::run(const Launch& launch) {
  if (in_kernel()) throw Fault(where() + ": a kernel cannot launch another one");
  const CheckedLaunch checked;
  if (seed_) random_.seed(*seed_);
  block_extent_register = launch.block;
  grid_extent_register = launch.grid;

  Block block{
      .launch = launch, .number = 0, .index = {}, .threads = {}, .warps = {}, .barrier = {}};
  const int64_t threads = volume(launch.block);
  block.threads.resize(static_cast<size_t>(threads));
  block.warps.resize(static_cast<size_t>((threads + kWarpSize - 1) / kWarpSize));
  for (int i = 0; i < threads; ++i) {
    block.threads[static_cast<size_t>(i)].number = i;
    block.threads[static_cast<size_t>(i)].index = index_in(launch.block, i);
  }
  for (const int64_t number : order_of_blocks(volume(launch.grid))) {
    block.number = number;
    block.index = index_in(launch.grid, number);
    run_block(block);
  }
}

std::vector<int64_t> Scheduler::order_of_blocks(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  if (seed_) std::shuffle(order.begin(), order.end(), random_);
  return order;
}

void Scheduler::run_block(Block& block) {
  start(block);
  running_block = &block;
  while (fault_ == nullptr) {
    Thread* thread = take_next();
    if (thread == nullptr) break;
    give_turn(*thread);
  }
  running_block = nullptr;
  if (fault_ == nullptr && stalled(block))
    fault_ = std::make_exception_ptr(Fault(explain_stall(block)));
  if (fault_ != nullptr) {
    abandon(block);
    std::rethrow_exception(std::exchange(fault_, nullptr));
  }
}

void Scheduler::start(Block& block) {
  block_register = block.index;
  fresh_shared_memory(block.launch.shared_bytes);
  block.barrier = {};
  for (Warp& warp : block.warps) warp.waiting = warp.epoch = 0;
  runnable_.clear();
  for (Thread& thread : block.threads) {
    thread.state = Thread::State::fresh;
    thread.block_epoch = thread.warp_epoch = 0;
    runnable_.push_back(&thread);
  }
  std::reverse(runnable_.begin(), runnable_.end());
}

/// Null where no thread can move: all have ended, or wait.
Thread* Scheduler::take_next() {
  if (runnable_.empty()) return nullptr;
  if (seed_) std::swap(runnable_.back(), runnable_[random_() % runnable_.size()]);
  Thread* next = runnable_.back();
  runnable_.pop_back();
  return next;
}

/// Null also where the next in turn has begun before.
Thread* Scheduler::take_fresh() {
  Thread* next = take_next();
  if (next == nullptr || next->state == Thread::State::fresh) return next;
  runnable_.push_back(next);
  return nullptr;
}

// ---- on fibers ----------------------------------------------------------------------------------

/// Resumes a thread where it was suspended; a fresh one begins on an idle fiber. Returns when this
/// thread, or a fresh one that came after it on the same fiber, is suspended, or none has been.
void Scheduler::give_turn(Thread& thread) {
  context::fiber fiber;
  if (thread.state == Thread::State::fresh) {
    beginning_ = &thread;
    fiber = take_idle_fiber();
  } else {
    enter(thread);
    fiber = std::move(thread.suspended);
  }
  fiber = std::move(fiber).resume();
  if (running_thread != nullptr)
    running_thread->suspended = std::move(fiber);
  else
    idle_.push_back(std::move(fiber));
  running_thread = nullptr;
}

void Scheduler::enter(Thread& thread) {
  thread.state = Thread::State::running;
  running_thread = &thread;
  thread_register = thread.index;
  begin_turn();
}

context::fiber Scheduler::take_idle_fiber() {
  if (idle_.empty()) return new_fiber();
  context::fiber fiber = std::move(idle_.back());
  idle_.pop_back();
  return fiber;
}

context::fiber Scheduler::new_fiber() {
  return context::fiber(std::allocator_arg, context::protected_fixedsize_stack(kStackBytes),
                        [this](context::fiber&& scheduler) {
                          scheduler_ = std::move(scheduler);
                          for (;;) {
                            run_fresh_threads();
                            scheduler_ = std::move(scheduler_).resume();
                          }
                          return std::move(scheduler_);
                        });
}

/// Runs threads one after another on this fiber, as calls of a function, as long as the next in
/// turn is a fresh one: threads that meet no barrier cost no switch.
void Scheduler::run_fresh_threads() {
  for (Thread* thread = beginning_; thread != nullptr; thread = take_fresh()) {
    run_to_end(*thread);
    if (fault_ != nullptr) break;
  }
}

void Scheduler::run_to_end(Thread& thread) {
  enter(thread);
  const ThreadBody& body = running_block->launch.body;
  try {
    body.call(body.arguments.get());
  } catch (const context::detail::forced_unwind&) {
    throw;  // abandon() takes this fiber down
  } catch (...) {
    fault_ = std::current_exception();
  }
  thread.state = Thread::State::ended;
  running_thread = nullptr;
}

void Scheduler::release(Thread& thread) {
  thread.state = Thread::State::released;
  runnable_.push_back(&thread);
}

/// Takes down what is left of a block: unwinds the stacks of its suspended threads.
void Scheduler::abandon(Block& block) {
  for (Thread& thread : block.threads) thread.suspended = {};
  runnable_.clear();
}

Scheduler& scheduler() {
  static Scheduler& instance = *new Scheduler;  // its fibers are never unwound at exit
  return instance;
}

}  // namespace

void run(const Launch& launch) { scheduler().run(launch); }
std::optional<uint64_t> set_seed(std::optional<uint64_t> seed) {
  return scheduler().set_seed(seed);
}
void wait_at(const Wait& wait) {
  running_thread->state = Thread::State::waiting;
  running_thread->wait = wait;
}

void release(Thread& thread) { scheduler().release(thread); }
void suspend() { scheduler().suspend(); }

}  // namespace emulator
