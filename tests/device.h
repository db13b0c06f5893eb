#pragma once
#include <cstdlib>
#include <string>

#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {

/// Whether the device cuda can be used: built in, and there.
inline bool has_cuda() {
  try {
    backend(Device::cuda);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Whether this program runs CUDA's kernels on the CPU (docs/cuda.md).
inline bool cuda_is_emulated() {
  return has_cuda() && backend(Device::cuda).name() == "CUDA emulator";
}

/// The device that the tests run on, by DEVICE in the environment: cpu (also where it is not set),
/// cuda, or emulated: the device cuda of a program that was built with the emulator. Throws Error
/// for any other word, and where this program does not have that device.
inline Device test_device() {
  const char* variable = std::getenv("DEVICE");
  const std::string name = variable == nullptr ? "" : variable;
  if (name.empty() || name == "cpu") return Device::cpu;
  check(name == "cuda" || name == "emulated",
        "DEVICE: '{}' is not one; there are cpu, cuda and emulated", name);
  if (name == "cuda") backend(Device::cuda);  // throws where there is none
  check(name == "cuda" || cuda_is_emulated(),
        "DEVICE=emulated: this program was built without the emulator; `make test-emulated` builds "
        "one that has it");
  check(name == "emulated" || !cuda_is_emulated(),
        "DEVICE=cuda: this program runs CUDA's kernels on the emulator, not on a GPU; say "
        "DEVICE=emulated");
  return Device::cuda;
}

}  // namespace kintsugi
