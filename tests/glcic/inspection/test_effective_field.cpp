#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "glcic/inspection/effective_field.h"
#include "layers/conv2d.h"
#include "tensor/ops.h"
#include "tests/glcic/inspection/lively_network.h"

using namespace kintsugi;

TEST_CASE("the effective field of one convolution is its kernel's magnitude, at the unit") {
  Generator generator{.seed = 4};
  const auto conv = std::make_shared<Conv2d>(
      ConvolutionOptions{.in = 4, .out = 1, .kernel = 3, .padding = 1}, generator);
  const Tensor input = uniform({1, 24, 16, 4}, 0, 1, generator);
  const EffectiveField field =
      effective_field({{"conv", conv}}, input, {9, 11}, shift_grid(3), generator);
  REQUIRE(field.influence.shape() == Shape{24, 16});

  const Tensor magnitudes =
      ops::sum(ops::abs(ops::slice(conv->weight().value(), 2, 0, 3)), {2, 3});  // [3, 3]
  const double largest = ops::max(magnitudes).item();
  const std::vector<double> kernel = magnitudes.to_vector(), found = field.influence.to_vector();
  for (int64_t y = 0; y < 24; ++y)
    for (int64_t x = 0; x < 16; ++x) {
      const bool near = std::abs(x - 9) <= 1 && std::abs(y - 11) <= 1;
      const double expected =
          near ? kernel[static_cast<size_t>((y - 10) * 3 + x - 8)] / largest : 0.0;
      CHECK(found[static_cast<size_t>(y * 16 + x)] == doctest::Approx(expected).epsilon(1e-5));
    }
  CHECK(field.side == doctest::Approx(3));
}

TEST_CASE("of the input, only what the fields hold is computed, and nothing changes by that") {
  const NamedModules layers = named_layers(*positive_model().completion);
  const NamedModules first(layers.begin(), layers.begin() + 8);
  Generator pictures{.seed = 6};
  const Tensor input = uniform({1, 128, 128, 4}, 0, 1, pictures).to(DType::float64);
  const FieldStep step = walk_fields(first, input.shape(), {60, 60, 8, 8}).back();
  REQUIRE(step.side < 96);  // so that a window is less than the picture
  Generator generator{.seed = 7};
  const std::vector<Corner> one{{0, 0}};
  const EffectiveField field = effective_field(first, input, step.unit, one, generator);

  Generator same{.seed = 7};
  const Variable x(input, true);
  const Variable y = LayeredNetwork{.layers = first}.run(x).back();
  const Tensor seed = Tensor::zeros(y.shape());
  const Tensor cotangent = normal({y.size(3)}, 0, 1, same);
  std::copy_n(cotangent.data<float>(), y.size(3),
              seed.data<float>() + (step.unit.y * y.size(2) + step.unit.x) * y.size(3));
  const Tensor gradient = grad({y}, {x}, {Variable(seed.to(DType::float64))})[0].value();
  const Tensor whole = ops::sum(ops::abs(ops::slice(gradient, 3, 0, 3)), {0, 3});
  const Tensor scaled = ops::affine(whole, 1 / ops::max(whole).item(), 0);
  const Tensor difference = ops::subtract(field.influence.to(DType::float64), scaled);
  CHECK(ops::max(ops::abs(difference)).item() < 1e-6);
  CHECK(ops::max(field.influence).item() == 1.0);
}

TEST_CASE("outside of the theoretical field the effective one is 0") {
  const NamedModules layers = named_layers(*positive_model().completion);
  const NamedModules first(layers.begin(), layers.begin() + 7);
  Generator generator{.seed = 8};
  const Tensor input = uniform({1, 96, 96, 4}, 0, 1, generator).to(DType::float64);
  const FieldStep step = walk_fields(first, input.shape(), {44, 40, 8, 8}).back();
  const EffectiveField field = effective_field(first, input, step.unit, shift_grid(3), generator);
  const auto* value = field.influence.data<float>();
  const Hole& rectangle = step.field;
  for (int64_t y = 0; y < 96; ++y)
    for (int64_t x = 0; x < 96; ++x, ++value) {
      const bool inside = x >= rectangle.x && x < rectangle.x + rectangle.width &&
                          y >= rectangle.y && y < rectangle.y + rectangle.height;
      CHECK((*value > 0) == inside);
    }
}

TEST_CASE("the profile is the mean over square rings") {
  const Tensor influence = Tensor::from({1, 2, 3,  //
                                         4, 9, 5,  //
                                         6, 7, 8},
                                        {3, 3});
  CHECK(influence_by_distance(influence, {1, 1}, 1) == std::vector<double>{9, 4.5});
  CHECK(influence_by_distance(influence, {1, 1}, 2) == std::vector<double>{5});
}
