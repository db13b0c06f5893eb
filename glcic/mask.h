#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

/// Masks are float32 tensors on the CPU with 1 = hole, to be filled, and 0 = keep.
namespace kintsugi {

/// A rectangle in pixels: columns x … x + width − 1, rows y … y + height − 1.
struct Hole {
  int64_t x = 0, y = 0, width = 0, height = 0;

  bool operator==(const Hole&) const = default;
};

/// Sides of random holes in pixels, both ends included.
struct HoleRange {
  int64_t low = 0, high = 0;

  bool operator==(const HoleRange&) const = default;
};

/// [3S/8, S/2] for pictures of S × S: 96 to 128 at 256 (GLCIC §3.4).
HoleRange default_hole_range(int64_t size);
/// "24:32"; throws Error for anything else, or where 1 ≤ low ≤ high fails.
HoleRange hole_range_from_string(const std::string& text);

/// Both sides drawn independently and uniformly from `sides`, at a uniformly random place inside
/// the picture. Throws Error where the picture is smaller than sides.high.
Hole random_hole(HoleRange sides, int64_t height, int64_t width, Generator& generator);
/// `count` of them, which may overlap.
std::vector<Hole> random_holes(int count, HoleRange sides, int64_t height, int64_t width,
                               Generator& generator);
/// The centred square of half the side, ⌊size / 2⌋.
Hole centre_hole(int64_t size);

/// Strokes of a thick round brush along random walks (Yu et al., "Free-Form Image Inpainting with
/// Gated Convolution", ICCV 2019, algorithm 1), in units of the shorter edge.
struct FreeFormOptions {
  int min_strokes = 2, max_strokes = 5;
  int min_vertices = 4, max_vertices = 10;
  double min_length = 0.05, max_length = 0.25;  ///< of a straight piece
  double min_brush = 0.04, max_brush = 0.10;    ///< diameter
};
/// [H, W, 1], never empty.
Tensor free_form_mask(int64_t height, int64_t width, Generator& generator,
                      const FreeFormOptions& options = {});

/// [height, width, 1] with the union of the rectangles. Throws Error where one leaves the picture.
Tensor mask_from_holes(std::span<const Hole> holes, int64_t height, int64_t width);
/// [N, height, width, 1] with one rectangle a picture.
Tensor masks_from_holes(std::span<const Hole> holes, int64_t height, int64_t width);

/// A mask file (PNG, JPEG) as [height, width, 1]. The rule: luminance 128 to 255 of 255 is hole,
/// the rest is kept; where no value exceeds 1, the file holds 0 and 1, and 1 is hole. Throws Error
/// where the file has another size than height × width (naming both), or marks nothing to fill.
Tensor read_mask(const std::string& path, int64_t height, int64_t width);

/// The smallest rectangle that holds all of the hole; mask [H, W] or [H, W, 1]. Throws Error for an
/// empty mask.
Hole bounding_box(const Tensor& mask);

/// Column and row of a patch's top-left pixel.
struct Corner {
  int64_t x = 0, y = 0;

  bool operator==(const Corner&) const = default;
};
/// Where the local discriminator looks in a picture of size × size: its patch of side size/2 is
/// centred on the hole as far as the picture allows, on each axis
/// clamp(⌊hole centre − size/4⌋, 0, size/2) with hole centre = x + width/2.
Corner local_patch_corner(const Hole& hole, int64_t size);

}  // namespace kintsugi
