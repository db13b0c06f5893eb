#include <array>

#include "glcic/faces/face_painters.h"

namespace kintsugi {
namespace {

constexpr float kChest = 0.80f;  // where the shoulders begin, as a y
constexpr float kNeck = 0.235f;  // half the neck's width

float shoulder_y(float x) {
  return kChest + 0.30f * std::pow(std::max(std::abs(x) - 0.2f, 0.0f), 1.25f);
}

/// Distance to the part of the chest that the clothes leave bare.
float neckline_distance(const FaceTraits& face, float x, float y) {
  switch (face.neckline) {
    case Neckline::round:
      return ellipse(x, y - 0.76f, 0.33f, 0.185f);
    case Neckline::vee:
      return (std::abs(x) * 0.9f + y * 0.75f - 0.93f) * 0.85f;
    case Neckline::shirt:
      return (std::abs(x) * 0.9f + y * 0.6f - 0.70f) * 0.92f;
    case Neckline::turtleneck:
      break;
  }
  return 1.0f;
}

}  // namespace

void paint_backdrop(Canvas& canvas, const FaceTraits& face) {
  const Colour light = mix(face.backdrop_a, rgb(0xFFFFFF), 0.25f);
  const float side = face.light_direction.r > 0 ? 1.0f : -1.0f;
  canvas.paint({}, [&](float x, float y, Colour& pixel) {
    const float vertical = smoothstep(-1.1f, 1.1f, y - 0.25f * side * x);
    pixel = mix(face.backdrop_a, face.backdrop_b, vertical);
    switch (face.backdrop) {
      case Backdrop::gradient:
        break;
      case Backdrop::glow:
        pixel = mix(face.backdrop_b, light, bump(std::hypot(x - 0.25f * side, y + 0.2f), 0.95f));
        break;
      case Backdrop::split:
        pixel = mix(pixel, face.backdrop_b,
                    0.75f * canvas.cover(0.8f * (x * side + 0.35f * y + 0.15f)));
        break;
      case Backdrop::circles: {
        const float disc = std::hypot(x, y + 0.12f);
        pixel = mix(pixel, light, 0.35f * canvas.cover(disc - 1.0f));
        pixel = mix(pixel, light, 0.45f * canvas.cover(disc - 0.82f));
        break;
      }
    }
    pixel = pixel * (1.0f - 0.10f * smoothstep(0.8f, 1.5f, std::hypot(x, y)));
  });
}

void paint_neck_and_clothes(Canvas& canvas, const FaceTraits& face) {
  const bool turtleneck = face.neckline == Neckline::turtleneck;
  const Colour cloth_shadow = face.cloth * Colour{0.62f, 0.60f, 0.68f};
  const Colour cloth_light = mix(face.cloth, rgb(0xFFFFFF), 0.16f);
  canvas.paint({-2.0f, 0.3f, 2.0f, 1.2f}, [&](float x, float y, Colour& pixel) {
    // The neck widens into the shoulders.
    const float flare = kNeck + 0.5f * square(std::max(y - 0.62f, 0.0f));
    const float neck = canvas.cover(std::abs(x) - flare);
    const float side = x * face.light_direction.r * 3.0f;
    const Colour skin = mix(face.skin_shadow, face.skin, 0.55f + 0.45f * clamp01(side));
    const float under_chin =
        smoothstep(0.20f, -0.02f, head_distance(face, x - 0.3f * face.turn, y - 0.06f));
    const Colour skin_here = mix(skin, face.skin_shadow * 0.86f, 0.85f * under_chin);
    pixel = mix(pixel, skin_here, neck);

    const float body = canvas.cover((y - shoulder_y(x)) * -0.95f);
    const float shade = clamp01(0.5f + 0.6f * x * face.light_direction.r * 2.0f -
                                0.5f * smoothstep(0.75f, 1.05f, y) + 0.25f);
    Colour cloth = mix(cloth_shadow, mix(face.cloth, cloth_light, shade), 0.35f + 0.65f * shade);
    const float bare = neckline_distance(face, x, y);
    cloth = mix(cloth, face.cloth_trim, 0.85f * canvas.cover(std::abs(bare - 0.022f) - 0.022f));
    pixel = mix(pixel, cloth, body * canvas.cover(-bare));
    pixel = mix(pixel, skin_here, body * canvas.cover(bare));

    if (turtleneck) {
      const float collar = rounded_box(x, y - 0.88f, kNeck + 0.045f, 0.16f, 0.05f);
      const Colour fold = mix(cloth_shadow, face.cloth, smoothstep(-0.5f, 0.6f, side + 0.3f));
      const float in_chin_shadow =
          smoothstep(0.16f, 0.0f, head_distance(face, x - 0.3f * face.turn, y - 0.05f));
      pixel = mix(pixel, mix(fold, cloth_shadow, 0.7f * in_chin_shadow), canvas.cover(collar));
    }
    if (face.neckline == Neckline::shirt) {
      // Two collar wings.
      const float ax = std::abs(x);
      const float wing = smooth_max(smooth_max((0.70f - ax * 0.9f - y * 0.6f) * 0.92f,
                                               (ax * 0.75f + y * 0.66f - 0.865f), 0.01f),
                                    0.74f + 0.12f * ax - y, 0.02f);
      const Colour white = face.cloth_trim * (0.86f + 0.14f * clamp01(0.6f + side));
      pixel = mix(pixel, white, canvas.cover(wing));
    }
  });
}

}  // namespace kintsugi
