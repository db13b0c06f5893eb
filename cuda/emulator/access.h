#pragma once
#include <cstddef>

#include "cuda/emulator/races.h"

/// The checks of one access to memory by a kernel: what g++ calls for every load and store of a
/// kernel (access.cpp), and what functions of the emulator call that access memory in its stead.
namespace emulator {

/// Throws Fault unless the running kernel may make this access: inside one allocation, to bytes
/// that somebody wrote where it reads, racing with no other thread. `code`: what
/// __builtin_return_address(0) is in the function that is the access, for the message. In host code
/// it is a Fault to access device memory at all.
void check_access(Access access, const void* address, size_t bytes, const void* code);

}  // namespace emulator
