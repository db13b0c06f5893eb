#pragma once
#include <cstdint>

#include "glcic/faces/canvas.h"

namespace kintsugi {

enum class HairStyle { bald, buzz, crop, side_part, curtain, fringe, curls, swept_back, bun };
enum class Beard { none, stubble, moustache, goatee, full };
enum class Glasses { none, round, square, half };
enum class Neckline { round, vee, shirt, turtleneck };
enum class Backdrop { gradient, glow, split, circles };

/// All that tells one drawn face from another. Lengths are in half pictures.
struct FaceTraits {
  Pose pose;
  float turn = 0;          ///< how far the features shift to one side, as the head turns
  Colour light_direction;  ///< (r, g, b) read as (x, y, z), of length 1, towards the light

  // Colours.
  Colour skin, skin_shadow, skin_light, lips, blush;
  Colour hair, hair_shadow, hair_light, brow;
  Colour iris, iris_light;
  Colour cloth, cloth_trim;
  Colour backdrop_a, backdrop_b;
  Colour frame;

  // Head: |x/half_width|^p + |y/height|^q = 1, other heights and powers above and below.
  float half_width = 0, top = 0, chin = 0, jaw_p = 0, jaw_q = 0;
  float ear_size = 0;

  float eye_spacing = 0, eye_y = 0, eye_width = 0, eye_open = 0, eye_tilt = 0, iris_size = 0;
  float gaze_x = 0, gaze_y = 0, lashes = 0;
  float brow_height = 0, brow_thickness = 0, brow_arch = 0, brow_tilt = 0;
  float nose_y = 0, nose_width = 0, nose_bridge = 0;
  float mouth_y = 0, mouth_width = 0, smile = 0, mouth_open = 0, lip_upper = 0, lip_lower = 0;
  float blush_strength = 0, freckles = 0, lipstick = 0;

  HairStyle style = HairStyle::crop;
  float hair_volume = 0;
  float hair_length = 0;  ///< how far down it hangs beside the face, as a y; below −0.2: not at all
  float hair_wave = 0, hairline = 0, part = 0;
  uint64_t strand_seed = 0;

  Beard beard = Beard::none;
  Glasses glasses = Glasses::none;
  bool dark_frame = false;
  bool earrings = false;
  Neckline neckline = Neckline::round;
  Backdrop backdrop = Backdrop::gradient;
};

/// The face of a seed.
FaceTraits draw_traits(uint64_t seed);

}  // namespace kintsugi
