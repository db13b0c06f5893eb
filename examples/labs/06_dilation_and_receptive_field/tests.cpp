// Lab 6. Part 1 stands in tensor/ops_conv.cpp, part 2 in tensor/cpu/conv_patches.cpp, part 3 in
// tensor/cpu/conv2d.cpp, parts 4 and 5 in layers/summary.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/convolution.h"
#include "examples/labs/support/gradient.h"
#include "layers/summary.h"
#include "tensor/cpu/conv_patches.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

/// One axis of a convolution.
struct Axis {
  int64_t input, kernel, stride, padding, dilation;

  Window window() const { return {kernel, kernel, stride, padding, dilation}; }
};

std::string words(const Axis& a) {
  return fmt::format("a map of {}, kernel {}, stride {}, padding {}, dilation {}", a.input,
                     a.kernel, a.stride, a.padding, a.dilation);
}

std::string list(const std::vector<int64_t>& numbers) {
  std::string text;
  for (const int64_t number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return "[" + text + "]";
}

/// How often the kernel fits into the padded map, a stride further each time.
int64_t counted_size(const Axis& a) {
  int64_t count = 0;
  while (count * a.stride + a.dilation * (a.kernel - 1) < a.input + 2 * a.padding) ++count;
  return count;
}

/// Many of them: those that fit, or those that do not.
std::vector<Axis> axes(bool fitting) {
  std::vector<Axis> result;
  for (int64_t input = 1; input <= 9; ++input)
    for (int64_t kernel = 1; kernel <= 4; ++kernel)
      for (int64_t stride = 1; stride <= 3; ++stride)
        for (int64_t padding = 0; padding <= 2; ++padding)
          for (int64_t dilation = 1; dilation <= 3; ++dilation) {
            const Axis axis{input, kernel, stride, padding, dilation};
            if ((counted_size(axis) > 0) == fitting) result.push_back(axis);
          }
  return result;
}

/// The sentence of the ShapeError that conv_output_size throws; "" where it throws none.
std::string refusal(const Axis& a) {
  try {
    ops::conv_output_size("conv2d", a.input, a.kernel, a.window());
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "";
}

struct Case {
  const char* name;
  Shape x, w;
  Conv2dOptions options;

  Window window() const { return {w[0], w[1], options.stride, options.padding, options.dilation}; }
};

const std::vector<Case> kCases = {
    {"3x3", {1, 5, 4, 2}, {3, 3, 2, 2}, {}},
    {"padding 1", {2, 4, 3, 1}, {3, 3, 1, 2}, {.padding = 1}},
    {"stride 2, padding 1", {1, 6, 7, 2}, {4, 3, 2, 1}, {.stride = 2, .padding = 1}},
    {"dilation 2", {1, 6, 7, 1}, {3, 2, 1, 2}, {.dilation = 2}},
    {"padding 3, dilation 2", {1, 4, 5, 1}, {3, 3, 1, 2}, {.padding = 3, .dilation = 2}},
    {"stride 2, padding 2, dilation 3",
     {1, 8, 7, 1},
     {3, 3, 1, 1},
     {.stride = 2, .padding = 2, .dilation = 3}},
};

/// Whether some output's tap `tap` lies in the map, along one axis.
bool touches(const Axis& a, int64_t tap) {
  for (int64_t i = 0; i < counted_size(a); ++i) {
    const int64_t at = a.stride * i + a.dilation * tap - a.padding;
    if (at >= 0 && at < a.input) return true;
  }
  return false;
}

/// Random weights, infinite at the taps that never touch the map. 0 times infinity is no number:
/// who multiplies by them sees it.
Tensor weights_with_traps(const Case& c) {
  Tensor w = lab::random_tensor(c.w, 2);
  const auto [stride, padding, dilation] = c.options;
  for (int64_t u = 0; u < c.w[0]; ++u)
    for (int64_t v = 0; v < c.w[1]; ++v) {
      const bool alive = touches({c.x[1], c.w[0], stride, padding, dilation}, u) &&
                         touches({c.x[2], c.w[1], stride, padding, dilation}, v);
      const int64_t matrix = c.w[2] * c.w[3];
      if (!alive)
        std::fill_n(w.data<double>() + (u * c.w[1] + v) * matrix, matrix,
                    std::numeric_limits<double>::infinity());
    }
  return w;
}

void expect_field(const std::string& what, const std::vector<Footprint>& layers, int64_t expected) {
  const int64_t got = receptive_field(layers);
  if (got == expected) return;
  FAIL_CHECK(what << fmt::format(": the field is {} pixels, not {}", expected, got));
}

/// GLCIC's completion network, with its dilations or without.
std::vector<Footprint> completion_network(bool dilated) {
  std::vector<Footprint> layers{{5, 1, 2, 1}, {3, 2, 1, 1}, {3, 1, 1, 1},
                                {3, 2, 1, 1}, {3, 1, 1, 1}, {3, 1, 1, 1}};
  for (const int64_t d : {2, 4, 8, 16})
    layers.push_back(dilated ? Footprint{3, 1, d, d} : Footprint{3, 1, 1, 1});
  const Footprint plain{3, 1, 1, 1}, doubling{4, 2, 1, 1, /*transposed=*/true};
  layers.insert(layers.end(), {plain, plain, doubling, plain, doubling, plain, plain});
  return layers;
}

/// Pixels of a row, from the first to the last that the gradient of one output pixel reaches.
int64_t reached(const std::vector<Footprint>& layers) {
  constexpr int64_t kWidth = 121;
  Variable x(Tensor::zeros({1, 1, kWidth, 1}), true), y = x;
  for (const Footprint& layer : layers) {
    const Variable ones(Tensor::full({layer.kernel, layer.kernel, 1, 1}, 1));
    y = conv2d(y, ones, {},
               {.stride = layer.stride, .padding = layer.padding, .dilation = layer.dilation});
  }
  slice(y, 2, y.size(2) / 2, 1).backward();
  const std::vector<double> gradient = x.grad().value().to_vector();
  const auto seen = [](double value) { return value != 0; };
  const auto first = std::find_if(gradient.begin(), gradient.end(), seen);
  const auto last = std::find_if(gradient.rbegin(), gradient.rend(), seen);
  return last.base() - first;
}

}  // namespace

TEST_CASE("the size of the output") {
  for (const Axis& a : axes(true)) {
    const std::string refused = refusal(a);
    if (!refused.empty()) {
      FAIL_CHECK(words(a) << ": fits, but was refused: " << refused);
      return;
    }
    const int64_t got = ops::conv_output_size("conv2d", a.input, a.kernel, a.window());
    if (got == counted_size(a)) continue;
    FAIL_CHECK(words(a) << ": got " << got << ", expected " << counted_size(a));
    return;
  }
}

TEST_CASE("a kernel that does not fit is refused") {
  for (const Axis& a : axes(false)) {
    const std::string sentence = refusal(a);
    if (sentence.find("conv2d") != std::string::npos) continue;
    FAIL_CHECK(words(a) << ": a ShapeError must name the op; "
                        << (sentence.empty() ? "nothing was thrown" : "it says: " + sentence));
    return;
  }
}

TEST_CASE("where the taps lie") {
  for (const Window& window : {Window{3, 3}, Window{3, 2, 1, 1}, Window{2, 5, 2, 3, 1},
                               Window{4, 3, 1, 0, 2}, Window{3, 4, 2, 2, 3}}) {
    const auto [rows, columns, stride, padding, dilation] = window;
    const Axis y{20, rows, stride, padding, dilation}, x{20, columns, stride, padding, dilation};
    const cpu::PatchGrid grid =
        cpu::forward_grid({1, 20, 20, 1}, {1, counted_size(y), counted_size(x), 1}, window);
    const auto expect = [&](const char* name, const std::vector<int64_t>& got, int64_t kernel) {
      std::vector<int64_t> expected;
      for (int64_t at = -padding; std::ssize(expected) < kernel; at += dilation)
        expected.push_back(at);
      if (got != expected)
        FAIL_CHECK(fmt::format("{}x{}, stride {}, padding {}, dilation {}: {} is {}, must be {}",
                               rows, columns, stride, padding, dilation, name, list(got),
                               list(expected)));
    };
    expect("tap_y", grid.tap_y, rows);
    expect("tap_x", grid.tap_x, columns);
  }
}

TEST_CASE("taps that see nothing but zeros") {
  for (const Case& c : std::vector<Case>{
           {"dilation 4 on 4 x 4: the middle tap alone is left",
            {1, 4, 4, 1},
            {3, 3, 1, 2},
            {.padding = 4, .dilation = 4}},
           {"dilation 3 on 4 x 3: the columns' outer taps go, the rows' just touch the map",
            {1, 4, 3, 2},
            {3, 3, 2, 1},
            {.padding = 3, .dilation = 3}},
           {"all taps touch the map", {1, 4, 4, 1}, {3, 3, 1, 1}, {.padding = 1}},
           {"stride 2, padding 5: the last output saves a tap that begins outside",
            {1, 4, 6, 1},
            {5, 5, 1, 1},
            {.stride = 2, .padding = 5}},
           {"padding 7: the first taps are too early for every output",
            {1, 3, 3, 1},
            {2, 2, 1, 1},
            {.padding = 7, .dilation = 9}}}) {
    const Tensor x = lab::random_tensor(c.x, 1), w = weights_with_traps(c);
    const Tensor y = ops::conv2d(x, w, c.window());
    if (!std::isfinite(ops::sum(y).item()))
      FAIL_CHECK(
          c.name << ": a tap that never touches the map takes part (its weights are infinite,"
                 << " and 0 times infinity is no number)");
    else
      lab::expect_equal(c.name, y, lab::convolved(x, w, c.options), 1e-12);
  }
}

TEST_CASE("conv2d with stride and dilation") {
  for (const Case& c : kCases) {
    const Tensor x = lab::random_tensor(c.x, 1), w = lab::random_tensor(c.w, 2);
    lab::expect_equal(c.name, ops::conv2d(x, w, c.window()), lab::convolved(x, w, c.options),
                      1e-12);
  }
}

TEST_CASE("the gradients with stride and dilation") {
  for (const Case& c : kCases)
    lab::expect_gradients(c.name,
                          [&](const Variables& in) { return conv2d(in[0], in[1], {}, c.options); },
                          {{.shape = c.x}, {.shape = c.w}}, {"input", "weight"});
}

TEST_CASE("the field of one layer") {
  expect_field("1x1", {{1, 1, 0, 1}}, 1);
  expect_field("3x3", {{3, 1, 0, 1}}, 3);
  expect_field("3x3, padding 1", {{3, 1, 1, 1}}, 3);
  expect_field("5x5, stride 2, padding 2", {{5, 2, 2, 1}}, 5);
  expect_field("3x3, dilation 4", {{3, 1, 4, 4}}, 9);
  expect_field("2x2, stride 3, dilation 5", {{2, 3, 1, 5}}, 6);
}

TEST_CASE("the field of a network") {
  const Footprint plain{3, 1, 1, 1}, halving{3, 2, 1, 1};
  expect_field("no layer", {}, 1);
  expect_field("five of 3x3", {plain, plain, plain, plain, plain}, 11);
  expect_field("3x3, then 3x3 with stride 2", {plain, halving}, 5);
  expect_field("3x3 with stride 2, then 3x3", {halving, plain}, 7);
  expect_field("three of 3x3 with stride 2", {halving, halving, halving}, 15);
  expect_field("3x3 with dilations 1, 2, 4, 8, 16",
               {plain, {3, 1, 2, 2}, {3, 1, 4, 4}, {3, 1, 8, 8}, {3, 1, 16, 16}}, 63);
  expect_field("GLCIC's completion network", completion_network(true), 303);
  expect_field("GLCIC's completion network without dilation", completion_network(false), 95);
}

TEST_CASE("the field is what the gradient reaches") {
  for (const std::vector<Footprint>& layers :
       std::vector<std::vector<Footprint>>{{{5, 1, 2, 1}},
                                           {{3, 2, 1, 1}, {3, 1, 1, 1}, {5, 2, 2, 1}},
                                           {{3, 1, 1, 1}, {3, 1, 2, 2}, {3, 1, 4, 4}},
                                           {{3, 2, 1, 1}, {3, 1, 3, 3}, {3, 1, 1, 1}}})
    expect_field(fmt::format("{} layers, of which the gradient reaches so many", layers.size()),
                 layers, reached(layers));
}
