#pragma once
#include <cstdint>

#include "tensor/tensor.h"

namespace kintsugi {

/// A face drawn by the program: [size, size, 3] float32, RGB in [0, 1]. The same seed is the same
/// person at every size, with eyes, nose and mouth at about the same places for all seeds, as in
/// aligned portraits. Anti-aliased; thread-safe; bit-identical for the same seed and size.
Tensor draw_face(uint64_t seed, int64_t size);

}  // namespace kintsugi
