#include "tensor/io/safetensors.h"

#include "tests/fuzz/target.h"

namespace kintsugi {

static const FuzzRegistration safetensors("safetensors", [](std::string_view bytes) {
  parse_safetensors(bytes, "input");
});

}  // namespace kintsugi
