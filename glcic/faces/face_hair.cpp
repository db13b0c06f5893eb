#include <array>
#include <numbers>

#include "glcic/faces/face_painters.h"

namespace kintsugi {
namespace {

/// The geometry of a hairdo: where hair is, and how its strands run.
class Hairdo {
 public:
  Hairdo(const Canvas& canvas, const FaceTraits& face)
      : canvas_(canvas),
        face_(face),
        hangs_(face.hair_length > -0.2f),
        tied_(face.style == HairStyle::bun || face.style == HairStyle::swept_back),
        curly_(face.style == HairStyle::curls) {
    const float volume = face.style == HairStyle::buzz   ? 0.012f
                         : face.style == HairStyle::crop ? 0.035f + face.hair_volume
                         : tied_                         ? 0.45f * face.hair_volume
                         : curly_                        ? 0.06f + face.hair_volume
                                                         : face.hair_volume;
    top_ = face.top + volume;
    side_ = face.half_width + (hangs_ || curly_ ? 0.035f + 0.6f * volume : 0.016f + 0.2f * volume);
    for (size_t i = 0; i < phases_.size(); ++i)
      phases_[i] = static_cast<float>(face.strand_seed >> (5 * i) & 31) * 0.2f;
  }

  bool hangs() const { return hangs_; }

  /// Distance to the outer outline, hanging hair included.
  float outline(float x, float y) const {
    float distance;
    if (y < 0) {
      const float lean = 1.0f + 0.35f * face_.part * x / side_;  // fuller on one side of the part
      const float u = std::abs(x) / side_, v = -y / (top_ * lean);
      const float value = std::pow(u, 2.4f) + std::pow(v, 2.4f) - 1.0f;
      const float slope = 2.4f * std::hypot(std::pow(u, 1.4f) / side_, std::pow(v, 1.4f) / top_);
      distance = value / std::max(slope, 1.0f);
    } else {
      const float flare = hangs_ ? 0.10f * smoothstep(0.0f, 0.8f, y) : -0.15f * y;
      distance = std::abs(x) - side_ - flare + 0.02f * face_.hair_wave * std::sin(11.0f * y);
    }
    if (curly_) distance -= curl_edge(x, y);
    if (hangs_) {
      const float end = face_.hair_length - 0.10f * square(x / side_) +
                        0.012f * std::sin(40.0f * x + phases_[0]) * canvas_.visible(6.0f);
      distance = smooth_max(distance, y - end, 0.12f);
    } else {
      distance = smooth_max(distance, y - (curly_ ? 0.08f : tied_ ? -0.10f : 0.02f), 0.03f);
    }
    return distance;
  }

  /// Distance to the part of the face that the hair leaves free.
  float opening(float x, float y) const {
    const float fx = x - 0.5f * face_.turn;
    const float wide = face_.half_width * (hangs_ ? 0.90f : tied_ ? 1.02f : 0.955f);
    const float narrowing = 0.10f * smoothstep(-0.15f, -0.55f, y);
    const float sideburn = hangs_ ? 0.0f : 0.07f * smoothstep(-0.2f, 0.02f, y);
    const float wave = hangs_ ? 0.015f * face_.hair_wave * std::sin(11.0f * y + 1.0f) : 0.0f;
    const float sides = std::abs(fx) - wide + narrowing - sideburn + wave;
    float line = (hairline(fx) - y) * 0.9f;
    if (curly_) line += 0.6f * curl_edge(x, y);
    const float free = smooth_max(sides, line, face_.style == HairStyle::fringe ? 0.05f : 0.14f);
    // Above the ears nothing but the head shows through.
    const float head = head_distance(face_, x, y) + 0.012f - smoothstep(-0.15f, 0.0f, y);
    return std::max(free, head);
  }

  /// Colour of the hair at a point, `depth` inside its outline.
  Colour colour(float x, float y, float depth) const {
    const float strands = curly_ ? curls(x, y) : straight_strands(x, y);
    const float u = x / side_, v = (y < 0 ? y / top_ : 0.35f * y);
    Colour hair =
        shade_dome(face_, 0.9f * u, std::clamp(0.95f * v, -0.95f, 0.5f), face_.hair_shadow,
                   face_.hair, mix(face_.hair, face_.hair_light, 0.4f));
    hair = mix(hair, strands > 0 ? face_.hair_light : face_.hair_shadow,
               (strands > 0 ? 0.34f : 0.52f) * std::min(std::abs(strands), 1.0f));
    if (!curly_ && face_.style != HairStyle::buzz) {
      // The gloss: a band round the crown, on the side of the light.
      const float band = bump(std::hypot(0.8f * x, y + 0.25f) - 0.47f, 0.085f);
      const float side = smoothstep(-0.5f, 0.35f, x * face_.light_direction.r * 3.0f);
      const float above = smoothstep(-0.10f, -0.40f, y);
      hair = mix(hair, face_.hair_light, band * side * above * (0.50f + 0.30f * strands));
    }
    hair = mix(hair, face_.hair_shadow, 0.35f * smoothstep(0.15f, 0.9f, y));
    return mix(hair, face_.hair_shadow, 0.30f * smoothstep(0.05f, 0.0f, depth));
  }

 private:
  /// How low the hair reaches over the forehead, as a y.
  float hairline(float x) const {
    const float ax = std::abs(x);
    switch (face_.style) {
      case HairStyle::side_part: {
        const float side = face_.part > 0 ? 1.0f : -1.0f, from_part = (face_.part - x) * side;
        const float sweep = from_part > 0 ? 0.34f * std::pow(from_part / 0.6f, 1.3f)
                                          : 0.55f * std::pow(-from_part / 0.35f, 1.5f);
        return face_.hairline - 0.03f + sweep;
      }
      case HairStyle::curtain:
        return face_.hairline - 0.05f +
               0.55f * std::pow(std::hypot(x - 0.3f * face_.part, 0.05f) / 0.44f, 1.6f);
      case HairStyle::fringe:
        return -0.285f + 0.25f * x * x + 0.010f * std::sin(27.0f * x + phases_[1]) +
               0.012f * std::sin(83.0f * x + phases_[2]) * canvas_.visible(13.0f);
      case HairStyle::swept_back:
      case HairStyle::bun:
        return face_.hairline - 0.02f + 0.035f * bump(ax, 0.07f) + 0.75f * ax * ax;
      default:
        return face_.hairline - 0.05f * smoothstep(0.10f, 0.38f, ax) +
               0.006f * std::sin(143.0f * x + phases_[3]) * canvas_.visible(23.0f);
    }
  }

  /// Locks along an edge stand out as round bumps.
  float curl_edge(float x, float y) const {
    const float angle = std::atan2(x, -y - 0.1f);
    return 0.030f * std::abs(std::sin(8.0f * angle + phases_[0])) +
           0.014f * std::sin(19.0f * angle + phases_[1]) - 0.02f;
  }

  float curls(float x, float y) const {
    const float a = std::sin(23.0f * x + 3.0f * std::sin(15.0f * y + phases_[0]));
    const float b = std::sin(25.0f * y + 3.0f * std::sin(17.0f * x + phases_[1]));
    const float fine = std::sin(61.0f * (x + y) + 4.0f * a) * canvas_.visible(12.0f);
    return (0.6f * a * b + 0.25f * (a + b)) * canvas_.visible(5.0f) + 0.25f * fine;
  }

  /// Waves across the strands, which run down and outwards from the crown.
  float straight_strands(float x, float y) const {
    const float crown_x = tied_ ? 0.0f : 0.7f * face_.part, crown_y = -top_ - 0.06f;
    const float below = y - crown_y;
    const float wave =
        0.05f * face_.hair_wave * std::sin(9.0f * y + phases_[4]) * smoothstep(-0.4f, 0.3f, y);
    const float across = std::atan2(x - crown_x + wave, 0.25f + below) * 1.6f;
    const float spread = 1.6f / (0.25f + below);  // radians a unit of length
    float sum = 0;
    float weight = 0.42f, frequency = 2.3f;
    for (const float phase : phases_) {
      sum += weight * canvas_.visible(frequency * spread) *
             std::sin(2.0f * std::numbers::pi_v<float> * frequency * across + phase * 3.0f);
      frequency *= 1.93f;
      weight *= 0.86f;
    }
    return sum;
  }

  const Canvas& canvas_;
  const FaceTraits& face_;
  bool hangs_, tied_, curly_;
  float top_, side_;
  std::array<float, 5> phases_{};
};

void paint_bun(Canvas& canvas, const FaceTraits& face) {
  const float cx = 0.15f * face.part, cy = -face.top - 0.085f, radius = 0.17f;
  canvas.paint(
      {cx - 0.25f, cy - 0.25f, cx + 0.25f, cy + 0.25f}, [&](float x, float y, Colour& pixel) {
        const float dx = x - cx, dy = y - cy;
        const float distance = ellipse(dx, dy, radius * 1.15f, radius);
        const float coil = std::sin(24.0f * std::hypot(dx, 1.3f * dy) + 2.0f * std::atan2(dy, dx)) *
                           canvas.visible(5.0f);
        Colour hair = shade_dome(face, dx / radius * 0.8f, dy / radius * 0.9f, face.hair_shadow,
                                 face.hair, mix(face.hair, face.hair_light, 0.6f));
        hair = mix(hair, coil > 0 ? face.hair_light : face.hair_shadow, 0.28f * std::abs(coil));
        pixel = mix(pixel, hair, canvas.cover(distance));
      });
}

}  // namespace

void paint_hair_behind(Canvas& canvas, const FaceTraits& face) {
  if (face.style == HairStyle::bald || face.style == HairStyle::buzz) return;
  if (face.style == HairStyle::bun) paint_bun(canvas, face);
  const Hairdo hairdo(canvas, face);
  if (!hairdo.hangs()) return;
  canvas.paint({-0.95f, -0.4f, 0.95f, 1.1f}, [&](float x, float y, Colour& pixel) {
    const float distance = hairdo.outline(x, y);
    const float alpha = canvas.cover(distance);
    if (alpha <= 0) return;
    const Colour hair = mix(hairdo.colour(x, y, -distance), face.hair_shadow, 0.5f);
    pixel = mix(pixel, hair, alpha);
  });
}

void paint_hair(Canvas& canvas, const FaceTraits& face) {
  if (face.style == HairStyle::bald) return;
  const Hairdo hairdo(canvas, face);
  const bool buzz = face.style == HairStyle::buzz;
  const float strength = buzz ? 0.72f : 1.0f;
  const Colour cast = mix(face.skin_shadow, face.hair_shadow, 0.25f);
  canvas.paint(
      {-0.95f, -1.1f, 0.95f, hairdo.hangs() ? 1.1f : 0.22f}, [&](float x, float y, Colour& pixel) {
        const float outline = hairdo.outline(x, y);
        if (outline > canvas.pixel()) return;
        const float opening = hairdo.opening(x, y);
        const float distance = std::max(outline, -opening);
        const float alpha = buzz ? canvas.cover(outline) * smoothstep(-0.035f, 0.045f, opening)
                                 : canvas.cover(distance);
        if (opening < 0 && !buzz) {  // the shadow it throws on the face
          const float on_face = smoothstep(0.03f, -0.03f, head_distance(face, x, y));
          const float shadow = on_face * smoothstep(-0.085f, 0.0f, opening);
          pixel = mix(pixel, cast, 0.42f * shadow * shadow);
        }
        if (alpha <= 0) return;
        pixel = mix(pixel, hairdo.colour(x, y, -distance), strength * alpha);
      });
}

}  // namespace kintsugi
