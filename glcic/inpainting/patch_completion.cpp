#include "glcic/inpainting/patch_completion.h"

#include <algorithm>
#include <vector>

#include "glcic/inpainting/hole_pyramid.h"
#include "glcic/inpainting/hole_window.h"
#include "glcic/inpainting/onion_peel.h"
#include "glcic/inpainting/patch_voting.h"
#include "glcic/inpainting/patchmatch.h"
#include "glcic/inpainting/poisson.h"
#include "glcic/inpainting/texture_features.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr float kFeatureScale = 4.0f;    // how much texture counts against colour
constexpr size_t kEnoughPatches = 64;    // to choose from
constexpr int32_t kCoarsestDepth = 4;    // pixels from the rim to the middle of the hole
constexpr double kFinalSharpness = 3.0;  // seams stay soft, textures are not blurred

/// The largest of wanted, wanted − 2, … of which enough patches are known; 1 if there is none.
int64_t fitting_patch_size(const Tensor& mask, int64_t wanted) {
  const int64_t edge = std::min(mask.size(0), mask.size(1));
  for (int64_t size = wanted; size > 1; size -= 2)
    if (size <= edge && find_patches(mask, size).known.size() >= kEnoughPatches) return size;
  return 1;
}

struct Level {
  Tensor picture, mask;
  PatchSet patches;
  std::vector<int32_t> rim;

  Level(const HoleLevel& level, int64_t patch_size)
      : picture(level.picture),
        mask(level.mask),
        patches(find_patches(level.mask, patch_size)),
        rim(rim_distances(level.mask)) {}

  int32_t depth() const { return *std::max_element(rim.begin(), rim.end()); }
};

/// Finest first.
std::vector<Level> make_levels(const HoleLevel& finest, int64_t patch_size) {
  std::vector<Level> levels{Level(finest, patch_size)};
  while (levels.back().depth() > kCoarsestDepth) {
    const Tensor& mask = levels.back().mask;
    if (std::min(mask.size(0), mask.size(1)) < 2 * patch_size) break;
    Level next(halve({levels.back().picture, mask}), patch_size);
    if (next.patches.known.size() < kEnoughPatches) break;
    levels.push_back(std::move(next));
  }
  return levels;
}

/// The place in `fine` that lies beside twice `source` as `target` lies beside twice the coarse
/// patch that covers it.
int64_t enlarged_source(int64_t source, int64_t target, int64_t covering, const PatchSet& coarse,
                        const PatchSet& fine) {
  const int64_t y = target / fine.width + 2 * (source / coarse.width - covering / coarse.width);
  const int64_t x = target % fine.width + 2 * (source % coarse.width - covering % coarse.width);
  return std::min(y, fine.height - fine.size) * fine.width + std::min(x, fine.width - fine.size);
}

/// Each target of `fine` takes over source and distance of the coarse target that covers it; where
/// its source leaves the known patches, a random one.
PatchField enlarge_field(const PatchField& coarse_field, const PatchSet& coarse,
                         const PatchSet& fine, Generator& generator) {
  PatchField field;
  const auto last = static_cast<int64_t>(fine.known.size()) - 1;
  for (const int32_t target : fine.targets) {
    const int64_t y = std::min(target / fine.width / 2, coarse.height - coarse.size);
    const int64_t x = std::min(target % fine.width / 2, coarse.width - coarse.size);
    const int64_t covering = y * coarse.width + x;
    const auto number = static_cast<size_t>(coarse.number[static_cast<size_t>(covering)]);
    int64_t source = enlarged_source(coarse_field.source[number], target, covering, coarse, fine);
    if (!fine.is_known(source))
      source = fine.known[static_cast<size_t>(generator.integer(0, last))];
    field.source.push_back(static_cast<int32_t>(source));
    field.distance.push_back(coarse_field.distance[number]);
  }
  return field;
}

/// By turns the best sources for the hole's colours, and the best colours for the sources.
void refine(Level& level, PatchField& field, int iterations, const VoteOptions& votes,
            Generator& generator) {
  for (int iteration = 0; iteration < iterations; ++iteration) {
    measure_distances(level.picture, level.patches, field);
    improve_field(level.picture, level.patches, field, generator);
    vote(level.picture, level.patches, field, level.rim, votes);
  }
}

/// The picture of `finest` with its hole filled, all channels of it.
Tensor complete(const HoleLevel& finest, const PatchCompletionOptions& options) {
  std::vector<Level> levels = make_levels(finest, fitting_patch_size(finest.mask, options.patch));
  Generator generator{.seed = options.seed};
  VoteOptions votes{.falloff = options.falloff};

  Level& coarsest = levels.back();
  coarsest.picture = diffusion_fill(coarsest.picture, coarsest.mask);
  fill_from_rim(coarsest.picture, coarsest.patches, coarsest.rim);
  PatchField field = random_field(coarsest.picture, coarsest.patches, generator);
  int iterations = 24;
  refine(coarsest, field, iterations, votes, generator);

  for (size_t n = levels.size() - 1; n-- > 0;) {
    field = enlarge_field(field, levels[n + 1].patches, levels[n].patches, generator);
    vote(levels[n].picture, levels[n].patches, field, levels[n].rim, votes);
    iterations = std::max(iterations - 6, 6);
    refine(levels[n], field, iterations, votes, generator);
  }
  votes.sharpness = kFinalSharpness;
  vote(levels.front().picture, levels.front().patches, field, levels.front().rim, votes);
  return levels.front().picture;
}

}  // namespace

Tensor patch_completion(const Tensor& picture, const Tensor& mask,
                        const PatchCompletionOptions& options) {
  check(options.patch >= 1 && options.falloff >= 1.0 && options.surroundings >= 1,
        "patch_completion: patch {}, falloff {} and surroundings {} must be at least 1",
        options.patch, options.falloff, options.surroundings);
  HoleWindow window = hole_window("patch_completion", picture, mask, options.surroundings);
  check(!window.hole.empty(), "patch_completion: the hole is empty");

  const std::vector<double> marks(window.hole.begin(), window.hole.end());
  const HoleLevel level{Tensor::from(window.values, {window.height, window.width, window.channels}),
                        Tensor::from(marks, {window.height, window.width, 1})};
  const Tensor filled = complete(with_texture_features(level, kFeatureScale), options);
  const float* pixel = filled.data<float>();
  for (auto out = window.values.begin(); out != window.values.end(); pixel += filled.size(2))
    out = std::copy_n(pixel, window.channels, out);
  return with_hole_filled(picture, window);
}

}  // namespace kintsugi
