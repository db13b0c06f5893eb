#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

struct Pooled {
  std::vector<double> maximum, index, mean;
};

Pooled pool(const Tensor& x, const Window& window, const Shape& shape) {
  const std::vector<double> values = x.to_vector();
  Pooled result;
  for (int64_t i = 0; i < shape.numel(); ++i) {
    const Index at = index_of(shape, i);
    double maximum = -INFINITY, index = -1, sum = 0;
    for (int64_t ky = 0; ky < window.kernel_h; ++ky)
      for (int64_t kx = 0; kx < window.kernel_w; ++kx) {
        const int64_t row = at[1] * window.stride + ky * window.dilation - window.padding;
        const int64_t column = at[2] * window.stride + kx * window.dilation - window.padding;
        if (row < 0 || row >= x.size(1) || column < 0 || column >= x.size(2)) continue;
        const double value = values[position(x.shape(), {at[0], row, column, at[3]})];
        sum += value;
        if (value > maximum) {
          maximum = value;
          index = static_cast<double>(row * x.size(2) + column);
        }
      }
    result.maximum.push_back(maximum);
    result.index.push_back(index);
    result.mean.push_back(sum / static_cast<double>(window.kernel_h * window.kernel_w));
  }
  return result;
}

Window random_window() {
  return {.kernel_h = *rc::gen::inRange(1, 4),
          .kernel_w = *rc::gen::inRange(1, 4),
          .stride = *rc::gen::inRange(1, 4),
          .padding = *rc::gen::inRange(0, 2),
          .dilation = *rc::gen::inRange(1, 3)};
}

Shape random_map() {
  return {*rc::gen::inRange(1, 3), *rc::gen::inRange(5, 12), *rc::gen::inRange(5, 12),
          *rc::gen::element(1, 3, 16, 21)};
}

}  // namespace

TEST_CASE("pooling is what plain loops give, and its gradients are the transposed maps") {
  for (DType dtype : kDTypes)
    CHECK(rc::check([dtype] {
      const Window window = random_window();
      RC_PRE(window.padding < window.kernel_h && window.padding < window.kernel_w);
      const Tensor x = random_integers(random_map(), dtype, *rc::gen::arbitrary<uint64_t>());
      const int64_t height = x.size(1), width = x.size(2);
      const ops::MaxPool max = ops::max_pool2d(x, window);
      const Tensor mean = ops::avg_pool2d(x, window);
      const Pooled expected = pool(x, window, max.y.shape());
      RC_ASSERT(difference(max.y, expected.maximum) == 0);
      RC_ASSERT(difference(max.index, expected.index) == 0);
      RC_ASSERT(difference(mean, expected.mean) <= tolerance(dtype));
      RC_ASSERT(same_bits(ops::max_pool2d_gather(x, max.index), max.y));

      const Tensor dy = random_integers(max.y.shape(), dtype, 2);  // whole numbers add exactly
      RC_ASSERT(dot(max.y, dy) == dot(x, ops::max_pool2d_grad(dy, max.index, height, width)));
      const double forward = dot(mean, dy);
      const double backward = dot(x, ops::avg_pool2d_grad(dy, window, height, width));
      RC_ASSERT(std::abs(forward - backward) <= 1e3 * tolerance(dtype));
    }));
}

TEST_CASE("padding never wins a maximum, and counts as zeros in a mean") {
  const Tensor x = Tensor::full({1, 2, 2, 1}, -4, {.device = test_device()});
  const Window window{.kernel_h = 2, .kernel_w = 2, .stride = 2, .padding = 1};
  const ops::MaxPool max = ops::max_pool2d(x, window);
  CHECK(max.y.to_vector() == std::vector<double>{-4, -4, -4, -4});
  CHECK(max.index.to_vector() == std::vector<double>{0, 1, 2, 3});
  CHECK(ops::avg_pool2d(x, window).to_vector() == std::vector<double>{-1, -1, -1, -1});
}

TEST_CASE("of equal maxima the first counts, of infinities too, and a NaN wins") {
  const TensorOptions options{.device = test_device()};
  const Window whole{.kernel_h = 2, .kernel_w = 2};
  const Tensor low = Tensor::full({1, 2, 2, 1}, -INFINITY, options);
  CHECK(ops::max_pool2d(low, whole).index.item() == 0);
  CHECK(ops::max_pool2d(low, whole).y.item() == -INFINITY);
  const Tensor nan = Tensor::from({1, NAN, 5, 2}, {1, 2, 2, 1}, options);
  CHECK(std::isnan(ops::max_pool2d(nan, whole).y.item()));
}

TEST_CASE("pooling says what does not fit") {
  const Tensor x = Tensor::zeros({1, 4, 4, 2});
  CHECK(sentence_of<ShapeError>([&] { ops::avg_pool2d(x, {.kernel_h = 5, .kernel_w = 1}); }) ==
        "avg_pool2d: a map of 4 with padding 0 is smaller than the kernel, 5 with dilation 1");
  CHECK(sentence_of<ShapeError>([&] {
          ops::max_pool2d(x, {.kernel_h = 2, .kernel_w = 2, .stride = 1, .padding = 2});
        }) ==
        "max_pool2d: with kernel 2, padding 2 and dilation 1, window 0 on a map of 4 holds "
        "nothing but padding");
  CHECK(sentence_of<ShapeError>([] {
          ops::avg_pool2d(Tensor::zeros({4, 4}), {});
        }) == "avg_pool2d: input [4, 4] must have 4 axes, [N, H, W, C]");
  CHECK_THROWS_AS(ops::max_pool2d(x, {.stride = 0}), ShapeError);
}

TEST_CASE("nearest resizing repeats or skips pixels") {
  const TensorOptions options{.device = test_device()};
  const Tensor x = Tensor::from({1, 2, 3, 4}, {1, 2, 2, 1}, options);
  CHECK(ops::resize2d(x, 4, 4, Interpolation::nearest).to_vector() ==
        std::vector<double>{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4});
  const Tensor line = Tensor::from({0, 1, 2, 3, 4}, {1, 1, 5, 1}, options);
  CHECK(ops::resize2d(line, 1, 3, Interpolation::nearest).to_vector() ==
        std::vector<double>{0, 1, 3});
}

TEST_CASE("bilinear resizing of a plane is the plane at the pixel centres") {
  std::vector<double> values, expected;
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 8; ++x) values.push_back(3 * (y + 0.5) / 6 - 2 * (x + 0.5) / 8);
  const auto inside = [](double at, int size) {  // beyond the outer centres the edge goes on
    return std::clamp(at, 0.5 / size, 1 - 0.5 / size);
  };
  for (int y = 0; y < 15; ++y)
    for (int x = 0; x < 5; ++x)
      expected.push_back(3 * inside((y + 0.5) / 15, 6) - 2 * inside((x + 0.5) / 5, 8));
  for (DType dtype : kDTypes) {
    const Tensor x = Tensor::from(values, {1, 6, 8, 1}, {dtype, test_device()});
    CHECK(difference(ops::resize2d(x, 15, 5, Interpolation::bilinear), expected) <=
          tolerance(dtype));
  }
}

TEST_CASE("resizing to the same size changes nothing, and its gradient is the transposed map") {
  CHECK(rc::check([] {
    const Shape map = random_map();
    const int64_t height = *rc::gen::inRange(1, 20), width = *rc::gen::inRange(1, 20);
    const Tensor x = random(map, DType::float64, 1);
    for (Interpolation mode : {Interpolation::nearest, Interpolation::bilinear}) {
      RC_ASSERT(same_bits(ops::resize2d(x, map[1], map[2], mode), x));
      const Tensor y = ops::resize2d(x, height, width, mode);
      const Tensor dy = random(y.shape(), DType::float64, 2);
      const double forward = dot(y, dy);
      const double backward = dot(x, ops::resize2d_grad(dy, map[1], map[2], mode));
      RC_ASSERT(std::abs(forward - backward) <= 1e-10 * (1 + std::abs(forward)));
    }
  }));
  CHECK_THROWS_AS(ops::resize2d(Tensor::zeros({1, 0, 2, 1}), 2, 2, Interpolation::nearest),
                  ShapeError);
}
