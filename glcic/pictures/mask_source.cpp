#include "glcic/pictures/mask_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "glcic/pictures/mask_shape.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

/// All of `text`, in this base, as a number from 0 to `largest`; nothing where it is none.
std::optional<int64_t> whole_number(std::string_view text, int64_t largest, int base = 10) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [last, fault] = std::from_chars(text.data(), end, number, base);
  if (fault != std::errc{} || last != end || number < 0 || number > largest) return std::nullopt;
  return number;
}

/// Calls visit(window) for bands of rows, so that no whole large picture is held as floats.
template <class Visit>
void for_bands(const Photograph& picture, const Visit& visit) {
  constexpr int64_t kBand = 64;
  for (int64_t y = 0; y < picture.height(); y += kBand)
    visit(Hole{0, y, picture.width(), std::min(kBand, picture.height() - y)});
}

/// Adds the pixels of a band whose values, [h, w, `channels`] one after the other, `is_hole`.
template <class Rule>
void mark(PixelMask& mask, const Hole& band, const Tensor& values, const Rule& is_hole) {
  const float* value = values.data<float>();
  const int64_t channels = values.size(2);
  for (int64_t y = band.y; y < band.y + band.height; ++y)
    for (int64_t x = 0; x < band.width; ++x, value += channels)
      if (is_hole(value)) mask.row(y)[x] = 1;
}

float luminance(const float* rgb) { return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]; }

void add_mask_picture(const std::string& path, PixelMask& mask) {
  const Photograph file = Photograph::read(path);
  check(file.height() == mask.height() && file.width() == mask.width(),
        "the mask {} has {} x {} pixels, but the picture has {} x {}", path, file.width(),
        file.height(), mask.width(), mask.height());
  float largest = 0.0f;
  for_bands(file, [&](const Hole& band) {
    const Tensor rgb = file.rgb(band);
    largest =
        std::max(largest, *std::max_element(rgb.data<float>(), rgb.data<float>() + rgb.numel()));
  });
  check(largest > 0.0f, "the mask {} is empty: nothing to fill (white is filled)", path);
  const bool is_zero_one = largest < 1.5f / 255.0f;
  const float threshold = is_zero_one ? 0.5f * largest : 0.5f;
  bool is_empty = true;
  for_bands(file, [&](const Hole& band) {
    mark(mask, band, file.rgb(band), [&](const float* rgb) {
      const bool hole = luminance(rgb) > threshold;
      is_empty = is_empty && !hole;
      return hole;
    });
  });
  check(!is_empty, "the mask {} is empty: no value reaches 128, so nothing to fill", path);
}

void add_colour(const MarkColour& colour, const Photograph& picture, PixelMask& mask) {
  const float reach = static_cast<float>(colour.tolerance) + 0.5f;  // deeper pictures are rounded
  for_bands(picture, [&](const Hole& band) {
    mark(mask, band, picture.rgb(band), [&](const float* rgb) {
      for (size_t c = 0; c < 3; ++c)
        if (std::abs(255.0f * rgb[c] - static_cast<float>(colour.rgb[c])) > reach) return false;
      return true;
    });
  });
}

void add_transparent(const Photograph& picture, PixelMask& mask) {
  check(picture.has_alpha(), "the picture has no alpha channel to take the hole from");
  for_bands(picture, [&](const Hole& band) {
    mark(mask, band, picture.alpha(band), [](const float* alpha) { return *alpha < 0.5f; });
  });
}

}  // namespace

MarkColour mark_colour_from_string(const std::string& text) {
  MarkColour colour;
  const size_t colon = text.find(':');
  const std::string_view digits = std::string_view(text).substr(0, colon);
  const auto rgb = digits.size() == 7 && digits[0] == '#'
                       ? whole_number(digits.substr(1), 0xffffff, 16)
                       : std::nullopt;
  const auto tolerance = colon == std::string::npos
                             ? std::optional<int64_t>(0)
                             : whole_number(std::string_view(text).substr(colon + 1), 255);
  check(rgb && tolerance, "\"{}\" is no colour such as #ff0000, or #ff0000:8 with a tolerance",
        text);
  colour.rgb = {static_cast<int>(*rgb >> 16), static_cast<int>(*rgb >> 8 & 0xff),
                static_cast<int>(*rgb & 0xff)};
  colour.tolerance = static_cast<int>(*tolerance);
  return colour;
}

Hole rectangle_from_string(const std::string& text) {
  std::vector<int64_t> numbers;
  size_t start = 0;
  while (start <= text.size() && numbers.size() < 5) {
    const size_t end = std::min(text.find(',', start), text.size());
    const auto number = whole_number(std::string_view(text).substr(start, end - start), 1'000'000);
    if (!number) break;
    numbers.push_back(*number);
    start = end + 1;
  }
  check(numbers.size() == 4 && start == text.size() + 1 && numbers[2] > 0 && numbers[3] > 0,
        "\"{}\" is no rectangle: write x,y,width,height in pixels, such as 40,25,64,48", text);
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::string MaskSource::describe() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (!path.empty()) add(path);
  if (colour)
    add(fmt::format("#{:02x}{:02x}{:02x}:{}", colour->rgb[0], colour->rgb[1], colour->rgb[2],
                    colour->tolerance));
  if (alpha) add("alpha");
  for (const Hole& hole : rectangles)
    add(fmt::format("rectangle {},{},{},{}", hole.x, hole.y, hole.width, hole.height));
  return text;
}

PixelMask read_hole(const MaskSource& source, const Photograph& picture) {
  PixelMask mask(picture.height(), picture.width());
  if (!source.path.empty()) add_mask_picture(source.path, mask);
  if (source.colour) add_colour(*source.colour, picture, mask);
  if (source.alpha) add_transparent(picture, mask);
  for (const Hole& rectangle : source.rectangles) mask.add(rectangle);
  const int64_t marked = mask.count();
  check(marked > 0, "nothing to fill: no pixel of the picture is marked by {}", source.describe());
  if (source.grow > 0) mask = grown(mask, source.grow);
  if (source.shrink > 0) mask = shrunk(mask, source.shrink);
  check(mask.count() > 0, "nothing to fill: shrunk by {} pixels, the hole is gone", source.shrink);
  return mask;
}

}  // namespace kintsugi
