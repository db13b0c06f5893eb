#include <doctest/doctest.h>

#include <cmath>

#include "glcic/inspection/filters.h"
#include "glcic/inspection/sheets.h"
#include "tensor/ops.h"

using namespace kintsugi;

namespace {

std::vector<double> pixel(const Tensor& picture, int64_t x, int64_t y) {
  return ops::slice(ops::slice(picture, 0, y, 1), 1, x, 1).to_vector();
}

/// What there is to say of a convolution with these weights, in the layout of memory.
template <class Conv>
FilterSummary summary_of(const ConvolutionOptions& options, const std::vector<double>& weights) {
  const Conv conv(options);
  Variable weight = conv.weight();
  weight.set_value(Tensor::from(weights, weight.shape()));
  return summarise_filters(conv);
}

}  // namespace

TEST_CASE("colours: 0 is black, positive warm, negative cold, and beyond the scale it stays pale") {
  const Tensor picture = signed_colours(Tensor::from({0, 0.5, -0.5, 1, 7}, {1, 5}), 1.0);
  for (const double c : pixel(picture, 0, 0)) CHECK(c < 0.06);
  CHECK(pixel(picture, 1, 0)[0] > 2 * pixel(picture, 1, 0)[2]);
  CHECK(pixel(picture, 2, 0)[2] > 2 * pixel(picture, 2, 0)[0]);
  CHECK(pixel(picture, 3, 0) == pixel(picture, 4, 0));
  CHECK(pixel(picture, 3, 0)[1] > 0.9);
  for (const double c : signed_colours(Tensor::zeros({2, 2}), 0.0).to_vector()) CHECK(c < 0.06);
}

TEST_CASE("the channels that are shown are those that vary most, the liveliest first") {
  // Channels: constant, ±1, ±3, constant.
  const Tensor maps = Tensor::from({5, 1, 3, 0, 5, -1, -3, 0}, {1, 2, 4});
  CHECK(liveliest_channels(maps, 3) == std::vector<int64_t>{2, 1, 0});
  CHECK(liveliest_channels(maps, 16) == std::vector<int64_t>{2, 1, 0, 3});
}

TEST_CASE("a sheet scales each channel by itself, or all by the largest") {
  const Tensor maps = Tensor::from({1, 4, 1, 4}, {1, 2, 2});  // channel 0 all 1, channel 1 all 4
  const Tensor each = channel_sheet(maps, {0, 1}, Scale::each);
  const Tensor common = channel_sheet(maps, {0, 1}, Scale::common);
  REQUIRE(each.shape().str() ==
          Shape({32 + 4, 2 * 64 + 6, 3}).str());  // tiles of 64 x 32, gaps of 2
  CHECK(pixel(each, 10, 10) == pixel(each, 80, 10));
  CHECK(pixel(common, 10, 10) == pixel(signed_colours(Tensor::from({0.25}, {1, 1}), 1.0), 0, 0));
  CHECK(pixel(common, 80, 10) == pixel(each, 80, 10));
}

TEST_CASE("a small picture is drawn in squares, a large one is averaged") {
  const Tensor small = fitted(Tensor::from({1, 0, 0, 0, 1, 0}, {1, 2, 3}), 9);
  REQUIRE(small.shape() == Shape{4, 8, 3});
  CHECK(pixel(small, 3, 3) == std::vector<double>{1, 0, 0});
  CHECK(pixel(small, 4, 0) == std::vector<double>{0, 1, 0});
  CHECK(fitted(Tensor::full({40, 20, 3}, 0.5), 10).shape() == Shape{10, 5, 3});
}

TEST_CASE("the first layer's filters: grey is 0, each is divided by its largest weight") {
  // One tap, filters (1, −1, 0; mask 0.5) and 0.
  const Tensor weight = Tensor::from({1, 0, -1, 0, 0, 0, 0.5, 0}, {1, 1, 4, 2});
  const FirstFilters filters = first_filters(weight, {0, 1});
  CHECK(pixel(filters.rgb, 5, 5) == std::vector<double>{1, 0, 0.5});
  CHECK(pixel(filters.rgb, 27, 5) == std::vector<double>{0.5, 0.5, 0.5});
  CHECK(pixel(filters.mask, 5, 5) == pixel(signed_colours(Tensor::from({0.5}, {1, 1}), 1.0), 0, 0));
}

TEST_CASE("filters summed up: norms, most used input and taps of both ways of convolving") {
  // [1, 2, in 2, out 2]: from input 0 to output 1 (3, 4), from input 1 to output 1 (0, 12).
  const ConvolutionOptions options{.in = 2, .out = 2, .kernel = 2};
  const std::vector<double> rest(8, 0.0);
  std::vector<double> weights{0, 3, 0, 0, 0, 4, 0, 12};
  weights.insert(weights.end(), rest.begin(), rest.end());
  const FilterSummary summary = summary_of<Conv2d>(options, weights);
  CHECK(summary.norms.to_vector() == std::vector<double>{0, 0, 5, 12});  // [out, in]
  CHECK(summary.uses[0].channel == 1);
  CHECK(summary.uses[0].norm == doctest::Approx(13));
  CHECK(summary.uses[0].most_used == 1);
  CHECK(summary.uses[0].share == doctest::Approx(144.0 / 169));
  CHECK(summary.taps.to_vector()[0] == doctest::Approx(9.0 / 169));
  CHECK(summary.taps.to_vector()[1] == doctest::Approx(160.0 / 169));

  // Transposed, memory is [kh, kw, out, in]: the same numbers go from input 1 to outputs 0 and 1.
  const FilterSummary back = summary_of<ConvTranspose2d>(options, weights);
  CHECK(back.norms.to_vector() == std::vector<double>{0, 5, 0, 12});
}
