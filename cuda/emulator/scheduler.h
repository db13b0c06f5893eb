#pragma once
#include <boost/context/fiber.hpp>
#include <cstdint>
#include <optional>
#include <source_location>
#include <vector>

#include "cuda/emulator/launch.h"
#include "cuda/emulator/vector_types.h"

/// How kernels run on the CPU. The blocks of a grid run one after another; the threads of a block
/// take turns on the one host thread that launched them. A turn ends where the thread ends, or
/// where it has to wait for others: at a barrier, a shuffle, a vote. There it is suspended, its
/// stack kept, until they have come. So a kernel runs as on a GPU that schedules its threads
/// independently, only that one alone moves at a time.
namespace emulator {

constexpr int kWarpSize = 32;

// ---- launching ----------------------------------------------------------------------------------

/// Runs all threads of a launch to their end, one launch at a time. Throws Fault where the kernel
/// breaks a rule, and what the kernel throws; its threads are then gone.
void run(const Launch& launch);

/// From now on blocks and threads run in an order drawn from this seed, another one after each
/// barrier, the same in each launch: a kernel whose result depends on the seed lacks a barrier.
/// Without a seed (nullopt), in the order of their numbers. The program starts with the seed that
/// the environment names, EMULATOR_SEED=7. Returns the seed so far.
std::optional<uint64_t> set_seed(std::optional<uint64_t> seed);

// ---- a block and its threads --------------------------------------------------------------------

/// A call at which a thread waits for others.
struct Wait {
  const char* function = "";  ///< such as "__syncthreads"
  std::source_location site;
  uint32_t lanes = 0;  ///< for whom: these lanes of the warp; 0: for the whole block
};

struct Thread {
  enum class State { fresh, running, waiting, released, ended };

  int number;   ///< in its block, x fastest
  uint3 index;  ///< threadIdx
  State state = State::fresh;
  Wait wait{};
  uint32_t block_epoch = 0;
  uint32_t warp_epoch = 0;
  boost::context::fiber suspended{};  ///< its stack and registers, while it waits

  int warp() const { return number / kWarpSize; }
  int lane() const { return number % kWarpSize; }
};

/// The threads that have come to a __syncthreads.
struct Barrier {
  int arrived = 0;
  int agreeing = 0;  ///< of them, those whose predicate holds
  int agreed = 0;    ///< the same, of the last barrier that all had come to
};

/// The lanes that have come to a shuffle, a vote or a __syncwarp, and what they brought.
struct Warp {
  uint32_t waiting = 0;  ///< a bit for each lane
  uint32_t epoch = 0;    ///< the number of __syncwarp so far
  uint64_t brought[kWarpSize];
  int source[kWarpSize];  ///< the lane whose value each lane asks for
  uint64_t received[kWarpSize];
};

struct Block {
  const Launch& launch;
  int64_t number;  ///< in the grid, x fastest
  uint3 index;     ///< blockIdx
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  Barrier barrier;
};

/// The thread that this host thread is running, and its block; null outside kernels.
extern constinit thread_local Thread* running_thread;
extern constinit thread_local Block* running_block;

/// A thread that has to wait says for what, lets those go on that waited for it alone, and ends its
/// turn: suspend() returns after release() has been called for it, by itself or another one.
void wait_at(const Wait& wait);
void release(Thread& thread);
void suspend();

// ---- what the checks of memory ask --------------------------------------------------------------

inline bool in_kernel() { return running_thread != nullptr; }

/// The rest may be asked in a kernel alone. The numbers count with x fastest.
inline int current_thread() { return running_thread->number; }
inline int64_t current_block() { return running_block->number; }

/// How many __syncthreads the running thread has passed in its block. Two accesses by different
/// threads of a block at the same number have no barrier between them.
inline uint32_t block_epoch() { return running_thread->block_epoch; }

/// The number, in its warp, of the last __syncwarp that the running thread has passed. Two accesses
/// by different threads of a warp at the same numbers here and above have no order.
inline uint32_t warp_epoch() { return running_thread->warp_epoch; }

}  // namespace emulator
