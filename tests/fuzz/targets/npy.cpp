#include "tensor/io/npy.h"

#include "tests/fuzz/target.h"

namespace kintsugi {

static const FuzzRegistration npy("npy", [](std::string_view bytes) { parse_npy(bytes, "input"); });

}  // namespace kintsugi
