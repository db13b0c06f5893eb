#include "glcic/inspection/sheets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "glcic/image_ops.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

constexpr int64_t kTile = 64, kColumns = 4, kGap = 2;
constexpr int64_t kFilterTile = 20, kFilterColumns = 8;
constexpr double kBackground = 0.35;

using Colour = std::array<double, 3>;
// From black, by lightness in even steps.
constexpr std::array<Colour, 5> kPositive{{{0.04, 0.04, 0.05},
                                           {0.36, 0.13, 0.09},
                                           {0.75, 0.33, 0.07},
                                           {0.95, 0.65, 0.25},
                                           {1.00, 0.95, 0.75}}};
constexpr std::array<Colour, 5> kNegative{{{0.04, 0.04, 0.05},
                                           {0.07, 0.19, 0.38},
                                           {0.12, 0.42, 0.70},
                                           {0.42, 0.70, 0.92},
                                           {0.85, 0.95, 1.00}}};

/// t in [0, 1]
Colour between(const std::array<Colour, 5>& stops, double t) {
  const double place = t * (stops.size() - 1);
  const auto i = std::min(static_cast<size_t>(place), stops.size() - 2);
  const double part = place - static_cast<double>(i);
  Colour colour;
  for (size_t c = 0; c < 3; ++c) colour[c] = (1 - part) * stops[i][c] + part * stops[i + 1][c];
  return colour;
}

double deviation(const Tensor& maps, int64_t c) {
  const int64_t channels = maps.size(2), places = maps.numel() / channels;
  const float* values = maps.data<float>() + c;
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < places; ++i) {
    const double value = values[i * channels];
    sum += value;
    squares += value * value;
  }
  const double mean = sum / static_cast<double>(places);
  return std::sqrt(std::max(0.0, squares / static_cast<double>(places) - mean * mean));
}

}  // namespace

Tensor signed_colours(const Tensor& map, double scale) {
  Tensor picture = Tensor::empty({map.size(0), map.size(1), 3});
  const float* from = map.data<float>();
  float* to = picture.data<float>();
  for (int64_t i = 0; i < map.numel(); ++i, to += 3) {
    const double value = scale > 0 ? std::clamp(from[i] / scale, -1.0, 1.0) : 0.0;
    const Colour colour = between(value < 0 ? kNegative : kPositive, std::abs(value));
    std::copy(colour.begin(), colour.end(), to);
  }
  return picture;
}

std::vector<int64_t> liveliest_channels(const Tensor& maps, int64_t count) {
  const auto channels = static_cast<size_t>(maps.size(2));
  std::vector<double> liveliness(channels);
  for (size_t c = 0; c < channels; ++c) liveliness[c] = deviation(maps, static_cast<int64_t>(c));
  std::vector<int64_t> order(channels);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return liveliness[static_cast<size_t>(a)] > liveliness[static_cast<size_t>(b)];
  });
  order.resize(std::min(channels, static_cast<size_t>(count)));
  return order;
}

Tensor channel_of(const Tensor& maps, int64_t c) {
  return ops::slice(maps, 2, c, 1).reshape({maps.size(0), maps.size(1)});
}

double largest_magnitude(const Tensor& x) { return ops::max(ops::abs(x)).item(); }

Tensor fitted(const Tensor& picture, int64_t side) {
  const int64_t height = picture.size(0), width = picture.size(1);
  const int64_t longer = std::max(height, width);
  if (longer > side) {
    const auto scaled = [&](int64_t length) {
      return std::max<int64_t>(1, length * side / longer);
    };
    return resize_image(picture, scaled(height), scaled(width));
  }
  const int64_t times = side / longer;
  const Tensor batch = picture.reshape({1, height, width, picture.size(2)});
  return ops::resize2d(batch, height * times, width * times, Interpolation::nearest)
      .reshape({height * times, width * times, picture.size(2)});
}

Tensor channel_sheet(const Tensor& maps, const std::vector<int64_t>& channels, Scale scale) {
  std::vector<Tensor> shown;
  double largest = 0;
  for (const int64_t c : channels) {
    shown.push_back(channel_of(maps, c));
    largest = std::max(largest, largest_magnitude(shown.back()));
  }
  std::vector<Tensor> tiles;
  for (const Tensor& map : shown)
    tiles.push_back(fitted(
        signed_colours(map, scale == Scale::each ? largest_magnitude(map) : largest), kTile));
  return contact_sheet(tiles, std::min(kColumns, static_cast<int64_t>(tiles.size())), kGap,
                       kBackground);
}

FirstFilters first_filters(const Tensor& weight, const std::vector<int64_t>& filters) {
  check_shape(weight.rank() == 4 && weight.size(2) == 4,
              "first_filters: weight {} is not [kh, kw, 4, out]", weight.shape());
  std::vector<Tensor> rgb, mask;
  for (const int64_t filter : filters) {
    const Tensor one = ops::slice(weight, 3, filter, 1)
                           .reshape({weight.size(0), weight.size(1), 4});  // [kh, kw, 4]
    const double largest = largest_magnitude(one);
    const double factor = largest > 0 ? 0.5 / largest : 0.0;
    rgb.push_back(fitted(ops::affine(ops::slice(one, 2, 0, 3), factor, 0.5), kFilterTile));
    mask.push_back(fitted(signed_colours(channel_of(one, 3), largest), kFilterTile));
  }
  return {contact_sheet(rgb, kFilterColumns, kGap, kBackground),
          contact_sheet(mask, kFilterColumns, kGap, kBackground)};
}

}  // namespace kintsugi
