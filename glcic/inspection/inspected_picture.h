#pragma once
#include <cstdint>
#include <string>

#include "glcic/model.h"
#include "glcic/pictures/photograph.h"
#include "glcic/pictures/pixel_mask.h"

namespace kintsugi {

/// The picture that a network is looked at with: all of a file, or a part of it.
struct InspectedPicture {
  Tensor rgb;   ///< [H, W, 3] in [0, 1]; H and W multiples of 4, the last row and column repeated
  Tensor mask;  ///< [H, W, 1], 1 = hole
  std::string note;  ///< what it is of the file, in a sentence; "" where it is all of it
};

/// A picture whose longer side is at most `limit` pixels, a multiple of 4, as it is. Of a larger
/// one the part round the hole, at most limit × limit; where the hole's box is longer than half of
/// that, scaled down so that it is half, and a pixel that takes in any of the hole is hole. Throws
/// Error where the model does not take the picture (check_fits).
InspectedPicture inspected_picture(const Photograph& photograph, const PixelMask& hole,
                                   const Model& model, int64_t limit);

/// For the judge, which sees size × size: the largest square of a picture whose centre is nearest
/// to the hole's, scaled.
struct SquareView {
  Hole square;
  int64_t size;

  Tensor of_picture(const Tensor& rgb) const;  ///< [H, W, C] → [size, size, C]
  /// A pixel that takes in any of the hole is hole.
  Tensor of_mask(const Tensor& mask) const;
};
SquareView square_view(const Tensor& mask, int64_t size);

}  // namespace kintsugi
