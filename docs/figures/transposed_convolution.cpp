// transposed_convolution.svg: how many products are added up in each pixel of a transposed
// convolution of stride 2, for three kernels: conv_transpose2d of ones with ones.
#include <cstdio>

#include "autograd/ops.h"
#include "docs/figures/svg.h"
#include "tensor/error.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr double kCell = 22;

void draw_overlaps(Drawing& drawing, double left, int64_t kernel, ConvTranspose2dOptions options,
                   const std::string& caption) {
  const Variable x(Tensor::full({1, 4, 4, 1}, 1)), w(Tensor::full({kernel, kernel, 1, 1}, 1));
  const Tensor overlaps = conv_transpose2d(x, w, {}, options).value();
  const std::vector<double> counts = overlaps.to_vector();
  drawing.text({left, 34}, caption, {.bold = true});
  for (int64_t i = 0; i < overlaps.size(1); ++i)
    for (int64_t j = 0; j < overlaps.size(2); ++j) {
      const double count = counts[static_cast<size_t>(i * overlaps.size(2) + j)];
      const Point at{left + kCell * static_cast<double>(j), 48 + kCell * static_cast<double>(i)};
      drawing.rectangle(at, kCell, kCell, mix("#ffffff", colour::kBlue, count / 5), "#c9ccd1");
      drawing.text({at.x + kCell / 2, at.y + 15}, fmt::format("{}", count),
                   {.size = 12, .anchor = "middle"});
    }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return std::fputs("figure_transposed_convolution: give the folder to write to\n", stderr), 2;
  try {
    Drawing drawing(660, 262, "Overlaps of transposed convolutions of stride 2");
    draw_overlaps(drawing, 30, 2, {.stride = 2}, "2x2, stride 2");
    draw_overlaps(drawing, 240, 3, {.stride = 2, .padding = 1, .output_padding = 1},
                  "3x3, stride 2");
    draw_overlaps(drawing, 450, 4, {.stride = 2, .padding = 1}, "4x4, stride 2");
    drawing.text({30, 248}, "Products added up in each pixel of the output; the input is 4 x 4.",
                 {.size = 12, .colour = colour::kGrey});
    drawing.save(argv[1], "transposed_convolution");
  } catch (const Error& error) {
    return fmt::print(stderr, "figure_transposed_convolution: {}\n", error.what()), 2;
  }
}
