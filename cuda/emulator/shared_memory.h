#pragma once
#include <cstddef>

namespace emulator {

/// The dynamic shared memory of the running block.
void* dynamic_shared_memory();
size_t shared_memory_bytes();

/// Gives the block that begins this many bytes of it, with nothing in them.
void fresh_shared_memory(size_t bytes);

}  // namespace emulator
