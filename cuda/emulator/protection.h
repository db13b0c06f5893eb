#pragma once

/// Device memory is closed to host code, as on a machine with a GPU: an access ends the program
/// with a message, "host code touched device memory". It is open while a kernel, a copy or a fill
/// runs.
///
/// Where the processor has protection keys (Intel and AMD of the last years), opening and closing
/// is one instruction, whatever the size. Elsewhere it is a call to the system, dear for large
/// memory; there the arena is closed only where the host waits for the device (settle()).
namespace emulator {

/// Closes the arena, which has just been reserved.
void protect_arena();

/// Open while one of these lives. For the thread that holds the device (stream.h) alone; they nest.
class OpenArena {
 public:
  OpenArena();
  ~OpenArena();
  OpenArena(const OpenArena&) = delete;
  OpenArena& operator=(const OpenArena&) = delete;
};

/// Called where the host waits for the device.
void settle();

}  // namespace emulator
