#include <doctest/doctest.h>

#include <algorithm>

#include "glcic/inspection/fields.h"
#include "glcic/inspection/layered_network.h"
#include "tests/glcic/inspection/lively_network.h"
#include "tests/tensor/conv_algorithm_guard.h"

using namespace kintsugi;

namespace {

/// A network, an input for it, and the output pixel whose field is looked at.
struct Probe {
  LayeredNetwork network;
  Tensor input;  ///< [1, S, S, 4] float64
  FieldStep last;

  std::vector<double> output(const Tensor& x) const {
    const NoGrad no_grad;
    const Tensor y = network.run(Variable(x)).back().value();
    const double* pixel = y.data<double>() + (last.unit.y * y.size(2) + last.unit.x) * 3;
    return {pixel, pixel + 3};
  }
  /// The input with 1e15 wherever `where` says, in all four channels.
  template <class Where>
  Tensor disturbed(const Where& where) const {
    Tensor x = input.clone();
    for (int64_t row = 0; row < x.size(1); ++row)
      for (int64_t column = 0; column < x.size(2); ++column)
        if (where(column, row))
          std::fill_n(x.data<double>() + (row * x.size(2) + column) * 4, 4, 1e15);
    return x;
  }
  bool holds(int64_t column, int64_t row) const {
    return column >= last.field.x && column < last.field.x + last.field.width &&
           row >= last.field.y && row < last.field.y + last.field.height;
  }
};

Probe probe_of(const LayeredNetwork& network, int64_t size) {
  Generator generator{.seed = 2};
  const Hole hole{size / 2 - 8, size / 2 - 8, 16, 16};
  const Shape shape{1, size, size, 4};
  return {.network = network,
          .input = uniform(shape, 0, 1, generator).to(DType::float64),
          .last = walk_fields(network.layers, shape, hole).back()};
}

/// That the output pixel depends on what its field holds, up to the corners, and on nothing else.
void check_field(const Probe& probe) {
  const ConvAlgorithmGuard naive(ConvAlgorithm::naive);
  const Hole& field = probe.last.field;
  const std::vector<double> before = probe.output(probe.input);
  CHECK(probe.output(probe.disturbed(
            [&](int64_t column, int64_t row) { return !probe.holds(column, row); })) == before);
  for (const int64_t column : {field.x, field.x + field.width - 1})
    for (const int64_t row : {field.y, field.y + field.height - 1}) {
      CAPTURE(column);
      CAPTURE(row);
      const std::vector<double> after = probe.output(
          probe.disturbed([&](int64_t x, int64_t y) { return x == column && y == row; }));
      CHECK(after != before);
    }
}

}  // namespace

TEST_CASE("GLCIC's output sees 303 x 303 pixels, up to the corners, and nothing else to the bit") {
  const Probe probe = probe_of({.layers = named_layers(*positive_model().completion)}, 320);
  CHECK(probe.last.side == 303);
  CHECK(probe.last.field.width == 303);
  CHECK(probe.last.field.height == 303);
  check_field(probe);
}

TEST_CASE("with dilation 1 the same weights see 95 x 95 pixels, and nothing else to the bit") {
  const Model model = positive_model();
  const LayeredNetwork network{.layers = named_layers(*model.completion)};
  const Probe probe = probe_of(with_dilation_1(network), 112);
  CHECK(probe.last.side == 95);
  CHECK(probe.last.field.width == 95);
  CHECK(probe.last.field.height == 95);
  check_field(probe);
  CHECK(is_dilated(network));
  CHECK_FALSE(is_dilated(probe.network));
  for (size_t i = 0; i < network.layers.size(); ++i)
    for (const auto& [name, tensor] : network.layers[i].second->save())
      CHECK(probe.network.layers[i].second->save().at(name).to_vector() == tensor.to_vector());
}

TEST_CASE("each layer's unit has the widest field of its layer, and lies at the hole's centre") {
  const Model model = positive_model();
  const Hole hole{96, 64, 64, 32};
  const std::vector<FieldStep> walk =
      walk_fields(named_layers(*model.completion), {1, 256, 256, 4}, hole);
  REQUIRE(walk.size() == 17);
  for (const FieldStep& step : walk) {
    CAPTURE(step.name);
    CHECK(step.field.width == step.side);
    CHECK(step.field.height == step.side);
    CHECK(std::abs(step.field.x + step.field.width / 2 - 128) <= 4);
    CHECK(std::abs(step.field.y + step.field.height / 2 - 80) <= 4);
  }
}

TEST_CASE(
    "the dots of a dilated layer lie its dilation apart, those of a deconvolution where it reads") {
  CHECK(taps_of({.kernel = 3, .padding = 16, .dilation = 16}, 20) ==
        std::vector<int64_t>{4, 20, 36});
  CHECK(taps_of({.kernel = 3, .stride = 2, .padding = 1}, 5) == std::vector<int64_t>{9, 10, 11});
  // Output 5 of a 4x4 deconvolution of stride 2 and padding 1: from inputs i with 2i − 1 + k = 5.
  CHECK(taps_of({.kernel = 4, .stride = 2, .padding = 1, .transposed = true}, 5) ==
        std::vector<int64_t>{2, 3});
  CHECK(field_of({{.kernel = 4, .stride = 2, .padding = 1, .transposed = true}}, 5) ==
        Interval{2, 3});
}

TEST_CASE("the first layer that spans the hole is the first whose field holds all of its box") {
  const std::vector<FieldStep> walk{{.name = "a", .kind = "", .field = {10, 10, 20, 20}},
                                    {.name = "b", .kind = "", .field = {0, 5, 40, 30}}};
  CHECK(first_spanning(walk, {10, 10, 20, 20}) == 0);
  CHECK(first_spanning(walk, {9, 10, 20, 20}) == 1);
  CHECK(first_spanning(walk, {9, 10, 20, 26}) == std::nullopt);
}
