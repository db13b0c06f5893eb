#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "glcic/mask.h"
#include "tensor/tensor.h"

/// The holes that evaluation cuts. A hole depends on the rule, the seed, the size, the picture's
/// place in its dataset and the bin alone: it is the same for every method, for every number of
/// pictures and on every machine.
namespace kintsugi {

enum class HoleRule {
  centre,          ///< the centred square of half the side
  random,          ///< a rectangle, both sides drawn from a range
  free_form,       ///< strokes of a brush (free_form_mask)
  bins,            ///< for each bin of areas, a rectangle
  free_form_bins,  ///< for each bin of areas, strokes of a brush
};
/// "centre", "random", "free-form", "bins" or "free-form-bins"; throws Error for any other name.
HoleRule hole_rule_from_string(const std::string& name);
std::string to_string(HoleRule rule);

/// Holes that cover a part of the picture's area in [low, high).
struct HoleBin {
  std::string name;  ///< "10-20 %"
  double low = 0.0, high = 0.0;
};
/// 10-20, 20-30, 30-40 and 40-50 % for the rules with bins; none for the others.
const std::vector<HoleBin>& hole_bins(HoleRule rule);

struct HoleOptions {
  HoleRule rule = HoleRule::centre;
  HoleRange sides = {};  ///< of HoleRule::random; {0, 0}: default_hole_range(size)
  uint64_t seed = 1;     ///< of all rules but centre
};

/// The hole of picture `index` (its place in the dataset), [size, size, 1]; `bin` counts hole_bins.
///
/// A rectangle of a bin: its share of the area is drawn uniformly from the bin and the logarithm of
/// width / height from [−ln 2, ln 2]; sides are rounded to whole pixels; it is drawn again until
/// its area lies in the bin, and put at a uniformly random place. Strokes of a bin: single strokes
/// of free_form_mask one over the other until the area lies in the bin; where a stroke leaps past
/// it, from the start.
///
/// Throws Error where there is no such bin, or where pictures are too small for a hole in it.
Tensor evaluation_mask(const HoleOptions& options, int64_t size, int64_t index, size_t bin = 0);

/// The rule in words, with its numbers: "the centre square of 32 px".
std::string describe(const HoleOptions& options, int64_t size);

}  // namespace kintsugi
