// convolution.svg: the matrices of three convolutions. Column j of a linear map's matrix is what
// the map makes of the j-th unit vector, so conv2d is asked for each of them.
#include <cstdio>

#include "autograd/ops.h"
#include "docs/figures/svg.h"
#include "tensor/error.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;
};

/// Of conv2d on maps [1, height, width, 1].
Matrix matrix_of(int64_t height, int64_t width, const Tensor& kernel, Conv2dOptions options) {
  Matrix matrix{.rows = 0, .columns = height * width, .values = {}};
  std::vector<std::vector<double>> images;
  for (int64_t j = 0; j < matrix.columns; ++j) {
    Tensor unit = Tensor::zeros({1, height, width, 1});
    unit.data<float>()[j] = 1;
    images.push_back(conv2d(Variable(unit), Variable(kernel), {}, options).value().to_vector());
  }
  matrix.rows = static_cast<int64_t>(images[0].size());
  for (size_t i = 0; i < images[0].size(); ++i)
    for (const auto& image : images) matrix.values.push_back(image[i]);
  return matrix;
}

/// Weights 1, 2, 3, … each have a colour.
std::string colour_of(double weight, double count) {
  if (weight == 0) return "#ffffff";
  const double share = (weight - 1) / (count - 1);
  return share < 0.5 ? mix(colour::kBlue, colour::kGold, 2 * share)
                     : mix(colour::kGold, colour::kOrange, 2 * share - 1);
}

void draw(Drawing& drawing, Point corner, double cell, const Matrix& matrix, double weights,
          const std::string& caption) {
  drawing.text({corner.x, corner.y - 10}, caption);
  for (int64_t i = 0; i < matrix.rows; ++i)
    for (int64_t j = 0; j < matrix.columns; ++j) {
      const double weight = matrix.values[static_cast<size_t>(i * matrix.columns + j)];
      drawing.rectangle(
          {corner.x + cell * static_cast<double>(j), corner.y + cell * static_cast<double>(i)},
          cell, cell, colour_of(weight, weights), "#c9ccd1");
    }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("figure_convolution: give the folder to write to\n", stderr), 2;
  try {
    const Tensor row = Tensor::from({1, 2, 3}, {1, 3, 1, 1});
    const Tensor square = Tensor::from({1, 2, 3, 4, 5, 6, 7, 8, 9}, {3, 3, 1, 1});
    Drawing drawing(700, 330, "The matrices of a convolution in one and in two dimensions");
    draw(drawing, {30, 40}, 22, matrix_of(1, 8, row, {}), 3, "3 taps, 8 numbers in, 6 out");
    draw(drawing, {30, 225}, 22, matrix_of(1, 8, row, {.stride = 2}), 3, "the same with stride 2");
    draw(drawing, {330, 40}, 16, matrix_of(4, 4, square, {.padding = 1}), 9,
         "3x3 kernel, 4 x 4 map, padding 1");
    for (int block = 1; block < 4; ++block) {
      const double at = 16.0 * 4 * block;
      drawing.line({330 + at, 40}, {330 + at, 40 + 256}, {.width = 1.5});
      drawing.line({330, 40 + at}, {330 + 256, 40 + at}, {.width = 1.5});
    }
    drawing.text({30, 312}, "One colour, one weight; white is zero.",
                 {.size = 12, .colour = colour::kGrey});
    drawing.save(argv[1], "convolution");
  } catch (const Error& error) {
    return fmt::print(stderr, "figure_convolution: {}\n", error.what()), 2;
  }
}
