#include <cstdint>

#include "glcic/faces/face_painters.h"

namespace kintsugi {
namespace {

/// Small dots scattered over a grid, about one in two cells: coverage by the one at (x, y).
float freckle(float x, float y, float pixel) {
  constexpr float kCells = 26.0f;  // a unit
  const float column = std::floor(x * kCells), row = std::floor(y * kCells);
  uint32_t hash = static_cast<uint32_t>(static_cast<int>(column)) * 0x9E3779B1u ^
                  static_cast<uint32_t>(static_cast<int>(row)) * 0x85EBCA77u;
  hash = (hash ^ hash >> 15) * 0x2C1B3C6Du;
  hash ^= hash >> 13;
  const float across = static_cast<float>(hash & 255) / 255.0f;
  const float down = static_cast<float>(hash >> 8 & 255) / 255.0f;
  const float radius = 0.28f * static_cast<float>(hash >> 16 & 255) / 255.0f - 0.06f;
  const float distance =
      std::hypot(x * kCells - column - 0.3f - 0.4f * across, y * kCells - row - 0.3f - 0.4f * down);
  const float blur = kCells * pixel + 0.12f;
  return clamp01(0.5f - (distance - radius) / blur) * std::min(1.0f, 0.6f / blur);
}

}  // namespace

float head_distance(const FaceTraits& face, float x, float y) {
  const float u = std::abs(x) / face.half_width;
  const float v = std::abs(y) / (y < 0 ? face.top : face.chin);
  const float p = y < 0 ? 2.3f : face.jaw_p, q = y < 0 ? 2.3f : face.jaw_q;
  const float height = y < 0 ? face.top : face.chin;
  const float up = std::pow(u, p - 1.0f), vq = std::pow(v, q - 1.0f);
  const float value = up * u + vq * v - 1.0f;
  const float slope = std::hypot(p * up / face.half_width, q * vq / height);
  return value / std::max(slope, 1.0f);
}

Colour shade_dome(const FaceTraits& face, float u, float v, Colour shadow, Colour base,
                  Colour light) {
  const float nz = std::sqrt(std::max(1.0f - 0.88f * (u * u + v * v), 0.04f));
  const Colour& to_light = face.light_direction;
  const float facing = u * to_light.r + v * to_light.g + nz * to_light.b;
  const Colour dark_side = mix(shadow, base, smoothstep(-0.05f, 0.62f, facing));
  return mix(dark_side, light, 0.85f * smoothstep(0.62f, 1.08f, facing));
}

void paint_ears(Canvas& canvas, const FaceTraits& face) {
  const float rx = 0.075f * face.ear_size, ry = 0.135f * face.ear_size;
  for (const float side : {-1.0f, 1.0f}) {
    // The ear that the head turns away from shows more.
    const float cx = side * (face.half_width + 0.012f) - 0.25f * face.turn, cy = 0.03f;
    const Box box{cx - 0.12f, cy - 0.2f, cx + 0.12f, cy + 0.26f};
    const float lit = 0.5f + side * face.light_direction.r;
    const Colour base = mix(face.skin_shadow, face.skin, 0.35f + 0.5f * clamp01(lit));
    canvas.paint(box, [&](float x, float y, Colour& pixel) {
      const float ex = (x - cx) * side, ey = y - cy;
      const float tilted = ex + 0.18f * ey;
      const float outline = ellipse(tilted, ey, rx, ry * (ey > 0 ? 1.0f : 0.95f));
      Colour ear = mix(base, face.blush, 0.18f);
      ear = mix(ear, face.skin_light, 0.35f * bump(outline + 0.012f, 0.014f) * clamp01(lit));
      const float hollow = ellipse(tilted + 0.008f, ey + 0.012f, rx * 0.52f, ry * 0.62f);
      ear = mix(ear, face.skin_shadow, 0.65f * smoothstep(0.02f, -0.03f, hollow));
      pixel = mix(pixel, ear, canvas.cover(outline));
      if (face.earrings) {
        const float stud = std::hypot(ex - 0.012f, ey - ry - 0.012f) - 0.021f;
        const float glint = bump(std::hypot(ex - 0.006f, ey - ry - 0.005f), 0.010f);
        pixel = mix(pixel, mix(rgb(0xD9A93B), rgb(0xFFF7D6), glint), canvas.cover(stud));
      }
    });
  }
}

void paint_head(Canvas& canvas, const FaceTraits& face) {
  const float w = face.half_width + 0.02f;
  const Box box{-w, -face.top - 0.02f, w, face.chin + 0.02f};
  const float side = face.light_direction.r;
  const auto spot = [](float x, float y, float rx, float ry) {
    return std::exp(-square(x / rx) - square(y / ry));
  };
  canvas.paint(box, [&](float x, float y, Colour& pixel) {
    const float distance = head_distance(face, x, y);
    const float alpha = canvas.cover(distance);
    if (alpha <= 0.0f) return;
    const float u = x / face.half_width, v = y / (y < 0 ? face.top : face.chin);
    Colour skin =
        shade_dome(face, u * 0.98f, v * 0.92f, face.skin_shadow, face.skin, face.skin_light);
    const float fx = x - face.turn, ax = std::abs(fx);
    // Cheeks, then the hollows: eye sockets, beside the nose bridge, under the lower lip, temples.
    skin = mix(skin, face.blush, face.blush_strength * spot(ax - 0.27f, y - 0.20f, 0.14f, 0.105f));
    skin =
        mix(skin, face.skin_light,
            0.30f * spot(fx - 0.27f * side - (side > 0 ? 0.18f : -0.18f), y - 0.08f, 0.10f, 0.07f));
    skin =
        mix(skin, face.skin_shadow,
            0.34f * spot(ax - face.eye_spacing + 0.015f, y - face.eye_y + 0.045f, 0.13f, 0.062f));
    skin = mix(skin, face.skin_shadow,
               0.22f * spot(ax - face.eye_spacing, y - face.eye_y - 0.075f, 0.10f, 0.028f));
    const float chin_crease = face.mouth_y + face.lip_lower + face.mouth_open + 0.045f;
    skin = mix(skin, face.skin_shadow, 0.35f * spot(fx, y - chin_crease, 0.10f, 0.028f));
    skin = mix(skin, face.skin_light,
               0.28f * spot(fx - 0.02f * side, y - chin_crease - 0.085f, 0.09f, 0.05f));
    skin = mix(skin, face.skin_light, 0.22f * spot(fx - 0.15f * side, y + 0.36f, 0.24f, 0.15f));
    // Laugh lines.
    if (face.smile > 0.02f) {
      const float line = ax - 0.125f - 0.34f * (y - 0.24f);
      const float along = smoothstep(0.20f, 0.30f, y) * smoothstep(0.46f, 0.36f, y);
      skin = mix(skin, face.skin_shadow, 4.0f * face.smile * along * bump(line, 0.022f));
    }
    if (face.freckles > 0) {
      const float where = spot(ax - 0.16f, y - 0.13f, 0.18f, 0.09f);
      skin = mix(skin, face.skin_shadow * Colour{1.0f, 0.85f, 0.75f},
                 0.7f * where * freckle(fx, y, canvas.pixel()));
    }
    // The rim turns away from the light.
    skin = mix(skin, face.skin_shadow, 0.45f * smoothstep(-0.075f, 0.0f, distance));
    pixel = mix(pixel, skin, alpha);
  });
}

}  // namespace kintsugi
