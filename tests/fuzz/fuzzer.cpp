#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.h"

/// libFuzzer calls this with one input after the other. The program is linked with one target.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const kintsugi::FuzzTarget target = kintsugi::fuzz_targets().begin()->second;
  kintsugi::run_fuzz_target(target, {reinterpret_cast<const char*>(data), size});
  return 0;
}
