#include "glcic/faces/face_painters.h"

namespace kintsugi {
namespace {

/// Hairs of a beard, from 0 to 1 with mean ½; they fade where pixels are too coarse for them.
float bristles(const Canvas& canvas, float x, float y) {
  const float a = std::sin(170.0f * x + 2.5f * std::sin(33.0f * y)) * canvas.visible(28.0f);
  const float b =
      std::sin(83.0f * x + 26.0f * y + 2.0f * std::sin(40.0f * y)) * canvas.visible(14.0f);
  return 0.5f + 0.3f * a + 0.2f * b;
}

/// How densely a beard grows at a point, from 0 to 1.
float beard_density(const FaceTraits& face, float x, float y) {
  const float fx = x - 1.1f * face.turn, ax = std::abs(fx);
  const float lip_top = face.mouth_y - face.lip_upper;
  const float lip_bottom = face.mouth_y + face.mouth_open + face.lip_lower;
  const float moustache =
      smoothstep(
          0.012f, -0.02f,
          ellipse(ax - 0.085f, y - lip_top + 0.026f + 0.10f * (ax - 0.085f), 0.125f, 0.036f)) *
      (1.0f - 0.35f * bump(ax, 0.016f));
  if (face.beard == Beard::moustache) return moustache;
  if (face.beard == Beard::goatee) {
    const float chin = smoothstep(0.03f, -0.03f,
                                  ellipse(fx, y - 0.5f * (lip_bottom + face.chin) - 0.04f, 0.155f,
                                          0.5f * (face.chin - lip_bottom) + 0.035f));
    const float round_mouth =
        bump(std::abs(ellipse(fx, y - face.mouth_y - 0.01f, face.mouth_width + 0.035f, 0.115f)),
             0.026f) *
        smoothstep(-0.01f, 0.03f, y - lip_top);
    return std::max({moustache, chin, round_mouth});
  }
  // The cheek's edge runs from before the ear down to the corner of the mouth.
  const float t = clamp01(ax / face.half_width);
  const float cheek = lip_top + 0.015f - 0.42f * square(std::max(t - 0.30f, 0.0f) / 0.62f);
  const float full = smoothstep(-0.035f, 0.045f, y - cheek);
  return std::max(full, moustache);
}

}  // namespace

void paint_beard(Canvas& canvas, const FaceTraits& face) {
  if (face.beard == Beard::none) return;
  const bool stubble = face.beard == Beard::stubble;
  const float grown = face.beard == Beard::full ? 0.035f : 0.0f;
  const float w = face.half_width + 0.06f;
  const Colour dark = mix(face.brow, face.hair_shadow, 0.4f);
  canvas.paint({-w, -0.16f, w, face.chin + 0.08f}, [&](float x, float y, Colour& pixel) {
    const float distance = head_distance(face, x, y - grown);
    const float inside = canvas.cover(distance);
    if (inside <= 0) return;
    const float density = beard_density(face, x, y) * inside;
    const float hairs = bristles(canvas, x, y);
    if (stubble) {
      pixel = mix(pixel, mix(dark, face.skin_shadow, 0.45f), density * (0.26f + 0.16f * hairs));
      return;
    }
    const float u = x / face.half_width, v = y / face.chin;
    Colour hair = shade_dome(face, 0.95f * u, 0.8f * v, face.hair_shadow, face.hair,
                             mix(face.hair, face.hair_light, 0.35f));
    hair = mix(mix(hair, face.hair_shadow, 0.30f), face.hair_light, 0.26f * (hairs - 0.4f));
    const float patchy = clamp01(density * 1.25f - 0.30f * (1.0f - density) * hairs);
    pixel = mix(pixel, hair, 0.94f * patchy);
  });
}

void paint_glasses(Canvas& canvas, const FaceTraits& face) {
  if (face.glasses == Glasses::none) return;
  const bool round = face.glasses == Glasses::round, half_frame = face.glasses == Glasses::half;
  const float rx = round ? 0.158f : 0.172f, ry = round ? 0.150f : 0.118f;
  const float thickness = face.dark_frame ? 0.0125f : 0.0080f;
  const float cx = face.eye_spacing + 0.012f, cy = face.eye_y + 0.025f;
  const float side = face.light_direction.r > 0 ? 1.0f : -1.0f;
  const float reach = face.half_width + 0.05f;
  const Colour frame = face.dark_frame ? face.frame : mix(face.frame, rgb(0xE8C57A), 0.55f);
  canvas.paint({-reach, cy - 0.22f, reach, cy + 0.24f}, [&](float px, float y, Colour& pixel) {
    const float x = px - 1.15f * face.turn, ax = std::abs(x), dy = y - cy;
    const float rim = round ? ellipse(ax - cx, dy, rx, ry)
                            : rounded_box(ax - cx, dy - 0.03f * (ax - cx), rx, ry, 0.065f);
    // The lens: a trace of sky, and a bright stripe.
    const float glass = canvas.cover(rim);
    const float stripe = (x - side * cx * (x > 0 ? side : -side)) + 0.8f * dy;
    const float streak = smoothstep(0.075f, 0.060f, std::abs(stripe + 0.035f)) * 0.13f +
                         smoothstep(0.016f, 0.008f, std::abs(stripe - 0.072f)) * 0.13f;
    pixel = mix(pixel, rgb(0xEAF3F7), glass * (0.05f + streak));
    // A soft shadow under the frame, then the frame itself.
    const float shadow = std::abs(rim - 0.018f);
    pixel =
        mix(pixel, face.skin_shadow, 0.32f * bump(shadow, 0.020f) * smoothstep(-0.02f, 0.08f, dy));
    const float bridge_y = cy - 0.035f + 0.9f * square(x) * 6.0f - 0.012f;
    const float bridge = std::max(std::abs(y - bridge_y) * 0.85f - thickness, ax - cx + rx);
    const float temple = std::max(std::abs(dy + 0.045f) - thickness * 0.9f,
                                  std::max(cx + rx - ax, std::abs(px) - face.half_width));
    float wire = std::abs(rim) - thickness;
    if (half_frame) wire = std::max(wire, dy - 0.02f);
    wire = std::min({wire, bridge, temple});
    const float gleam = bump(rim + 0.3f * thickness, 0.6f * thickness) *
                        smoothstep(0.05f, -0.12f, dy) * canvas.visible(14.0f);
    pixel = mix(pixel, mix(frame, rgb(0xFFFFFF), 0.35f * gleam), canvas.cover(wire));
  });
}

}  // namespace kintsugi
