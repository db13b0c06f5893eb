#include "tensor/io/image.h"

#include "tests/fuzz/mended_png.h"
#include "tests/fuzz/target.h"

namespace kintsugi {

constexpr int64_t kMaxPixels = 1 << 16;

static const FuzzRegistration image("image", [](std::string_view bytes) {
  decode_image(mended_png(bytes), "input", kMaxPixels);
});

}  // namespace kintsugi
