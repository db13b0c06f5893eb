#include "examples/support/digits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "glcic/faces/canvas.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

struct Point {
  double x, y;  ///< −1 to 1, y down
};
using Stroke = std::vector<Point>;  ///< a smooth curve through these points

const std::array<std::vector<Stroke>, 10> kModels{{
    {{{0, -.8},
      {.42, -.5},
      {.48, 0},
      {.42, .5},
      {0, .8},
      {-.42, .5},
      {-.48, 0},
      {-.42, -.5},
      {0, -.8}}},
    {{{-.3, -.5}, {.08, -.8}}, {{.08, -.8}, {.08, .8}}},
    {{{-.45, -.45}, {-.28, -.75}, {.15, -.8}, {.43, -.5}, {.3, -.08}, {-.1, .38}, {-.5, .8}},
     {{-.5, .8}, {.5, .8}}},
    {{{-.4, -.65}, {0, -.8}, {.38, -.6}, {.33, -.2}, {-.08, -.03}},
     {{-.08, -.03}, {.35, .12}, {.45, .5}, {.08, .8}, {-.45, .63}}},
    {{{.15, -.8}, {-.5, .28}}, {{-.5, .28}, {.55, .28}}, {{.25, -.2}, {.25, .8}}},
    {{{.43, -.8}, {-.33, -.8}},
     {{-.33, -.8}, {-.4, -.1}},
     {{-.4, -.1}, {.1, -.22}, {.45, .1}, {.4, .55}, {.05, .8}, {-.45, .63}}},
    {{{.33, -.78},
      {-.1, -.53},
      {-.4, -.03},
      {-.4, .45},
      {-.04, .8},
      {.36, .58},
      {.36, .2},
      {0, 0},
      {-.36, .25}}},
    {{{-.45, -.8}, {.48, -.8}}, {{.48, -.8}, {.08, .05}, {-.1, .8}}},
    {{{0, -.03}, {.34, -.38}, {.24, -.74}, {-.24, -.74}, {-.34, -.38}, {0, -.03}},
     {{0, -.03}, {.4, .33}, {.28, .76}, {-.28, .76}, {-.4, .33}, {0, -.03}}},
    {{{.36, -.25},
      {.04, -.03},
      {-.36, -.2},
      {-.36, -.58},
      {0, -.8},
      {.36, -.6},
      {.4, -.1},
      {.28, .4},
      {-.08, .8}}},
}};

/// Catmull & Rom 1974: through p1 (t = 0) and p2 (t = 1), with (p2 − p0)/2 and (p3 − p1)/2 there.
Point between(const Point& p0, const Point& p1, const Point& p2, const Point& p3, double t) {
  const auto curve = [t](double a, double b, double c, double d) {
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  };
  return {curve(p0.x, p1.x, p2.x, p3.x), curve(p0.y, p1.y, p2.y, p3.y)};
}

/// The curve as short straight pieces.
Stroke smooth(const Stroke& stroke) {
  constexpr int kPieces = 5;
  const size_t last = stroke.size() - 1;
  Stroke curve{stroke[0]};
  for (size_t i = 0; i < last; ++i)
    for (int piece = 1; piece <= kPieces; ++piece)
      curve.push_back(between(stroke[i > 0 ? i - 1 : 0], stroke[i], stroke[i + 1],
                              stroke[std::min(i + 2, last)], double(piece) / kPieces));
  return curve;
}

/// x' = A·x + b, of a turn, a slant, a size and a shift.
struct AffineMap {
  double xx, xy, yx, yy, dx, dy;

  AffineMap(const Handwriting& hand, Generator& generator) {
    const double angle = generator.uniform(-hand.turn, hand.turn);
    const double slant = generator.uniform(-hand.slant, hand.slant);
    const double width = generator.uniform(0.75, 1.05), height = generator.uniform(0.75, 0.95);
    xx = std::cos(angle) * width;
    xy = (std::cos(angle) * slant - std::sin(angle)) * height;
    yx = std::sin(angle) * width;
    yy = (std::sin(angle) * slant + std::cos(angle)) * height;
    dx = generator.uniform(-hand.shift, hand.shift);
    dy = generator.uniform(-hand.shift, hand.shift);
  }
  Point operator()(const Point& p) const {
    return {xx * p.x + xy * p.y + dx, yx * p.x + yy * p.y + dy};
  }
};

constexpr double kPixel = 2.0 / kDigitSize;

/// The pixels, counted from 0, whose centres lie in [low, high].
std::array<int64_t, 2> pixels_in(double low, double high) {
  return {std::max<int64_t>(0, std::lround(std::ceil((low + 1) / kPixel - 0.5))),
          std::min<int64_t>(kDigitSize - 1, std::lround(std::floor((high + 1) / kPixel - 0.5)))};
}

/// distance[pixel] ← min(distance[pixel], to the piece from a to b), near that piece.
void approach(std::vector<float>& distance, const Point& a, const Point& b, double reach) {
  const auto [top, bottom] = pixels_in(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach);
  const auto [left, right] = pixels_in(std::min(a.x, b.x) - reach, std::max(a.x, b.x) + reach);
  for (int64_t row = top; row <= bottom; ++row)
    for (int64_t column = left; column <= right; ++column) {
      const double x = (double(column) + 0.5) * kPixel - 1, y = (double(row) + 0.5) * kPixel - 1;
      float& nearest = distance[static_cast<size_t>(row * kDigitSize + column)];
      nearest = std::min(
          nearest, segment(float(x), float(y), float(a.x), float(a.y), float(b.x), float(b.y)));
    }
}

/// Ink on one picture of zeros.
void draw(int64_t digit, Generator& generator, const Handwriting& handwriting, float* pixels) {
  const AffineMap map(handwriting, generator);
  const double pen = generator.uniform(0.08, 0.15);  // half the stroke's width
  std::vector<float> distance(kDigitSize * kDigitSize, 4.0F);
  for (Stroke stroke : kModels[static_cast<size_t>(digit)]) {
    for (Point& point : stroke)
      point = map({point.x + handwriting.wobble * generator.normal(),
                   point.y + handwriting.wobble * generator.normal()});
    const Stroke curve = smooth(stroke);
    for (size_t i = 0; i + 1 < curve.size(); ++i)
      approach(distance, curve[i], curve[i + 1], pen + kPixel);
  }
  for (const float d : distance) *pixels++ = clamp01(float(0.5 - (d - pen) / kPixel));
}

}  // namespace

DigitBatch draw_digits(int64_t count, Generator& generator, const Handwriting& handwriting) {
  DigitBatch batch{Tensor::empty({count, kDigitSize, kDigitSize, 1}), {}};
  float* pixels = batch.pictures.data<float>();
  for (int64_t i = 0; i < count; ++i, pixels += kDigitSize * kDigitSize) {
    batch.labels.push_back(generator.integer(0, 9));
    draw(batch.labels.back(), generator, handwriting, pixels);
  }
  return batch;
}

Tensor draw_digit(int64_t digit, Generator& generator, const Handwriting& handwriting) {
  check(digit >= 0 && digit <= 9, "draw_digit: {} is not a digit", digit);
  Tensor picture = Tensor::empty({kDigitSize, kDigitSize, 1});
  draw(digit, generator, handwriting, picture.data<float>());
  return picture;
}

std::vector<Tensor> separate(const Tensor& batch, int64_t scale) {
  check_shape(batch.rank() == 4, "separate: {} is not [N, H, W, C]", batch.shape());
  const int64_t height = scale * batch.size(1), width = scale * batch.size(2);
  const Tensor large = ops::resize2d(batch, height, width, Interpolation::nearest);
  std::vector<Tensor> pictures;
  for (int64_t i = 0; i < batch.size(0); ++i)
    pictures.push_back(ops::slice(large, 0, i, 1).reshape({height, width, batch.size(3)}));
  return pictures;
}

}  // namespace kintsugi
