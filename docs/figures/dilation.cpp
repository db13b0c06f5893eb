// dilation.svg: what one output pixel of five convolutions of three taps sees of the input, for
// three lists of dilations. The shade of an input is its gradient: with all weights 1, the number
// of paths from it to the output.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "autograd/ops.h"
#include "docs/figures/svg.h"
#include "tensor/error.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr int64_t kWidth = 65;  // a line of pixels
constexpr double kCell = 9;

/// The number of paths from every input pixel to the middle output pixel.
std::vector<double> paths(const std::vector<int64_t>& dilations) {
  Variable x(Tensor::zeros({1, 1, kWidth, 1}), true), y = x;
  const Variable ones(Tensor::full({3, 3, 1, 1}, 1));
  for (int64_t dilation : dilations)
    y = conv2d(y, ones, {}, {.padding = dilation, .dilation = dilation});
  slice(y, 2, kWidth / 2, 1).backward();
  return x.grad().value().to_vector();
}

void draw_stack(Drawing& drawing, double top, const std::vector<int64_t>& dilations) {
  std::string caption = "dilations ";
  for (int64_t dilation : dilations) caption += fmt::format("{} ", dilation);
  drawing.text({20, top - 8}, caption, {.bold = true});
  for (size_t layers = 1; layers <= dilations.size(); ++layers) {
    const std::vector<double> seen =
        paths({dilations.begin(), dilations.begin() + static_cast<int64_t>(layers)});
    const double most = *std::max_element(seen.begin(), seen.end());
    const double y = top + 15 * static_cast<double>(layers - 1);
    drawing.rectangle({20, y}, kCell * kWidth, 11, "#ffffff", "#d5d8dc");
    int64_t first = kWidth, last = 0, pixels = 0;
    for (int64_t i = 0; i < kWidth; ++i) {
      const double count = seen[static_cast<size_t>(i)];
      if (count == 0) continue;
      first = std::min(first, i);
      last = std::max(last, i);
      ++pixels;
      const double shade = most > 1 ? std::log(count) / std::log(most) : 0;
      drawing.rectangle({20 + kCell * static_cast<double>(i), y}, kCell, 11,
                        mix(colour::kGold, colour::kBlue, shade), "#d5d8dc");
    }
    drawing.text({26 + kCell * kWidth, y + 10},
                 fmt::format("{} wide{}", last - first + 1,
                             pixels < last - first + 1 ? fmt::format(", {} seen", pixels) : ""),
                 {.size = 12});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("figure_dilation: give the folder to write to\n", stderr), 2;
  try {
    Drawing drawing(740, 370, "What one output pixel sees through five dilated convolutions");
    draw_stack(drawing, 36, {1, 2, 4, 8, 16});
    draw_stack(drawing, 148, {1, 1, 1, 1, 1});
    draw_stack(drawing, 260, {2, 2, 2, 2, 2});
    drawing.text({20, 358},
                 "Each row adds a layer. Gold: one path to the output; blue: most paths.",
                 {.size = 12, .colour = colour::kGrey});
    drawing.save(argv[1], "dilation");
  } catch (const Error& error) {
    return fmt::print(stderr, "figure_dilation: {}\n", error.what()), 2;
  }
}
