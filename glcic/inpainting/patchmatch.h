#pragma once
#include <cstdint>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

/// PatchMatch (Barnes, Shechtman, Finkelstein & Goldman, "PatchMatch: A Randomized Correspondence
/// Algorithm for Structural Image Editing", SIGGRAPH 2009): for each patch that touches a hole, a
/// similar patch that is known as a whole.
namespace kintsugi {

/// The patches of size × size pixels of a picture [H, W, C] with a hole. A patch is named by its
/// place y·W + x, that of its top-left pixel; it lies in the picture as a whole.
struct PatchSet {
  static constexpr int32_t kKnown = -1;    ///< a patch that touches no pixel of the hole
  static constexpr int32_t kNoPatch = -2;  ///< too close to the right or lower border

  int64_t size = 0, height = 0, width = 0;
  std::vector<int32_t> known = {};    ///< places of the patches that touch no pixel of the hole
  std::vector<int32_t> targets = {};  ///< places of the patches that do, row by row
  std::vector<int32_t> hole = {};     ///< places of the hole's pixels, row by row
  std::vector<int32_t> number = {};   ///< [H·W]: which target begins here, or kKnown, or kNoPatch

  bool is_known(int64_t place) const {
    return place >= 0 && place < height * width && number[static_cast<size_t>(place)] == kKnown;
  }
};

/// mask [H, W, 1] or [H, W], 1 = hole. Throws ShapeError unless 1 ≤ size ≤ min(H, W).
PatchSet find_patches(const Tensor& mask, int64_t size);

/// The nearest-neighbour field: for each target a known patch, and how far off that is.
struct PatchField {
  std::vector<int32_t> source;  ///< [targets]: places of known patches
  std::vector<float> distance;  ///< [targets]: patch_distance of target and source
};

/// d(p, q) = Σ over the pixels of the patches and their channels of (picture_p − picture_q)²; once
/// a row of pixels brings it to `limit` the rest is left out.
float patch_distance(const Tensor& picture, const PatchSet& patches, int64_t p, int64_t q,
                     float limit);

/// Each target's source drawn uniformly from the known patches (§3.1), distances included. picture
/// [H, W, C] float32. Throws Error where no patch is known.
PatchField random_field(const Tensor& picture, const PatchSet& patches, Generator& generator);

/// After the picture has changed: the same sources, their distances anew.
void measure_distances(const Tensor& picture, const PatchSet& patches, PatchField& field);

struct PatchMatchOptions {
  int passes = 4;             ///< over all targets; the first goes down and right, the next back
  bool random_search = true;  ///< without it: propagation alone
};

/// Improves the field (§3.2); distances never grow. In each pass, for each target in turn,
///   propagation: the sources of the two neighbours seen before it in this pass, moved by one
///     pixel as the target lies beside the neighbour, are tried;
///   random search: around the best source v so far, v + w·2⁻ⁱ·R_i is tried for i = 0, 1, …, with
///     w = max(H, W) and R_i uniform in [−1, 1]², until the radius falls below one pixel.
/// Candidates that are not known patches are passed over. The calling thread alone; the same
/// generator gives the same field.
void improve_field(const Tensor& picture, const PatchSet& patches, PatchField& field,
                   Generator& generator, const PatchMatchOptions& options = {});

}  // namespace kintsugi
