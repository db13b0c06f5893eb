// tensors.svg: how [3, 1] and [4] broadcast to [3, 4], and how a matrix and its transpose lie in
// memory. The numbers are the library's.
#include <cstdio>

#include "docs/figures/svg.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr double kCell = 34;

/// A matrix as a grid; cells that exist in memory once only are golden, their copies pale.
void draw_matrix(Drawing& drawing, Point corner, const Tensor& matrix, int64_t own_rows,
                 int64_t own_columns) {
  const std::vector<double> values = matrix.to_vector();
  for (int64_t row = 0; row < matrix.size(0); ++row)
    for (int64_t column = 0; column < matrix.size(1); ++column) {
      const Point at{corner.x + kCell * static_cast<double>(column),
                     corner.y + kCell * static_cast<double>(row)};
      const bool own = row < own_rows && column < own_columns;
      drawing.rectangle(at, kCell, kCell, own ? colour::kGold : colour::kPale, colour::kInk);
      const double value = values[static_cast<size_t>(row * matrix.size(1) + column)];
      drawing.text({at.x + kCell / 2, at.y + kCell / 2 + 5}, fmt::format("{}", value),
                   {.colour = own ? colour::kInk : colour::kGrey, .anchor = "middle"});
    }
}

void draw_broadcast(Drawing& drawing, Point corner) {
  const Tensor a = Tensor::from({10, 20, 30}, {3, 1}), b = Tensor::from({1, 2, 3, 4}, {1, 4});
  const Shape shape = broadcast_shapes("add", a.shape(), b.shape());
  const double step = 4 * kCell + 50, middle = corner.y + 1.5 * kCell + 6;
  draw_matrix(drawing, corner, ops::broadcast_to(a, shape), 3, 1);
  drawing.text({corner.x + step - 30, middle}, "+", {.size = 18});
  draw_matrix(drawing, {corner.x + step, corner.y}, ops::broadcast_to(b, shape), 1, 4);
  drawing.text({corner.x + 2 * step - 30, middle}, "=", {.size = 18});
  draw_matrix(drawing, {corner.x + 2 * step, corner.y}, ops::add(a, b), 3, 4);
  const double below = corner.y + 3 * kCell + 20;
  drawing.text({corner.x, below}, "[3, 1], stride 0 along columns");
  drawing.text({corner.x + step, below}, "[4], stride 0 along rows");
  drawing.text({corner.x + 2 * step, below}, "[3, 4]");
}

/// A matrix and, right of it, the cells of its storage in their order.
void draw_layout(Drawing& drawing, Point corner, const Tensor& matrix, const char* name) {
  draw_matrix(drawing, corner, matrix, matrix.size(0), matrix.size(1));
  const Point memory{corner.x + 300, corner.y + kCell / 2};
  draw_matrix(drawing, memory, matrix.reshape({1, -1}), 1, matrix.numel());
  for (int64_t i = 0; i < matrix.numel(); ++i)
    drawing.text({memory.x + kCell * (static_cast<double>(i) + 0.5), memory.y + kCell + 15},
                 fmt::format("{}", i), {.size = 11, .colour = colour::kGrey, .anchor = "middle"});
  const auto strides = contiguous_strides(matrix.shape());
  drawing.text({corner.x + 125, corner.y + 18}, fmt::format("{} {}", name, matrix.shape()),
               {.bold = true});
  drawing.text({corner.x + 125, corner.y + 38},
               fmt::format("strides ({}, {})", strides[0], strides[1]));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("figure_tensors: give the folder to write to\n", stderr), 2;
  try {
    Drawing drawing(620, 400, "Broadcasting of two tensors, and a matrix in memory");
    drawing.text({30, 32}, "Broadcasting: pale cells are read again, not stored", {.bold = true});
    draw_broadcast(drawing, {30, 46});
    const Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3});
    draw_layout(drawing, {30, 205}, x, "x");
    draw_layout(drawing, {30, 285}, ops::transpose(x), "its transpose");
    drawing.text({330, 208}, "in memory, with offsets", {.size = 11, .colour = colour::kGrey});
    drawing.save(argv[1], "tensors");
  } catch (const Error& error) {
    return fmt::print(stderr, "figure_tensors: {}\n", error.what()), 2;
  }
}
