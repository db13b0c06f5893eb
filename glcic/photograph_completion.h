#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "glcic/model.h"
#include "glcic/pictures/photograph.h"
#include "glcic/pictures/pixel_mask.h"
#include "glcic/post_processing.h"

namespace kintsugi {

/// How the hole of a photograph is filled.
struct FillingOptions {
  std::string method = "glcic";  ///< or one of fill_methods()
  Post post = Post::none;        ///< after the network; for glcic alone
  uint64_t seed = 1;             ///< of patchmatch
  /// Bytes that the photograph, its mask and all tensors may take together.
  int64_t memory = int64_t{2} << 30;
};

/// Fills the hole, part by part, so that time and memory depend on the hole and not on the picture,
/// and changes no other pixel. Returns the windows that were worked on. `model` may be null where
/// the method is not glcic. The values, before they are rounded to the photograph's depth:
/// - glcic: those that C gives on the whole picture, within rounding (completion_windows.h);
/// - diffusion, Telea and every post-processing: those of the whole picture, within rounding; they
///   look at a hole and its rim, so holes that are far enough apart are filled one by one;
/// - Navier-Stokes: the same for one hole; of several, each by itself (its coarser scales begin
///   where its window does);
/// - mean colour: the mean of all known pixels of the picture;
/// - patchmatch: those of the whole picture, of which it sees PatchCompletionOptions::surroundings.
/// Throws Error where the memory is not enough, naming what it would take, and what the method or
/// the post-processing throws.
std::vector<Hole> fill_photograph(Photograph& photograph, const PixelMask& mask, const Model* model,
                                  const FillingOptions& options);

/// A part of a picture as [h, w, 3].
using ReadWindow = std::function<Tensor(const Hole& window)>;
/// `part` of a picture, with C's output in the hole: [h, w, 3], in the dtype of rgb's. C runs on
/// windows of at most max_pixels, which are added to `windows`.
Tensor complete_part(const Model& model, const ReadWindow& rgb, const PixelMask& mask,
                     const Hole& part, int64_t max_pixels, std::vector<Hole>& windows);

}  // namespace kintsugi
