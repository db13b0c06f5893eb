#include "glcic/faces/face_traits.h"

#include <array>
#include <cmath>

#include "tensor/random.h"

namespace kintsugi {
namespace {

/// The streams of a seed that faces draw from; a face at another stream is another face.
constexpr uint64_t kFaceStream = 0xFACE;

/// Draws the numbers of one face.
class Dice {
 public:
  explicit Dice(uint64_t seed) : generator_{.seed = seed, .stream = kFaceStream} {}

  float between(float low, float high) {
    return low + (high - low) * static_cast<float>(generator_.uniform());
  }
  /// Between low and high, more often near the middle.
  float around(float low, float high) { return 0.5f * (between(low, high) + between(low, high)); }
  bool chance(double probability) { return generator_.uniform() < probability; }
  template <class T, size_t N>
  const T& pick(const std::array<T, N>& of) {
    return of[static_cast<size_t>(generator_.integer(0, static_cast<int64_t>(N) - 1))];
  }
  uint64_t bits() { return generator_.next(); }

 private:
  Generator generator_;
};

constexpr std::array<uint32_t, 9> kSkins = {0xFBE0D0, 0xF5D0B5, 0xEBBE9B, 0xDDA97F, 0xC98F63,
                                            0xB07649, 0x8F5B37, 0x734428, 0x56321F};

struct HairColour {
  uint32_t base, shadow, light;
};
constexpr std::array<HairColour, 12> kHairs = {{{0x1F1B1E, 0x0E0C10, 0x4C4650},
                                                {0x2B2020, 0x140E10, 0x5E4A47},
                                                {0x3F2A22, 0x211512, 0x7A5644},
                                                {0x5A3A28, 0x331E15, 0x97694A},
                                                {0x7A4E30, 0x4A2C1B, 0xB9834F},
                                                {0x8E3F22, 0x582112, 0xC9713F},
                                                {0xBC6430, 0x7D3B19, 0xE59A5A},
                                                {0xC99A5B, 0x8E6636, 0xEFCB8B},
                                                {0xE2C184, 0xAE8B52, 0xF8E6B8},
                                                {0x9A9A9E, 0x68686F, 0xC9C9CE},
                                                {0xD9D7D4, 0xA5A3A3, 0xF6F5F3},
                                                {0x6B2D3C, 0x3D1722, 0xA65565}}};
constexpr std::array<uint32_t, 7> kIrises = {0x3B2417, 0x5B3A1E, 0x7C5A2B, 0x6B7A3F,
                                             0x3F7A5C, 0x3E78A8, 0x6C8796};

struct Scene {
  uint32_t backdrop_a, backdrop_b, cloth, trim;
};
/// Palettes in which backdrop and clothes go together.
constexpr std::array<Scene, 14> kScenes = {{{0xF3D9C0, 0xE3A587, 0x2F4858, 0xF6F1E7},
                                            {0xCFE3E6, 0x8DB8C4, 0xB5483A, 0xF3E6D3},
                                            {0xE7DCF0, 0xB49CCB, 0x3C3A63, 0xE9D8A6},
                                            {0xDDE8CF, 0x9DBB8A, 0x7A4B3A, 0xF1E8D8},
                                            {0xF7E3A9, 0xE9B44C, 0x26547C, 0xFFFFFF},
                                            {0xF5CBC8, 0xD98A8F, 0x394B59, 0xFBEDE4},
                                            {0x35505F, 0x1E2F3C, 0xD9A441, 0xF4E9D2},
                                            {0x5B4A63, 0x33283C, 0x8CB3A4, 0xF1EDE4},
                                            {0x9CC5B5, 0x5B907E, 0xF0E6D2, 0xC06A45},
                                            {0xF0EAE0, 0xCFC3B2, 0x5A6E5B, 0xE8D9C0},
                                            {0xBFD7EA, 0x7FA3C7, 0xE9E4DA, 0x38506B},
                                            {0xE8B79A, 0xC4795E, 0x4A2F3A, 0xF0D6B8},
                                            {0x2E5E5A, 0x163B3A, 0xC8553D, 0xF2D7B6},
                                            {0xD5CFE1, 0x8F9BB3, 0x6A2E4A, 0xF3E4EA}}};
constexpr std::array<uint32_t, 5> kFrames = {0x23201F, 0x4B2E20, 0x8A5A2B, 0x2C3E57, 0x7A2B35};

void draw_colours(Dice& dice, FaceTraits& face) {
  const float tone = dice.between(0.0f, static_cast<float>(kSkins.size() - 1) - 1e-3f);
  const auto lower = static_cast<size_t>(tone);
  const float darkness = tone / static_cast<float>(kSkins.size() - 1);
  face.skin = mix(rgb(kSkins[lower]), rgb(kSkins[lower + 1]), tone - static_cast<float>(lower));
  face.skin_shadow = face.skin * mix({0.74f, 0.59f, 0.58f}, {0.52f, 0.44f, 0.50f}, darkness);
  face.skin_light = mix(face.skin, rgb(0xFFF3E2), 0.42f - 0.16f * darkness);
  const Colour natural = mix(face.skin, rgb(0xB9505A), 0.48f - 0.10f * darkness);
  face.lipstick = dice.chance(0.25) ? dice.between(0.45f, 0.9f) : 0.0f;
  static constexpr std::array<uint32_t, 4> kLipsticks = {0xB3273F, 0xC4515F, 0x8E2A45, 0xD4685A};
  face.lips = mix(natural, rgb(dice.pick(kLipsticks)), face.lipstick);
  face.blush = mix(face.skin, rgb(0xE0604F), 0.55f);
  face.blush_strength = dice.between(0.10f, 0.42f) * (1.0f - 0.5f * darkness);
  face.freckles = dice.chance(0.12 * (1.0 - static_cast<double>(darkness))) ? 1.0f : 0.0f;

  // Light skin goes with every colour of hair, dark skin mostly with dark ones.
  const bool dark_hair = dice.chance(1.5 * static_cast<double>(darkness));
  const HairColour& hair = dark_hair ? kHairs[dice.bits() % 3] : dice.pick(kHairs);
  face.hair = rgb(hair.base);
  face.hair_shadow = rgb(hair.shadow);
  face.hair_light = rgb(hair.light);
  face.brow = mix(mix(face.hair, face.hair_shadow, 0.45f), face.skin_shadow, 0.12f);
  const uint32_t iris = dice.chance(0.75 * static_cast<double>(darkness)) ? kIrises[dice.bits() % 2]
                                                                          : dice.pick(kIrises);
  face.iris = rgb(iris);
  face.iris_light = mix(face.iris, rgb(0xFFE9B8), 0.45f);

  const Scene& scene = dice.pick(kScenes);
  face.backdrop_a = rgb(scene.backdrop_a);
  face.backdrop_b = rgb(scene.backdrop_b);
  face.cloth = rgb(scene.cloth);
  face.cloth_trim = rgb(scene.trim);
  face.frame = rgb(dice.pick(kFrames));
}

void draw_features(Dice& dice, FaceTraits& face) {
  face.half_width = dice.around(0.455f, 0.545f);
  face.top = dice.around(0.70f, 0.79f);
  face.chin = dice.around(0.70f, 0.81f);
  face.jaw_p = dice.around(1.75f, 2.35f);
  face.jaw_q = dice.around(2.0f, 3.0f);
  face.ear_size = dice.between(0.85f, 1.2f);

  face.eye_spacing = dice.around(0.205f, 0.240f);
  face.eye_y = dice.around(-0.085f, -0.045f);
  face.eye_width = dice.around(0.112f, 0.142f);
  face.eye_open = dice.around(0.050f, 0.088f);
  face.eye_tilt = dice.around(-0.12f, 0.16f);
  face.iris_size = dice.around(0.062f, 0.074f);
  face.gaze_x = dice.around(-0.035f, 0.035f);
  face.gaze_y = dice.around(-0.008f, 0.012f);
  face.lashes = dice.between(0.3f, 1.0f);

  face.brow_height = dice.around(0.115f, 0.165f);
  face.brow_thickness = dice.around(0.012f, 0.028f);
  face.brow_arch = dice.around(0.010f, 0.050f);
  face.brow_tilt = dice.around(-0.16f, 0.08f);

  face.nose_y = dice.around(0.195f, 0.255f);
  face.nose_width = dice.around(0.068f, 0.112f);
  face.nose_bridge = dice.between(0.3f, 1.0f);

  face.mouth_y = dice.around(0.425f, 0.475f);
  face.mouth_width = dice.around(0.135f, 0.200f);
  face.smile = dice.around(-0.015f, 0.065f);
  face.mouth_open = dice.chance(0.35) ? dice.between(0.030f, 0.065f) : 0.0f;
  if (face.mouth_open > 0) {
    face.smile = dice.between(0.020f, 0.042f);
    face.mouth_width *= 1.12f;
  }
  face.lip_upper = dice.around(0.024f, 0.050f);
  face.lip_lower = dice.around(0.036f, 0.068f);
}

void draw_hair(Dice& dice, FaceTraits& face) {
  static constexpr std::array<HairStyle, 14> kStyles = {
      HairStyle::bald,       HairStyle::buzz,      HairStyle::crop,      HairStyle::crop,
      HairStyle::side_part,  HairStyle::side_part, HairStyle::side_part, HairStyle::curtain,
      HairStyle::curtain,    HairStyle::fringe,    HairStyle::fringe,    HairStyle::curls,
      HairStyle::swept_back, HairStyle::bun};
  face.style = dice.pick(kStyles);
  face.hair_volume = dice.between(0.045f, 0.12f);
  face.hair_wave = dice.chance(0.5) ? dice.between(0.3f, 1.0f) : 0.0f;
  face.hairline = dice.around(-0.60f, -0.46f);
  face.part = dice.between(0.10f, 0.26f) * (dice.chance(0.5) ? 1.0f : -1.0f);
  face.strand_seed = dice.bits();
  const bool may_hang = face.style == HairStyle::side_part || face.style == HairStyle::curtain ||
                        face.style == HairStyle::fringe || face.style == HairStyle::curls;
  const double long_hair = face.style == HairStyle::curtain ? 0.9 : 0.55;
  face.hair_length = may_hang && dice.chance(long_hair) ? dice.between(0.25f, 1.3f) : -1.0f;
}

void draw_extras(Dice& dice, FaceTraits& face) {
  const bool hanging = face.hair_length > -0.2f || face.style == HairStyle::bun;
  static constexpr std::array<Beard, 5> kBeards = {Beard::stubble, Beard::moustache, Beard::goatee,
                                                   Beard::full, Beard::full};
  if (!hanging && face.lipstick == 0 && dice.chance(0.45)) face.beard = dice.pick(kBeards);
  static constexpr std::array<Glasses, 4> kGlasses = {Glasses::round, Glasses::square,
                                                      Glasses::square, Glasses::half};
  if (dice.chance(0.24)) face.glasses = dice.pick(kGlasses);
  face.dark_frame = dice.chance(0.6);
  face.earrings = hanging && dice.chance(0.45);
  static constexpr std::array<Neckline, 4> kNecklines = {Neckline::round, Neckline::vee,
                                                         Neckline::shirt, Neckline::turtleneck};
  face.neckline = dice.pick(kNecklines);
  static constexpr std::array<Backdrop, 4> kBackdrops = {Backdrop::gradient, Backdrop::glow,
                                                         Backdrop::split, Backdrop::circles};
  face.backdrop = dice.pick(kBackdrops);
}

}  // namespace

FaceTraits draw_traits(uint64_t seed) {
  Dice dice(seed);
  FaceTraits face;
  face.pose = {dice.around(-0.07f, 0.07f), dice.around(-0.02f, 0.02f),
               dice.around(-0.015f, 0.015f)};
  face.turn = dice.around(-0.05f, 0.05f);
  const float azimuth = dice.between(-1.0f, 1.0f), elevation = dice.between(0.25f, 0.75f);
  const float length = std::sqrt(square(azimuth) + square(elevation) + 1.0f);
  face.light_direction = {azimuth / length, -elevation / length, 1.0f / length};
  draw_colours(dice, face);
  draw_features(dice, face);
  draw_hair(dice, face);
  draw_extras(dice, face);
  return face;
}

}  // namespace kintsugi
