#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "autograd/ops/conv_family.h"
#include "tests/autograd/ops_support.h"

namespace kintsugi {

namespace {

double dot(const Tensor& a, const Tensor& b) { return ops::sum(ops::multiply(a, b)).item(); }

Variable zeros(const Shape& shape) { return Variable(Tensor::zeros(shape, float64())); }

}  // namespace

TEST_CASE("a convolution and its gradients are PyTorch's") {
  for (const char* name : {"basic", "strided", "dilated", "even", "rectangular", "pointwise"}) {
    CAPTURE(name);
    const ReferenceCase reference("conv2d", name);
    const Conv2dOptions options{.stride = reference.integer(0),
                                .padding = reference.integer(1),
                                .dilation = reference.integer(2)};
    CHECK(difference_from(
              reference, {{"input", map_layout}, {"weight", kernel_layout}, {"bias", as_is}},
              map_layout,
              [&](const Variables& in) { return conv2d(in[0], in[1], in[2], options); }) < 1e-12);
  }
}

TEST_CASE("a transposed convolution and its gradients are PyTorch's") {
  for (const char* name : {"doubling", "output_padding", "dilated", "tripling", "even"}) {
    CAPTURE(name);
    const ReferenceCase reference("conv_transpose2d", name);
    const ConvTranspose2dOptions options{.stride = reference.integer(0),
                                         .padding = reference.integer(1),
                                         .dilation = reference.integer(3),
                                         .output_padding = reference.integer(2)};
    CHECK(difference_from(reference,
                          {{"input", map_layout}, {"weight", kernel_layout}, {"bias", as_is}},
                          map_layout, [&](const Variables& in) {
                            return conv_transpose2d(in[0], in[1], in[2], options);
                          }) < 1e-12);
  }
}

TEST_CASE("a 2 x 2 kernel walks over a 2 x 3 map as by hand") {
  const Variable x = leaf({1, 2, 3, 4, 5, 6}, {1, 2, 3, 1});
  const Variable w = leaf({1, 10, 100, 1000}, {2, 2, 1, 1});
  const Variable y = conv2d(x, w, leaf({0.5}, {1}));
  CHECK(values_of(y) == Numbers{5421.5, 6532.5});
  sum(y).backward();
  CHECK(values_of(x.grad()) == Numbers{1, 11, 10, 100, 1100, 1000});
  CHECK(values_of(w.grad()) == Numbers{3, 5, 9, 11});
}

TEST_CASE("output padding of the stride or more, which dilation allows, uncrops the last copies") {
  // One row: copies of (1, _, 10) at 0 and 1; cropped by 1 in front; two more at the end.
  const Variable y = conv_transpose2d(leaf({1, 2}, {1, 2, 1, 1}), leaf({1, 10}, {2, 1, 1, 1}), {},
                                      {.dilation = 2, .output_padding = 1});
  CHECK(y.shape() == Shape{1, 5, 2, 1});
  CHECK(values_of(y) == Numbers{1, 0, 2, 0, 10, 0, 20, 0, 0, 0});
}

TEST_CASE("rows and columns that no window reaches get a gradient of zero") {
  const Variable x = random_leaf({1, 6, 5, 1}, 1);
  sum(conv2d(x, random_leaf({2, 2, 1, 1}, 2), {}, {.stride = 3})).backward();
  const Numbers gradient = values_of(x.grad());
  REQUIRE(gradient.size() == 30);
  for (size_t row = 0; row < 6; ++row)
    for (size_t column = 0; column < 5; ++column)
      CHECK((gradient[row * 5 + column] == 0) == (row % 3 == 2 || column % 3 == 2));
}

TEST_CASE("the convolution family is one trilinear form read in three ways") {
  CHECK(rc::check("⟨conv2d(x, w), dy⟩ = ⟨x, input gradient⟩ = ⟨w, weight gradient⟩", [] {
    const Conv2dOptions options{.stride = *rc::gen::inRange<int64_t>(1, 4),
                                .padding = *rc::gen::inRange<int64_t>(0, 3),
                                .dilation = *rc::gen::inRange<int64_t>(1, 4)};
    const auto kernel_h = *rc::gen::inRange<int64_t>(1, 5);
    const auto kernel_w = *rc::gen::inRange<int64_t>(1, 5);
    const auto height = options.dilation * (kernel_h - 1) + *rc::gen::inRange<int64_t>(1, 6);
    const auto width = options.dilation * (kernel_w - 1) + *rc::gen::inRange<int64_t>(1, 6);
    const Variable x = random_leaf({2, height, width, 3}, 1, false);
    const Variable w = random_leaf({kernel_h, kernel_w, 3, 2}, 2, false);
    const Variable y = conv2d(x, w, {}, options);
    const Variable dy = random_leaf(y.shape(), 3, false);
    const Variable dx = conv2d_input_grad(dy, w, {}, options, height, width);
    const Variable dw = conv2d_weight_grad(x, dy, {kernel_h, kernel_w}, options);
    const double form = dot(y.value(), dy.value());
    RC_ASSERT(std::abs(form - dot(x.value(), dx.value())) < 1e-10);
    RC_ASSERT(std::abs(form - dot(w.value(), dw.value())) < 1e-10);
  }));
}

TEST_CASE("a convolution that does not fit says so in a sentence") {
  CHECK(error_of([] {
          conv2d(zeros({8, 32, 32, 3}), zeros({3, 3, 4, 64}));
        }) == "conv2d: input [8, 32, 32, 3] has 3 channels, but weight [3, 3, 4, 64] takes 4");
  CHECK(error_of([] {
          conv_transpose2d(zeros({1, 4, 4, 3}), zeros({3, 3, 8, 4}));
        }) ==
        "conv_transpose2d: input [1, 4, 4, 3] has 3 channels, but weight [3, 3, 8, 4] takes 4");
  CHECK(error_of([] {
          conv_transpose2d(zeros({1, 4, 4, 3}), zeros({3, 3, 8, 3}), {},
                           {.stride = 2, .output_padding = 2});
        }) == "conv_transpose2d: output_padding 2 must be less than stride 2 or dilation 1");
  CHECK(error_of([] {
          conv_transpose2d(zeros({1, 4, 4, 3}), zeros({3, 3, 8, 3}), zeros({3}));
        }) == "conv_transpose2d: bias [3] must be [8], the output channels of weight [3, 3, 8, 3]");
  CHECK(error_of([] {
          conv_transpose2d(zeros({1, 1, 1, 1}), zeros({1, 1, 1, 1}), {}, {.padding = 1});
        }) == "conv_transpose2d: kernel 1 and padding 1 leave nothing of a map of 1");
  CHECK_THROWS_AS(conv2d(zeros({4, 4, 3}), zeros({3, 3, 3, 1})), ShapeError);
  CHECK_THROWS_AS(conv_transpose2d(zeros({4, 4, 3}), zeros({3, 3, 1, 3})), ShapeError);
  CHECK_THROWS_AS(conv_transpose2d(zeros({1, 4, 4, 3}), zeros({3, 1, 3})), ShapeError);
  CHECK_THROWS_AS(conv_transpose2d(zeros({1, 4, 4, 3}), zeros({3, 3, 1, 3}), {}, {.stride = 0}),
                  ShapeError);
}

}  // namespace kintsugi
