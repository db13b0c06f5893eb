#include "cuda/emulator/protection.h"

#include <fmt/core.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "cuda/emulator/memory.h"
#include "cuda/emulator/report.h"
#include "cuda/emulator/shadow.h"

namespace emulator {
namespace {

// ---- opening and closing ------------------------------------------------------------------------

int depth = 0;          // of OpenArena
int key = -1;           // the arena's protection key; −1 where the processor has none
size_t open_bytes = 0;  // without keys: of the arena's beginning

void open() {
  if (key >= 0) {
    pkey_set(key, 0);
  } else if (open_bytes < used_extent()) {
    open_bytes = used_extent();
    mprotect(reinterpret_cast<void*>(kArena), open_bytes, PROT_READ | PROT_WRITE);
  }
}

void close() {
  if (key >= 0) {
    pkey_set(key, PKEY_DISABLE_ACCESS);
  } else if (open_bytes > 0) {
    mprotect(reinterpret_cast<void*>(kArena), open_bytes, PROT_NONE);
    open_bytes = 0;
  }
}

// ---- who touches it nevertheless ----------------------------------------------------------------

struct sigaction former_handler;
alignas(64) std::array<std::byte, 256 * kKiB> handler_stack;

const void* faulting_instruction(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<const void*>(machine.pc);
#endif
}

/// What is no access to device memory goes to the handler that was there before, by happening
/// again.
void handle_segmentation_fault(int, siginfo_t* info, void* context) {
  if (!in_arena(info->si_addr)) {
    sigaction(SIGSEGV, &former_handler, nullptr);
    return;
  }
  const auto* after = static_cast<const std::byte*>(faulting_instruction(context)) + 1;
  const std::string message =
      fmt::format("{}: host code touched device memory at {}, {}\n", describe(after), info->si_addr,
                  neighbourhood(info->si_addr, 1));
  if (write(STDERR_FILENO, message.data(), message.size()) < 0) _exit(1);
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

/// Other handlers come and go (a test framework sets its own for each test): ours is put in front
/// of them again whenever the arena has been closed.
void watch() {
  struct sigaction current;
  sigaction(SIGSEGV, nullptr, &current);
  if (current.sa_sigaction == handle_segmentation_fault) return;
  former_handler = current;
  const stack_t stack{
      .ss_sp = handler_stack.data(), .ss_flags = 0, .ss_size = handler_stack.size()};
  sigaltstack(&stack, nullptr);
  struct sigaction ours {};
  ours.sa_sigaction = handle_segmentation_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &ours, nullptr);
}

}  // namespace

void protect_arena() {
  key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
  if (key < 0) return;
  pkey_mprotect(reinterpret_cast<void*>(kArena), kArenaBytes, PROT_READ | PROT_WRITE, key);
}

OpenArena::OpenArena() {
  ++depth;
  open();
}

OpenArena::~OpenArena() {
  if (--depth > 0) return;
  if (key >= 0) close();
  watch();
}

void settle() {
  if (depth == 0 && key < 0) close();
}

}  // namespace emulator
