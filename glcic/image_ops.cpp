#include "glcic/image_ops.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace kintsugi {
namespace {

void check_picture(const char* op, const Tensor& picture) {
  check_shape(picture.rank() == 3 && picture.numel() > 0,
              "{}: a picture is [H, W, C] with at least one pixel, not {}", op, picture.shape());
}

/// Copies `rows` runs of `run` numbers between pictures whose rows are `stride` numbers apart.
void copy_rows(const float* from, int64_t from_stride, float* to, int64_t to_stride, int64_t rows,
               int64_t run) {
  for (int64_t row = 0; row < rows; ++row)
    std::copy_n(from + row * from_stride, run, to + row * to_stride);
}

/// For each output coordinate the input coordinates it averages: `first` and on, and their weights.
struct Taps {
  struct Run {
    int64_t first, count;
    size_t weights;  ///< where its weights begin
  };
  std::vector<Run> runs;
  std::vector<float> weights;
};

/// A triangle round (o + ½)·from/to, one output pixel wide on each side, at least one input pixel;
/// the weights of each output add up to 1.
Taps triangle_taps(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double reach = std::max(scale, 1.0);
  Taps taps;
  for (int64_t o = 0; o < to; ++o) {
    const double centre = (static_cast<double>(o) + 0.5) * scale - 0.5;
    const auto low = std::max(static_cast<int64_t>(std::floor(centre - reach)) + 1, int64_t{0});
    const auto high = std::min(static_cast<int64_t>(std::ceil(centre + reach)) - 1, from - 1);
    taps.runs.push_back({low, high - low + 1, taps.weights.size()});
    double total = 0;
    for (int64_t i = low; i <= high; ++i)
      total += 1.0 - std::abs(static_cast<double>(i) - centre) / reach;
    for (int64_t i = low; i <= high; ++i)
      taps.weights.push_back(
          static_cast<float>((1.0 - std::abs(static_cast<double>(i) - centre) / reach) / total));
  }
  return taps;
}

/// [outer, from, inner] → [outer, to, inner]
void resample(const float* in, float* out, int64_t outer, int64_t from, int64_t to, int64_t inner) {
  const Taps taps = triangle_taps(from, to);
  for (int64_t block = 0; block < outer; ++block, in += from * inner)
    for (const Taps::Run& run : taps.runs) {
      std::fill_n(out, inner, 0.0f);
      for (int64_t i = 0; i < run.count; ++i) {
        const float weight = taps.weights[run.weights + static_cast<size_t>(i)];
        const float* row = in + (run.first + i) * inner;
        for (int64_t k = 0; k < inner; ++k) out[k] += weight * row[k];
      }
      out += inner;
    }
}

}  // namespace

Tensor resize_image(const Tensor& picture, int64_t height, int64_t width) {
  check_picture("resize_image", picture);
  check_shape(height > 0 && width > 0 && height <= 65535 && width <= 65535,
              "resize_image: {} cannot become {} x {} pixels", picture.shape(), height, width);
  const int64_t old_height = picture.size(0), old_width = picture.size(1);
  const int64_t channels = picture.size(2);
  if (old_height == height && old_width == width) return picture;
  const Tensor low = Tensor::empty({height, old_width, channels});
  resample(picture.data<float>(), low.data<float>(), 1, old_height, height, old_width * channels);
  const Tensor out = Tensor::empty({height, width, channels});
  resample(low.data<float>(), out.data<float>(), height, old_width, width, channels);
  return out;
}

Tensor resize_shortest_edge(const Tensor& picture, int64_t edge) {
  check_picture("resize_shortest_edge", picture);
  const int64_t height = picture.size(0), width = picture.size(1);
  const double scale = static_cast<double>(edge) / static_cast<double>(std::min(height, width));
  const auto scaled = [&](int64_t side) {
    return std::max(edge, int64_t{std::llround(static_cast<double>(side) * scale)});
  };
  return height < width ? resize_image(picture, edge, scaled(width))
                        : resize_image(picture, scaled(height), edge);
}

Tensor crop_image(const Tensor& picture, int64_t x, int64_t y, int64_t width, int64_t height) {
  check_picture("crop_image", picture);
  check_shape(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= picture.size(1) &&
                  y + height <= picture.size(0),
              "crop_image: {} x {} pixels (width x height) from column {}, row {} leave {}", width,
              height, x, y, picture.shape());
  const int64_t channels = picture.size(2), stride = picture.size(1) * channels;
  const Tensor out = Tensor::empty({height, width, channels});
  copy_rows(picture.data<float>() + y * stride + x * channels, stride, out.data<float>(),
            width * channels, height, width * channels);
  return out;
}

Tensor centre_square(const Tensor& picture) {
  check_picture("centre_square", picture);
  const int64_t height = picture.size(0), width = picture.size(1), edge = std::min(height, width);
  if (height == width) return picture;
  return crop_image(picture, (width - edge) / 2, (height - edge) / 2, edge, edge);
}

Tensor flip_image(const Tensor& picture) {
  check_picture("flip_image", picture);
  const Tensor out = Tensor::empty(picture.shape());
  const int64_t width = picture.size(1), channels = picture.size(2);
  const float* in = picture.data<float>();
  float* to = out.data<float>();
  for (int64_t row = 0; row < picture.size(0); ++row)
    for (int64_t column = 0; column < width; ++column)
      std::copy_n(in + (row * width + column) * channels, channels,
                  to + (row * width + width - 1 - column) * channels);
  return out;
}

Tensor contact_sheet(const std::vector<Tensor>& pictures, int64_t columns, int64_t gap,
                     double background) {
  check(!pictures.empty() && columns > 0 && gap >= 0,
        "contact_sheet: {} pictures, {} a row, gaps of {}", pictures.size(), columns, gap);
  const Shape& shape = pictures[0].shape();
  check_picture("contact_sheet", pictures[0]);
  const auto count = static_cast<int64_t>(pictures.size());
  const int64_t height = shape[0], width = shape[1], channels = shape[2];
  const int64_t rows = (count + columns - 1) / columns;
  const Tensor sheet = Tensor::full(
      {rows * (height + gap) + gap, columns * (width + gap) + gap, channels}, background);
  const int64_t stride = sheet.size(1) * channels;
  for (int64_t i = 0; i < count; ++i) {
    const Tensor& picture = pictures[static_cast<size_t>(i)];
    check_shape(picture.shape() == shape, "contact_sheet: pictures {} and {} differ", shape,
                picture.shape());
    const int64_t top = gap + i / columns * (height + gap);
    const int64_t left = gap + i % columns * (width + gap);
    copy_rows(picture.data<float>(), width * channels,
              sheet.data<float>() + top * stride + left * channels, stride, height,
              width * channels);
  }
  return sheet;
}

}  // namespace kintsugi
