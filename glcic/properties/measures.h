#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

/// The properties by which Iizuka et al. 2017 (§5.1, table 1) compare methods, as figures of one
/// completed picture. Pictures are [H, W, C] float32 in [0, 1], masks [H, W, 1] with 1 = hole, all
/// on the CPU.
///
/// "Any size" is no figure of one picture: comparison.h counts it.
namespace kintsugi {

/// How far from the rim, and in which pieces, a filling is looked at; in pixels.
struct PropertyScales {
  int64_t rim = 3;    ///< "at the rim": rim distances 1 … rim (rim_distances, hole_pyramid.h)
  int64_t depth = 8;  ///< "deep in the hole": rim distances above this
  int64_t patch = 7;  ///< side of the patches of the last two figures
};

struct Properties {
  /// Local consistency: J(completed) / max(J(original), 1/255), J the rim_jump. 1: the step from
  /// picture to filling is as the original's; above: an edge shows; below: smoother than it was.
  double rim_jump = 0.0;
  /// Local consistency: mean |completed − original| at the rim.
  double rim_error = 0.0;
  /// Semantics: PSNR(completed) − PSNR(diffusion) in dB, both over the pixels deep in the hole.
  /// Diffusion knows nothing but the rim: what lies above 0 was known from elsewhere.
  double depth_gain = 0.0;
  /// Novel objects: D(completed) / max(D(original), 1/255), D the mean of copy_distances. 0: every
  /// piece of the filling is a piece of the rest of the picture; 1: it is as new as the truth. New
  /// is not yet right, hence the next figure.
  double novelty = 0.0;
  /// Novel objects: E / max(D(original), 1/255), E the mean over the same patches of the root mean
  /// square of completed − original. A patch that is copied from the rest of the picture cannot be
  /// nearer to the truth than D: what lies below 1 no copying can reach, even if it were told the
  /// truth.
  double copy_error = 0.0;
};

/// How a figure is told in tables.
struct PropertyInfo {
  std::string title;    ///< "rim jump"
  std::string meaning;  ///< one phrase
  int decimals;
  double Properties::*value;
};
/// In the order in which tables list them.
const std::vector<PropertyInfo>& property_infos();

/// mean |x_p − x_q| over the channels and all pairs of neighbours (left, right, above, below) of
/// which p lies in the hole and q does not. Throws Error where there is no such pair.
double rim_jump(const Tensor& picture, const Tensor& mask);

/// For each patch of size × size pixels that lies in the hole as a whole, row by row, the distance
/// to the most similar of all patches that touch no pixel of the hole: the root mean square of the
/// difference over their pixels and channels. All pairs are looked at. Throws Error where there
/// are no patches of either kind.
std::vector<double> copy_distances(const Tensor& picture, const Tensor& mask, int64_t size);

/// What completed pictures are held against: the original with its hole, and what need not be
/// measured twice.
struct PropertyReference {
  Tensor original, mask;
  PropertyScales scales = {};
  double rim_jump = 0.0;        ///< of the original, at least 1/255
  double copy_distance = 0.0;   ///< the same
  double diffusion_psnr = 0.0;  ///< deep in the hole
};
/// Throws ShapeError where the shapes disagree, Error where the hole is too small: no pixel of it
/// lies deep, or no patch fits into it.
PropertyReference property_reference(const Tensor& original, const Tensor& mask,
                                     const PropertyScales& scales = {});

/// All figures of one completed picture. Throws ShapeError where it has another shape.
Properties measure_properties(const Tensor& completed, const PropertyReference& reference);

}  // namespace kintsugi
