#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "glcic/completer.h"
#include "glcic/inpainting/method.h"
#include "glcic/photograph_completion.h"
#include "tensor/io/file.h"
#include "tests/glcic/pictures/picture_files.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

constexpr Hole kFrame{0, 0, 150, 90};

/// 16 bits, so that rounding hides nothing.
Photograph photograph_in(const TemporaryFolder& folder) {
  PngFile file{.raster = painted(kFrame.height, kFrame.width, 3, 16), .before = {}, .after = {}};
  write_file_atomically(folder / "a.png", encode_png(file, {}, folder / "a.png"));
  return Photograph::read(folder / "a.png");
}

/// At a corner, two apart by more than any rim, two that share one, and one along a border.
PixelMask scattered_holes() {
  PixelMask mask(kFrame.height, kFrame.width);
  for (const Hole& hole : {Hole{0, 0, 12, 9}, Hole{60, 10, 20, 17}, Hole{84, 20, 9, 9},
                           Hole{120, 60, 14, 14}, Hole{20, 70, 24, 20}})
    mask.add(hole);
  return mask;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
  return largest;
}

constexpr double kRounding = 1.5 / 65535;

}  // namespace

TEST_CASE("post-processing hole by hole gives what it gives for the whole picture") {
  const TemporaryFolder folder;
  const Model model = small_model();
  const PixelMask mask = scattered_holes();
  const Tensor hole = mask.tensor(kFrame);
  for (const Post post : {Post::none, Post::poisson, Post::telea_poisson}) {
    Photograph photograph = photograph_in(folder);
    const Tensor whole = complete(model, photograph.rgb(kFrame), hole, {.post = post}).composite;
    fill_photograph(photograph, mask, &model, {.post = post});
    CHECK(largest_difference(photograph.rgb(kFrame), whole) < kRounding);
  }
}

TEST_CASE("diffusion and Telea hole by hole give what they give for the whole picture") {
  const TemporaryFolder folder;
  const PixelMask mask = scattered_holes();
  for (const char* name : {"diffusion", "telea"}) {
    Photograph photograph = photograph_in(folder);
    const Tensor whole =
        fill_method(name).fill(photograph.rgb(kFrame), mask.tensor(kFrame), FillOptions{});
    CHECK(fill_photograph(photograph, mask, nullptr, {.method = name}).size() == 4);
    CHECK(largest_difference(photograph.rgb(kFrame), whole) < kRounding);
  }
}
