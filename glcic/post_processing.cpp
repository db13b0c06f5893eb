#include "glcic/post_processing.h"

#include <algorithm>
#include <vector>

#include "glcic/inpainting/poisson.h"
#include "glcic/inpainting/telea.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

/// The hole without its pixels that have a known one in the (2·radius + 1)² square around them.
Tensor eroded(const Tensor& mask, int64_t radius) {
  const int64_t height = mask.size(0), width = mask.size(1);
  const std::vector<double> hole = mask.to_vector();
  const auto deep_inside = [&](int64_t row, int64_t column) {
    const int64_t bottom = std::min(height - 1, row + radius);
    const int64_t right = std::min(width - 1, column + radius);
    for (int64_t y = std::max<int64_t>(0, row - radius); y <= bottom; ++y)
      for (int64_t x = std::max<int64_t>(0, column - radius); x <= right; ++x)
        if (hole[static_cast<size_t>(y * width + x)] == 0.0) return false;
    return true;
  };
  std::vector<double> core(hole.size(), 0.0);
  for (int64_t i = 0; i < mask.numel(); ++i)
    if (hole[static_cast<size_t>(i)] != 0.0 && deep_inside(i / width, i % width))
      core[static_cast<size_t>(i)] = 1.0;
  return Tensor::from(core, mask.shape(), {.dtype = mask.dtype()});
}

Tensor blended(Post post, const Tensor& picture, const Tensor& mask, const Tensor& completed) {
  constexpr int64_t kRim = 3;
  switch (post) {
    case Post::none:
      return completed;
    case Post::poisson:
      return solve_poisson(picture, mask, completed, {.edge = EdgeGradient::zero});
    case Post::telea_poisson: {
      const Tensor rimmed = telea_fill(picture, mask, {.radius = 1});
      return solve_poisson(rimmed, eroded(mask, kRim), completed);
    }
  }
  throw Error("post_process: not a post-processing");
}

}  // namespace

Post post_from_string(const std::string& name) {
  if (name == "none") return Post::none;
  if (name == "poisson") return Post::poisson;
  if (name == "telea+poisson") return Post::telea_poisson;
  throw Error(fmt::format("\"{}\" is not a post-processing: none, poisson or telea+poisson", name));
}

Tensor post_process(Post post, const Tensor& picture, const Tensor& mask, const Tensor& completed) {
  const Tensor filled = ops::clamp(blended(post, picture, mask, completed), 0.0, 1.0);
  return ops::where(mask.to(picture.dtype()), filled, picture);
}

}  // namespace kintsugi
