#pragma once
#include <cstdint>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

/// Digits drawn by the program: a pen's strokes, never twice the same.
namespace kintsugi {

inline constexpr int64_t kDigitSize = 16;  ///< pixels

struct DigitBatch {
  Tensor pictures;              ///< [N, 16, 16, 1], 0 is paper and 1 is ink
  std::vector<int64_t> labels;  ///< [N], 0 to 9
};

/// How far a digit strays from its model.
struct Handwriting {
  double turn = 0.25;    ///< largest angle, radians
  double slant = 0.3;    ///< largest shear
  double shift = 0.12;   ///< largest shift on each axis; half the picture is 1
  double wobble = 0.06;  ///< standard deviation of the strokes' points
};

/// Digits of random kinds: strokes, moved by a random affine map, with a pen of random width,
/// anti-aliased.
DigitBatch draw_digits(int64_t count, Generator& generator, const Handwriting& handwriting = {});
/// One of a kind, [16, 16, 1].
Tensor draw_digit(int64_t digit, Generator& generator, const Handwriting& handwriting = {});

/// A batch [N, H, W, C] as pictures [scale·H, scale·W, C], for write_png and contact_sheet.
std::vector<Tensor> separate(const Tensor& batch, int64_t scale = 1);

}  // namespace kintsugi
