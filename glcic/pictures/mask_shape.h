#pragma once
#include "glcic/pictures/pixel_mask.h"

namespace kintsugi {

/// Every pixel whose centre lies at most `radius` pixels from the centre of one of the hole: the
/// hole dilated by a disc (exact Euclidean distance). Radius 0 changes nothing. Throws Error for a
/// negative radius.
PixelMask grown(const PixelMask& mask, int64_t radius);

/// The reverse, an erosion: the hole without every pixel that is at most `radius` from a kept one.
/// What lies outside of the picture is not kept, so a hole at the border stays there.
PixelMask shrunk(const PixelMask& mask, int64_t radius);

}  // namespace kintsugi
