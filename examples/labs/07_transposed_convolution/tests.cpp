// Lab 7. Parts 1 to 3 stand in autograd/ops/conv_transpose2d.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <vector>

#include "autograd/ops/conv_family.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/gradient.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

struct Case {
  Shape input, weight;
  ConvTranspose2dOptions options;
  const char* name;
};

const std::vector<Case> kCases = {
    {{1, 2, 3, 1}, {3, 3, 1, 1}, {}, "stride 1"},
    {{2, 3, 2, 2}, {4, 4, 3, 2}, {.stride = 2, .padding = 1}, "stride 2, padding 1"},
    {{1, 3, 2, 1}, {2, 3, 2, 1}, {.stride = 3}, "stride 3"},
    {{1, 3, 2, 1}, {3, 3, 2, 1}, {.padding = 2, .dilation = 2}, "dilation 2"},
    {{1, 2, 3, 1},
     {3, 3, 2, 1},
     {.stride = 2, .padding = 1, .output_padding = 1},
     "output padding"},
};

int64_t expected_size(int64_t input, int64_t kernel, const ConvTranspose2dOptions& options) {
  const int64_t covered = (input - 1) * options.stride + options.dilation * (kernel - 1) + 1;
  return covered - 2 * options.padding + options.output_padding;
}

/// The definition: the kernel times x[n, i, j], put down at row stride·i − padding and column
/// stride·j − padding, and added up.
Tensor copies_added_up(const Tensor& x, const Tensor& w, const ConvTranspose2dOptions& options) {
  const int64_t rows = expected_size(x.size(1), w.size(0), options);
  const int64_t columns = expected_size(x.size(2), w.size(1), options);
  const int64_t out = w.size(2), in = w.size(3);
  Tensor y = Tensor::zeros({x.size(0), rows, columns, out}, x.options());
  for (int64_t n = 0; n < x.size(0); ++n)
    for (int64_t i = 0; i < x.size(1); ++i)
      for (int64_t j = 0; j < x.size(2); ++j)
        for (int64_t u = 0; u < w.size(0); ++u)
          for (int64_t v = 0; v < w.size(1); ++v) {
            const int64_t r = options.stride * i - options.padding + options.dilation * u;
            const int64_t t = options.stride * j - options.padding + options.dilation * v;
            if (r < 0 || r >= rows || t < 0 || t >= columns) continue;
            for (int64_t o = 0; o < out; ++o)
              for (int64_t c = 0; c < in; ++c)
                y.data<double>()[((n * rows + r) * columns + t) * out + o] +=
                    x.data<double>()[((n * x.size(1) + i) * x.size(2) + j) * in + c] *
                    w.data<double>()[((u * w.size(1) + v) * out + o) * in + c];
          }
  return y;
}

/// The function whose gradients the lab is about, of (input, weight, bias).
Variable transposed(const Variables& in) {
  return conv2d_input_grad(in[0], in[1], in.size() == 3 ? in[2] : Variable(),
                           {.stride = 2, .padding = 1}, 6, 5);
}
const std::vector<SampleInput> kInputs = {
    {.shape = {2, 3, 2, 2}}, {.shape = {4, 4, 3, 2}}, {.shape = {3}}};

}  // namespace

TEST_CASE("the size of the output") {
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    const Variable x(Tensor::zeros(c.input)), w(Tensor::zeros(c.weight));
    const Shape shape = conv_transpose2d(x, w, {}, c.options).shape();
    lab::expect_equal(fmt::format("{}: x {}, w {}", c.name, c.input, c.weight), shape,
                      {c.input[0], expected_size(c.input[1], c.weight[0], c.options),
                       expected_size(c.input[2], c.weight[1], c.options), c.weight[2]});
  }
}

TEST_CASE("an output of no rows is refused") {
  const Variable x(Tensor::zeros({1, 1, 1, 1})), w(Tensor::zeros({2, 2, 1, 1}));
  CHECK_THROWS_AS(conv_transpose2d(x, w, {}, {.padding = 1}), ShapeError);
  CHECK(conv_transpose2d(x, w, {}, {}).shape() == Shape{1, 2, 2, 1});
}

TEST_CASE("the values: copies of the kernel are added up") {
  for (const Case& c : kCases) {
    const Tensor x = lab::random_tensor(c.input, 1), w = lab::random_tensor(c.weight, 2);
    lab::expect_equal(c.name, conv_transpose2d(Variable(x), Variable(w), {}, c.options).value(),
                      copies_added_up(x, w, c.options), 1e-9);
  }
  const Tensor x = lab::random_tensor({1, 2, 2, 1}, 1), w = lab::random_tensor({1, 1, 3, 1}, 2);
  const Tensor bias = Tensor::from({1, 2, 3}, {3}, x.options());
  lab::expect_equal("with a bias",
                    conv_transpose2d(Variable(x), Variable(w), Variable(bias)).value(),
                    ops::add(copies_added_up(x, w, {}), bias), 1e-9);
}

TEST_CASE("an output padding of a whole stride") {
  const ConvTranspose2dOptions options{
      .stride = 2, .padding = 1, .dilation = 3, .output_padding = 2};
  const Tensor x = lab::random_tensor({1, 2, 2, 1}, 1), w = lab::random_tensor({3, 2, 2, 1}, 2);
  lab::expect_equal("stride 2, dilation 3, output padding 2",
                    conv_transpose2d(Variable(x), Variable(w), {}, options).value(),
                    copies_added_up(x, w, options), 1e-9);
}

TEST_CASE("it is the transpose of conv2d") {
  for (const Case& c : kCases) {
    if (c.options.output_padding > 0) continue;  // conv2d does not see those rows
    const Tensor y = lab::random_tensor(c.input, 3), w = lab::random_tensor(c.weight, 4);
    const Tensor back = conv_transpose2d(Variable(y), Variable(w), {}, c.options).value();
    const Tensor x = lab::random_tensor(back.shape(), 5);
    const Tensor forth = conv2d(Variable(x), Variable(w), {},
                                {.stride = c.options.stride,
                                 .padding = c.options.padding,
                                 .dilation = c.options.dilation})
                             .value();
    lab::expect_equal(std::string(c.name) + ": <x, conv_transpose2d(y, w)>",
                      ops::sum(ops::multiply(x, back)).item(),
                      ops::sum(ops::multiply(forth, y)).item(), 1e-9);
  }
}

TEST_CASE("the gradient of the input") {
  lab::expect_gradient("conv2d_input_grad", transposed, kInputs, 0, "dy");
}

TEST_CASE("the gradient of the weight") {
  lab::expect_gradient("conv2d_input_grad", transposed, kInputs, 1, "weight");
}

TEST_CASE("the gradient of the bias") {
  lab::expect_gradient("conv2d_input_grad", transposed, kInputs, 2, "bias");
}

TEST_CASE("all gradients at once, and of second order") {
  lab::expect_gradients("conv2d_input_grad", transposed, kInputs, {"dy", "weight", "bias"});
  lab::expect_gradients("conv2d_input_grad without a bias", transposed, {kInputs[0], kInputs[1]},
                        {"dy", "weight"});
  const GradcheckReport report = gradcheck("conv2d_input_grad", transposed, kInputs, {.order = 2});
  if (!report.passed) FAIL_CHECK("second order: " << report.failure);
}
