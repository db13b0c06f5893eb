#include "cuda/emulator/copy.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "cuda/emulator/memory.h"
#include "cuda/emulator/protection.h"
#include "cuda/emulator/report.h"
#include "cuda/emulator/shadow.h"

namespace emulator {
namespace {

[[noreturn]] void fault(const char* who, const char* verb, const void* address, size_t bytes,
                        const std::string& what, const void* code) {
  throw Fault(fmt::format("{}{} {} {} bytes at {}, {}{}",
                          code == nullptr ? "" : describe(code) + ": ", who, verb, bytes, address,
                          what, neighbourhood(address, bytes)));
}

void check_open(const void* address, size_t bytes, const char* who, const char* verb,
                const void* code) {
  if (!in_arena(address) || !is_open(address, bytes)) fault(who, verb, address, bytes, "", code);
}

/// What the copies and fills know of their call.
struct Call {
  const char* name;
  const void* code;  ///< where it returns to
};

void copy(const Call& call, void* to, const void* from, size_t bytes) {
  const bool from_device = in_arena(from), to_device = in_arena(to);
  if (from_device && to_device)
    check_open(from, bytes, call.name, "reads", call.code);
  else if (from_device)
    check_read(from, bytes, call.name, call.code);
  if (to_device) check_write(to, bytes, call.name, call.code);
  std::memmove(to, from, bytes);
  if (from_device && to_device) std::memmove(shadow_of(to), shadow_of(from), bytes);
}

void fill(const Call& call, void* to, int value, size_t bytes) {
  check_write(to, bytes, call.name, call.code);
  std::memset(to, value, bytes);
}

bool fits(cudaMemcpyKind kind, const void* to, const void* from) {
  if (kind == cudaMemcpyDefault) return true;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  return in_arena(from) == from_device && in_arena(to) == to_device;
}

cudaError_t submit_copy(const Call& call, void* to, const void* from, size_t bytes,
                        cudaMemcpyKind kind, cudaStream_t stream) {
  if (bytes > 0 && (to == nullptr || from == nullptr || !fits(kind, to, from)))
    return finish(cudaErrorInvalidValue);
  return finish(submit(stream, [=] {
    if (bytes > 0) copy(call, to, from, bytes);
  }));
}

cudaError_t submit_fill(const Call& call, void* to, int value, size_t bytes, cudaStream_t stream) {
  if (bytes > 0 && !in_arena(to)) return finish(cudaErrorInvalidValue);
  return finish(submit(stream, [=] {
    if (bytes > 0) fill(call, to, value, bytes);
  }));
}

}  // namespace

void check_read(const void* address, size_t bytes, const char* who, const void* code) {
  if (bytes == 0) return;
  check_open(address, bytes, who, "reads", code);
  const uint8_t* states = shadow_of(address);
  const uint8_t* unwritten = std::find(states, states + bytes, kOpen);
  if (unwritten != states + bytes)
    fault(who, "reads", address, bytes,
          fmt::format("but nobody wrote byte {}, ", unwritten - states), code);
}

void check_write(void* address, size_t bytes, const char* who, const void* code) {
  if (bytes == 0) return;
  check_open(address, bytes, who, "writes", code);
  mark_written(address, bytes);
}

}  // namespace emulator

using namespace emulator;

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const Call call{"cudaMemcpyAsync", __builtin_return_address(0)};
  return submit_copy(call, to, from, bytes, kind, stream);
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  const Call call{"cudaMemcpy", __builtin_return_address(0)};
  const cudaError_t status = submit_copy(call, to, from, bytes, kind, nullptr);
  settle();
  return status;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  const Call call{"cudaMemsetAsync", __builtin_return_address(0)};
  return submit_fill(call, to, value, bytes, stream);
}

cudaError_t cudaMemset(void* to, int value, size_t bytes) {
  const Call call{"cudaMemset", __builtin_return_address(0)};
  return submit_fill(call, to, value, bytes, nullptr);
}
