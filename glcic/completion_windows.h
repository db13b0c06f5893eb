#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "glcic/mask.h"
#include "glcic/model.h"
#include "glcic/pictures/pixel_mask.h"

/// Which parts of a large picture are needed to fill its hole. A pixel of C's output depends on the
/// input pixels within C's reach alone, so C need not see more than the hole and that margin.
namespace kintsugi {

/// How far a pixel of the output looks on each axis, in pixels of the input.
struct Reach {
  int64_t before = 0;  ///< to the left, and upwards
  int64_t after = 0;   ///< to the right, and downwards
  int64_t step = 1;    ///< input pixels to a pixel of the coarsest map

  bool operator==(const Reach&) const = default;
};

/// C's reach, layer by layer: behind a map whose pixels stand j input pixels apart and look `b`
/// before them, a convolution with padding p looks b + j·p before it, and one that is transposed
/// b + j/stride·(dilation·(kernel − 1) − p). For GLCIC 153 before, 150 after and steps of 4: with
/// the pixel itself 304, one more than its receptive field, since the worst pixel differs from side
/// to side. None where C takes pictures of one size alone, since then each pixel may see all of
/// them, or where its output is not as large as its input.
std::optional<Reach> reach_of(const Model& model);

/// The window that fills a box of a picture of height × width exactly: its margins reach as far as
/// C, out to a multiple of the step, and end where the picture ends. C on the window gives the
/// box's pixels what C gives them on the whole picture: the padding that it adds to the window's
/// edges either is beyond its reach or is added at the picture's own edge as well.
Hole window_around(const Hole& box, const Reach& reach, int64_t height, int64_t width);

/// When boxes of a hole are windows of their own.
struct SplitRules {
  Reach reach{};
  /// Empty rows or columns that there must be between two boxes; 0: they may be cut anywhere.
  int64_t gap = 0;
  int64_t max_pixels = std::numeric_limits<int64_t>::max();  ///< of a window
};
/// Disjoint boxes that hold all pixels of the hole in `part` of the picture, so that the windows
/// round them have few pixels together and at most max_pixels each: boxes are cut in two where that
/// is cheaper, and in even parts as long as they are too large. Takes time and memory by the
/// size of the hole. Throws Error where a window cannot be made small enough.
std::vector<Hole> split_hole(const PixelMask& mask, const Hole& part, const SplitRules& rules);

/// Bytes that tensors take at most, for each pixel of a window, while C fills it: the window
/// itself, and the two maps, next to each other, that are the largest together.
double bytes_per_pixel(const Model& model);

}  // namespace kintsugi
