#include "glcic/faces/face_painters.h"

namespace kintsugi {
namespace {

float spot(float x, float y, float rx, float ry) {
  return std::exp(-square(x / rx) - square(y / ry));
}

/// One eye at the origin, its outer corner at positive x.
class Eye {
 public:
  /// `mirror` is −1 for the eye whose outer corner is on the left.
  Eye(const Canvas& canvas, const FaceTraits& face, float mirror)
      : canvas_(canvas), face_(face), mirror_(mirror), gaze_x_(mirror * face.gaze_x) {}

  void paint(float x, float y, Colour& pixel) const {
    const float w = face_.eye_width, t = x / w;
    // Lids: parabolas through both corners, the upper one highest a little inwards.
    const float skewed = t + 0.16f * (1.0f - t * t);
    const float bow = std::max(1.0f - skewed * skewed, -1.5f);
    const float upper = -face_.eye_open * bow * (bow > 0 ? 1.0f : 0.6f);
    const float lower = 0.50f * face_.eye_open * std::max(1.0f - t * t, -1.5f);
    const float steep = 1.0f / std::sqrt(1.0f + square(1.6f * face_.eye_open * t / w));
    const float above = (upper - y) * steep, below = (y - lower) * steep;
    const float opening = smooth_max(above, below, 0.006f);
    pixel = mix(pixel, eyeball(x, y, above), canvas_.cover(opening));
    paint_lids(t, above, below, pixel);
  }

 private:
  Colour eyeball(float x, float y, float above) const {
    const float dx = x - gaze_x_, dy = y - face_.gaze_y + 0.10f * face_.eye_open;
    const float radius = face_.iris_size, r = std::hypot(dx, dy);
    Colour colour =
        mix(rgb(0xF7F3EF), rgb(0xC9BCBB), smoothstep(0.55f, 1.1f, std::abs(x) / face_.eye_width));
    colour = mix(colour, rgb(0xD98E86), 0.5f * spot(x + face_.eye_width, y, 0.028f, 0.025f));
    const float ring = smoothstep(0.62f, 1.0f, r / radius);
    const float glow = clamp01(0.5f + 0.9f * dy / radius);
    const Colour iris =
        mix(mix(face_.iris * 0.85f, face_.iris_light, 0.75f * glow), face_.iris * 0.32f, ring);
    colour = mix(colour, iris, canvas_.cover(r - radius));
    colour = mix(colour, rgb(0x120C0C), canvas_.cover(r - 0.47f * radius));
    colour = mix(colour, rgb(0x2A1D22), 0.55f * smoothstep(-0.036f, 0.0f, above));  // lid's shadow
    const float side = face_.light_direction.r > 0 ? 1.0f : -1.0f;
    const float catch_light =
        std::hypot(x - gaze_x_ - mirror_ * side * 0.34f * radius, dy + 0.36f * radius);
    colour = mix(colour, rgb(0xFFFFFF), 0.96f * canvas_.cover(catch_light - 0.25f * radius));
    const float second =
        std::hypot(x - gaze_x_ + mirror_ * side * 0.36f * radius, dy - 0.42f * radius);
    return mix(colour, rgb(0xFFFFFF), 0.45f * canvas_.cover(second - 0.13f * radius));
  }

  void paint_lids(float t, float above, float below, Colour& pixel) const {
    const float inside = smoothstep(1.16f, 0.98f, std::abs(t));
    // The upper lash line thickens outwards and ends in a wing.
    const float thickness = (0.0065f + 0.0075f * face_.lashes * smoothstep(-0.9f, 0.9f, t));
    const float reach =
        t > 0 ? smoothstep(1.0f + 0.18f * face_.lashes, 0.95f, t) : smoothstep(-1.08f, -0.92f, t);
    const float lash = std::abs(above) - thickness * (0.25f + 0.75f * reach);
    const Colour dark = mix(rgb(0x1C1213), face_.hair_shadow, 0.3f);
    pixel = mix(pixel, dark, 0.95f * reach * canvas_.cover(lash));
    const float crease = bump(above - 0.026f, 0.0075f) * smoothstep(1.15f, 0.55f, std::abs(t));
    pixel = mix(pixel, face_.skin_shadow * 0.80f, 0.75f * crease);
    const float lower = bump(below - 0.002f, 0.0055f) * inside * (t > -0.9f ? 1.0f : 0.0f);
    pixel = mix(pixel, face_.skin_shadow * 0.62f, 0.55f * lower);
    const float bag = bump(below - 0.030f, 0.010f) * smoothstep(1.0f, 0.4f, std::abs(t));
    pixel = mix(pixel, face_.skin_shadow, 0.28f * bag);
  }

  const Canvas& canvas_;
  const FaceTraits& face_;
  float mirror_;
  float gaze_x_;
};

}  // namespace

void paint_eyes(Canvas& canvas, const FaceTraits& face) {
  const float c = std::cos(face.eye_tilt), s = std::sin(face.eye_tilt);
  for (const float side : {-1.0f, 1.0f}) {
    const Eye eye(canvas, face, side);
    const float cx = face.turn + side * face.eye_spacing, cy = face.eye_y;
    const float reach = 1.35f * face.eye_width;
    canvas.paint({cx - reach, cy - 0.13f, cx + reach, cy + 0.11f},
                 [&](float x, float y, Colour& pixel) {
                   const float ex = (x - cx) * side, ey = y - cy;
                   eye.paint(c * ex - s * ey, s * ex + c * ey, pixel);
                 });
  }
}

void paint_brows(Canvas& canvas, const FaceTraits& face) {
  const float half = 1.22f * face.eye_width;
  for (const float side : {-1.0f, 1.0f}) {
    const float cx = face.turn + side * (face.eye_spacing + 0.008f);
    const float cy = face.eye_y - face.brow_height;
    canvas.paint({cx - half - 0.04f, cy - 0.12f, cx + half + 0.04f, cy + 0.10f},
                 [&](float x, float y, Colour& pixel) {
                   const float t = (x - cx) * side / half;  // −1 at the inner end
                   const float arch =
                       face.brow_arch * (1.0f - square(t - 0.25f)) - face.brow_arch * 0.4f;
                   const float middle = cy - arch - face.brow_tilt * 0.22f * t;
                   const float taper = smoothstep(1.06f, 0.0f, t) * smoothstep(-1.25f, -0.55f, t);
                   const float thickness = face.brow_thickness * (0.12f + 0.88f * taper);
                   const float distance =
                       std::max(std::abs(y - middle) - thickness, (std::abs(t) - 1.0f) * half);
                   const float hairs = std::sin(190.0f * ((x - cx) * side + 0.8f * (y - cy))) *
                                       canvas.visible(45.0f);
                   const float soft = smoothstep(0.012f + 0.5f * canvas.pixel(), -0.012f, distance);
                   pixel = mix(pixel, face.brow, soft * (0.80f + 0.07f * hairs));
                 });
  }
}

void paint_nose(Canvas& canvas, const FaceTraits& face) {
  const float w = face.nose_width, cx = 1.25f * face.turn, cy = face.nose_y;
  const float lit = face.light_direction.r, side = lit > 0 ? 1.0f : -1.0f;
  const Colour deep = face.skin_shadow * Colour{0.80f, 0.68f, 0.66f};
  canvas.paint({cx - 0.22f, face.eye_y - 0.06f, cx + 0.22f, cy + 0.14f}, [&](float px, float y,
                                                                             Colour& pixel) {
    const float down = smoothstep(face.eye_y - 0.02f, cy, y);
    const float x = px - face.turn - (cx - face.turn) * down, ax = std::abs(x), ny = y - cy;
    // The bridge: its side away from the light is dark, its ridge bright.
    const float bridge = smoothstep(face.eye_y - 0.05f, face.eye_y + 0.05f, y) *
                         smoothstep(cy + 0.02f, cy - 0.05f, y);
    const float half = 0.032f + (0.62f * w - 0.032f) * down * down;
    const float away = bump(x + side * half, 0.026f), toward = bump(x - side * half, 0.020f);
    pixel = mix(pixel, face.skin_shadow, bridge * away * (0.30f + 0.30f * face.nose_bridge));
    pixel = mix(pixel, face.skin_shadow, bridge * toward * 0.10f);
    pixel = mix(pixel, face.skin_light, 0.42f * bridge * bump(x - 0.008f * side, 0.016f));
    // The ball and the wings.
    pixel =
        mix(pixel, face.skin_shadow, 0.55f * spot(x + 0.35f * side * w, ny - 0.052f, w, 0.030f));
    pixel = mix(pixel, face.blush, 0.5f * face.blush_strength * spot(x, ny - 0.005f, w, 0.05f));
    const float wing = std::hypot((ax - 0.70f * w) / 0.36f, (ny - 0.012f) / 0.42f) - w;
    const float outer = smoothstep(0.55f * w, 0.95f * w, ax) * smoothstep(-0.05f, 0.0f, ny);
    pixel = mix(pixel, deep, 0.62f * outer * bump(wing * 0.36f, 0.010f + 0.3f * canvas.pixel()));
    pixel =
        mix(pixel, face.skin_light, 0.55f * spot(x - 0.016f * side, ny + 0.008f, 0.026f, 0.022f));
    const float tx = ax - 0.48f * w, ty = ny - 0.044f + 0.25f * (ax - 0.48f * w);
    const float nostril = ellipse(tx, ty, 0.30f * w, 0.0145f);
    pixel = mix(pixel, deep * 0.62f, 0.85f * canvas.cover(nostril));
  });
}

void paint_mouth(Canvas& canvas, const FaceTraits& face) {
  const float cx = 1.1f * face.turn, w = face.mouth_width;
  const Colour dark = mix(face.lips * 0.32f, rgb(0x3A1218), 0.5f);
  const Colour upper_lip = mix(face.lips, face.lips * 0.62f, 0.42f);
  const Colour lower_lip = face.lips;
  const Colour shine = mix(face.lips, rgb(0xFFE9E2), 0.45f + 0.25f * face.lipstick);
  const float light = face.light_direction.r;
  canvas.paint(
      {cx - w - 0.05f, face.mouth_y - 0.13f, cx + w + 0.05f, face.mouth_y + 0.19f},
      [&](float px, float y, Colour& pixel) {
        const float x = px - cx, t = x / w, arc = std::max(1.0f - t * t, -0.5f);
        const float corner_lift = face.smile * (t * t - 0.45f);
        const float line = face.mouth_y - corner_lift + 0.006f * bump(t, 0.25f);
        const float gap = face.mouth_open * std::pow(std::max(arc, 0.0f), 0.75f);
        const float bow = std::pow(std::max(arc, 0.0f), 0.8f);
        const float top = line - face.lip_upper * (bow * 1.05f - 0.30f * bump(t, 0.20f));
        const float bottom = line + gap + face.lip_lower * std::pow(std::max(arc, 0.0f), 0.72f);
        const float ends = (std::abs(t) - 1.0f) * w;
        const float edge = 0.010f;  // lips have no hard outline

        const float in_upper = std::max({top - y, y - line, ends});
        const float in_lower = std::max({line + gap - y, y - bottom, ends});
        const auto soft = [&](float d) {
          return smoothstep(0.5f * edge + 0.5f * canvas.pixel(), -0.5f * edge, d);
        };
        const float lower_v = clamp01((y - line - gap) / std::max(bottom - line - gap, 1e-3f));
        Colour lower = mix(lower_lip * 0.80f, lower_lip, smoothstep(0.0f, 0.35f, lower_v));
        lower = mix(lower, lower_lip * 0.84f, smoothstep(0.65f, 1.0f, lower_v));
        lower = mix(lower, shine, 0.75f * spot(t - 0.14f * light, lower_v - 0.42f, 0.34f, 0.22f));
        pixel = mix(pixel, upper_lip, 0.92f * soft(in_upper));
        pixel = mix(pixel, lower, 0.92f * soft(in_lower));
        if (face.mouth_open > 0) {
          const float opening = std::max({line - y, y - line - gap, ends + 0.012f});
          const float teeth_end = line + 0.80f * gap;
          const float tooth = std::abs(std::sin(t * 9.5f));
          Colour inside = mix(rgb(0xF7F1EA), rgb(0xC9B7AE), smoothstep(0.45f, 0.95f, std::abs(t)));
          inside = mix(inside, rgb(0xD8CCC4), 0.55f * bump(tooth, 0.16f) * canvas.visible(12.0f));
          inside = mix(inside, rgb(0x6B4A48), 0.55f * smoothstep(0.012f, 0.0f, y - line));
          inside = mix(inside, dark, canvas.cover(teeth_end - y));
          pixel = mix(pixel, inside, canvas.cover(opening));
        }
        const float seam = std::abs(y - line) - 0.0045f - 0.002f * (1.0f - t * t);
        const float seam_ends = smoothstep(1.10f, 0.94f, std::abs(t));
        const float seam_strength = face.mouth_open > 0 ? 0.35f + 0.5f * t * t : 0.85f;
        pixel = mix(pixel, dark, seam_strength * seam_ends * canvas.cover(seam));
        pixel = mix(pixel, face.skin_shadow * 0.9f,
                    0.55f * spot(std::abs(x) - w - 0.006f, y - line + 0.002f, 0.018f, 0.020f));
      });
}

}  // namespace kintsugi
