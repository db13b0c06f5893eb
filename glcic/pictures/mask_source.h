#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "glcic/pictures/photograph.h"
#include "glcic/pictures/pixel_mask.h"

namespace kintsugi {

/// A colour that marks the hole.
struct MarkColour {
  std::array<int, 3> rgb{};  ///< 0 to 255
  int tolerance = 0;         ///< the most that each channel may differ by
};
/// "#RRGGBB" or "#RRGGBB:tolerance"; throws Error for anything else.
MarkColour mark_colour_from_string(const std::string& text);
/// "x,y,width,height", whole numbers; throws Error for anything else.
Hole rectangle_from_string(const std::string& text);

/// Where the hole of a picture comes from: the union of all that is given, then grown or shrunk.
struct MaskSource {
  std::string path{};                  ///< a picture of the same size; "": none
  std::optional<MarkColour> colour{};  ///< pixels of the picture that have this colour
  bool alpha = false;                  ///< pixels of the picture that are less than half opaque
  std::vector<Hole> rectangles{};
  int64_t grow = 0, shrink = 0;  ///< pixels; one of them is 0 (mask_shape.h)

  bool is_given() const { return !path.empty() || colour || alpha || !rectangles.empty(); }
  /// "mask.png, #ff0000:8, alpha, rectangle 5,4,9,8": for reports.
  std::string describe() const;
};

/// The hole of this picture, never empty. A mask picture's rule: luminance 128 to 255 of 255 is
/// hole, the rest is kept; where no value exceeds 1, the file holds 0 and 1, and 1 is hole. Both
/// pictures are taken as their EXIF turns them. Throws Error, in one sentence, where a mask has
/// another size than the picture (naming both), a rectangle leaves it, it has no alpha channel to
/// go by, or nothing is left to fill.
PixelMask read_hole(const MaskSource& source, const Photograph& picture);

}  // namespace kintsugi
