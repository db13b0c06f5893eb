#pragma once
#include <source_location>
#include <stdexcept>
#include <string>

#include "cuda/emulator/scheduler.h"

namespace emulator {

/// A kernel that breaks a rule of CUDA's: thrown where it does, out of the launch. The message
/// names the kernel, the block and the thread, the file and line of the call or access.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "kernel block_sum<float>, block (1, 0, 0), thread (31, 0, 0)"
std::string where(const Block& block, const Thread& thread);

/// The same of the running thread; "host code" outside kernels.
std::string where();

/// "cuda/reduce.cu:41": the line of the call that returns to this address, as seen by the function
/// called, __builtin_return_address(0). Of code that was inlined, also where:
/// "cuda/reduce.cu:41, called from cuda/reduce.cu:63".
std::string describe(const void* return_address);
std::string describe(const std::source_location& site);

/// "(1, 0, 0)"
std::string describe(const uint3& index);

/// The name of the function that begins here, without parameters and unnamed namespaces.
std::string function_name(const void* code);

}  // namespace emulator
