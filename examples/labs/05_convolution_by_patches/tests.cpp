// Lab 5. Parts 1 and 2 stand in tensor/cpu/conv_patches.cpp, parts 3 to 5 in
// tensor/cpu/conv_im2col.cpp, part 6 in tensor/cpu/conv2d.cpp. Where a test is to tell one part
// from the others, the rest is computed by the library's loops (ConvAlgorithm::naive).
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/convolution.h"
#include "examples/labs/support/gradient.h"
#include "tensor/cpu/conv_rungs.h"
#include "tests/tensor/conv_algorithm_guard.h"

using namespace kintsugi;
using cpu::PatchGrid;

namespace {

struct Case {
  const char* name;
  Shape x, w;
  Conv2dOptions options;

  Window window() const { return {w[0], w[1], options.stride, options.padding, options.dilation}; }
  Shape output() const {
    return {x[0], ops::conv_output_size("lab 5", x[1], w[0], window()),
            ops::conv_output_size("lab 5", x[2], w[1], window()), w[3]};
  }
  PatchGrid grid() const { return cpu::forward_grid(x, output(), window()); }
};

const Case kPlain{"3x3", {1, 5, 6, 2}, {3, 3, 2, 3}, {}};
const Case kPadded{"3x3, padding 1", {1, 4, 5, 2}, {3, 3, 2, 3}, {.padding = 1}};
const Case kWide{"1x5, padding 2", {1, 3, 4, 3}, {1, 5, 3, 2}, {.padding = 2}};
const Case kDilated{"dilation 3", {1, 4, 4, 2}, {3, 3, 2, 2}, {.padding = 3, .dilation = 3}};
const Case kStrided{"stride 2", {2, 7, 6, 2}, {3, 3, 2, 3}, {.stride = 2, .padding = 1}};
const Case kEven{"4x4, stride 2", {2, 6, 4, 3}, {4, 4, 3, 2}, {.stride = 2, .padding = 1}};
const Case kGaps{"2x2, stride 3", {1, 6, 8, 1}, {2, 2, 1, 2}, {.stride = 3}};
const Case kBoth{
    "stride 2, dilation 3", {1, 9, 8, 1}, {3, 2, 1, 2}, {.stride = 2, .padding = 2, .dilation = 3}};

/// A map whose numbers tell where they come from: 1, 2, 3, … in the order of memory.
std::vector<double> numbered_map(const PatchGrid& grid) {
  std::vector<double> map(
      static_cast<size_t>(grid.images * grid.height * grid.width * grid.channels));
  for (size_t i = 0; i < map.size(); ++i) map[i] = static_cast<double>(i + 1);
  return map;
}

std::string origin_of(double value, const PatchGrid& grid) {
  if (value == 0) return "0";
  const auto index = static_cast<int64_t>(value) - 1;
  if (index < 0 || index >= grid.images * grid.height * grid.width * grid.channels)
    return "no number of the map: it was not written";
  const int64_t pixel = index / grid.channels;
  return fmt::format("the number of image {}, row {}, column {}, channel {}",
                     pixel / grid.width / grid.height, pixel / grid.width % grid.height,
                     pixel % grid.width, index % grid.channels);
}

struct Entry {
  int64_t i, j, channel;
  double value;
};

/// The patch of a pixel of the grid, from the definition in conv_patches.h.
std::vector<Entry> patch_of(const PatchGrid& grid, const std::vector<double>& map, int64_t pixel) {
  const int64_t x = pixel % grid.columns, y = pixel / grid.columns % grid.rows;
  const int64_t image = pixel / grid.columns / grid.rows;
  std::vector<Entry> patch;
  for (size_t i = 0; i < grid.tap_y.size(); ++i)
    for (size_t j = 0; j < grid.tap_x.size(); ++j)
      for (int64_t c = 0; c < grid.channels; ++c) {
        const int64_t row = y * grid.step + grid.tap_y[i], column = x * grid.step + grid.tap_x[j];
        const bool inside = row >= 0 && row < grid.height && column >= 0 && column < grid.width;
        const int64_t at = ((image * grid.height + row) * grid.width + column) * grid.channels + c;
        patch.push_back({static_cast<int64_t>(i), static_cast<int64_t>(j), c,
                         inside ? map[static_cast<size_t>(at)] : 0});
      }
  return patch;
}

/// What gather_patches is asked for.
struct Piece {
  int64_t first_pixel, pixels, first_entry, entries;
};
Piece everything(const PatchGrid& grid) { return {0, grid.pixels(), 0, grid.patch_size()}; }

/// Notes the first entry of the piece that is wrong.
void expect_patches(const char* what, const PatchGrid& grid, const Piece& piece) {
  constexpr double kUntouched = -1;
  const std::vector<double> map = numbered_map(grid);
  const int64_t pitch = piece.entries + 2;
  std::vector<double> patches(static_cast<size_t>(piece.pixels * pitch), kUntouched);
  cpu::gather_patches(grid, map.data(), piece.first_pixel, piece.pixels, piece.first_entry,
                      piece.entries, patches.data(), pitch);
  for (int64_t row = 0; row < piece.pixels; ++row) {
    const int64_t pixel = piece.first_pixel + row;
    const std::string where = fmt::format("{}: the patch of image {}, row {}, column {}", what,
                                          pixel / grid.columns / grid.rows,
                                          pixel / grid.columns % grid.rows, pixel % grid.columns);
    const std::vector<Entry> patch = patch_of(grid, map, pixel);
    const double* got = patches.data() + row * pitch;
    for (int64_t e = 0; e < piece.entries; ++e) {
      const Entry& entry = patch[static_cast<size_t>(piece.first_entry + e)];
      if (got[e] == entry.value) continue;
      FAIL_CHECK(
          where << fmt::format(", entry {}, which is tap ({}, {}), channel {}: got {}, expected {}",
                               piece.first_entry + e, entry.i, entry.j, entry.channel,
                               origin_of(got[e], grid), origin_of(entry.value, grid)));
      return;
    }
    if (got[piece.entries] != kUntouched) {
      FAIL_CHECK(where << ": more entries were written than the " << piece.entries << " asked for");
      return;
    }
  }
}

/// conv2d as a function of (x, w) or (x, w, bias), whose forward pass is computed by this rung.
std::function<Variable(const Variables&)> convolution(const Case& c, ConvAlgorithm forward) {
  return [&c, forward](const Variables& in) {
    const ConvAlgorithmGuard guard(forward);
    return conv2d(in[0], in[1], in.size() == 3 ? in[2] : Variable(), c.options);
  };
}

}  // namespace

TEST_CASE("patches in the middle of a map") {
  const Case one{"1x1", {1, 2, 3, 2}, {1, 1, 2, 1}, {}};
  const Case flat{"2x3, one channel", {1, 4, 5, 1}, {2, 3, 1, 1}, {}};
  for (const Case& c : {one, flat, kPlain}) expect_patches(c.name, c.grid(), everything(c.grid()));
}

TEST_CASE("patches at the border") {
  for (const Case& c : {kPadded, kWide, kDilated})
    expect_patches(c.name, c.grid(), everything(c.grid()));
}

TEST_CASE("patches with a stride, of two images") {
  for (const Case& c : {kStrided, kEven, kBoth})
    expect_patches(c.name, c.grid(), everything(c.grid()));
}

TEST_CASE("pieces of patches") {
  for (const Case& c : {kPlain, kWide, kStrided}) {
    const PatchGrid grid = c.grid();
    for (int64_t first = 0; first < grid.patch_size(); ++first)
      for (const int64_t entries : {int64_t{1}, int64_t{3}, grid.patch_size() - first})
        expect_patches(c.name, grid,
                       {3, grid.pixels() - 3, first, std::min(entries, grid.patch_size() - first)});
  }
}

TEST_CASE("the product") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::patches);
  for (const Case& c : {kPlain, kPadded, kDilated, kStrided, kEven}) {
    const Tensor x = lab::random_tensor(c.x, 1), w = lab::random_tensor(c.w, 2);
    const Tensor bias = lab::random_tensor({c.w[3]}, 3);
    const Tensor expected = lab::convolved(x, w, c.options);
    lab::expect_equal(c.name, ops::conv2d(x, w, c.window()), expected, 1e-12);
    lab::expect_equal(std::string(c.name) + ", with bias and ReLU",
                      ops::conv2d(x, w, c.window(), {.bias = bias, .relu = true}),
                      ops::clamp(ops::add(expected, bias), 0, 1e9), 1e-12);
  }
}

TEST_CASE("weights in another order in memory") {
  const Case& c = kStrided;
  const Tensor x = lab::random_tensor(c.x, 1), w = lab::random_tensor(c.w, 2);
  const Tensor turned = ops::permute(w, {3, 0, 1, 2});  // [out, kh, kw, in]
  const cpu::TapMatrices<double> matrices{.first = turned.data<double>(),
                                          .tap_y_stride = c.w[1] * c.w[2],
                                          .tap_x_stride = c.w[2],
                                          .row_stride = 1,
                                          .column_stride = c.w[0] * c.w[1] * c.w[2]};
  Tensor y = Tensor::zeros(c.output(), x.options());
  cpu::convolve_patches<double>(c.grid(), x.data<double>(), matrices, {},
                                {y.data<double>(), y.size(1), y.size(2), y.size(3)});
  lab::expect_equal("weights [out, kh, kw, in]", y, lab::convolved(x, w, c.options), 1e-12);
}

TEST_CASE("the gradient of the weight") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::patches);
  for (const Case& c : {kPlain, kPadded, kStrided}) {
    const Tensor x = lab::random_tensor(c.x, 1), dy = lab::random_tensor(c.output(), 2);
    lab::expect_equal(c.name, ops::conv2d_weight_grad(x, dy, c.window()),
                      lab::weight_gradient(x, dy, c.w, c.options), 1e-12);
    lab::expect_gradient(c.name, convolution(c, ConvAlgorithm::naive),
                         {{.shape = c.x}, {.shape = c.w}}, 1, "weight");
  }
}

TEST_CASE("the gradient of the input") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::naive);
  for (const Case& c : {kPlain, kPadded, kDilated, kEven, kStrided, kGaps, kBoth}) {
    const Tensor dy = lab::random_tensor(c.output(), 1), w = lab::random_tensor(c.w, 2);
    lab::expect_equal(c.name, ops::conv2d_input_grad(dy, w, c.window(), c.x[1], c.x[2]),
                      lab::input_gradient(dy, w, c.x, c.options), 1e-12);
    lab::expect_gradient(c.name, convolution(c, ConvAlgorithm::naive),
                         {{.shape = c.x}, {.shape = c.w}}, 0, "input");
  }
}

TEST_CASE("the convolution and its gradients, all by patches") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::patches);
  for (const Case& c : {kPadded, kEven}) {
    const std::vector<SampleInput> inputs{{.shape = c.x}, {.shape = c.w}, {.shape = {c.w[3]}}};
    const auto function = convolution(c, ConvAlgorithm::patches);
    lab::expect_gradients(c.name, function, inputs, {"input", "weight", "bias"});
  }
  const Case small{"3x3, padding 1", {1, 3, 2, 1}, {3, 3, 1, 2}, {.padding = 1}};
  const GradcheckReport report = gradcheck("conv2d", convolution(small, ConvAlgorithm::patches),
                                           {{.shape = small.x}, {.shape = small.w}}, {.order = 2});
  if (!report.passed) FAIL_CHECK("second order: " << report.failure);
}
