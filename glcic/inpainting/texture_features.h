#pragma once
#include "glcic/inpainting/hole_pyramid.h"

namespace kintsugi {

/// The picture [H, W, C] with two more channels, [H, W, C + 2], that say how busy it is:
///   scale · mean |I_p − I_q|
/// over the channels and over the known neighbours q left and right of p, and above and below p; 0
/// where none is known. Averaged down a pyramid they tell a fine texture from a flat area of the
/// same mean colour (texture features of Newson et al., "Video Inpainting of Complex Scenes",
/// 2014, §3.2). In the hole every channel is 0.
HoleLevel with_texture_features(const HoleLevel& level, float scale);

}  // namespace kintsugi
