#include "glcic/photograph_completion.h"

#include <algorithm>
#include <cstring>

#include "glcic/completer.h"
#include "glcic/completion_windows.h"
#include "glcic/inpainting/method.h"
#include "glcic/inpainting/patch_completion.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

/// How far the methods that carry a hole's rim inwards, and the post-processing, look beyond the
/// hole at most, with room to spare; holes further apart do not meet.
constexpr int64_t kRim = 16;
/// Of a photograph and its mask, for each pixel, as far as they are held all the time.
constexpr int64_t kPhotographBytes = 16;
/// Of a part that is post-processed, for each pixel: it, its mask, what C made of it, the result,
/// and what the solver takes.
constexpr int64_t kPostBytes = 256;

constexpr double kMebibyte = 1 << 20;

Hole with_margin(const Hole& box, int64_t margin, int64_t height, int64_t width) {
  return window_around(box, {margin, margin, 1}, height, width);
}

/// part of `inner`, which lies in `outer`: [h, w, C] → the rows and columns of `inner`.
Tensor crop(const Tensor& x, const Hole& outer, const Hole& inner) {
  return ops::slice(ops::slice(x, 0, inner.y - outer.y, inner.height), 1, inner.x - outer.x,
                    inner.width);
}

/// Writes the pixels of the hole in `box` from `source`, a picture of `window`, into `target`, one
/// of `part`.
void put(const Tensor& source, const Hole& window, const Hole& box, const PixelMask& mask,
         const Tensor& target, const Hole& part) {
  const size_t pixel = 3 * size_of(target.dtype());
  const auto address = [&](const Tensor& x, const Hole& frame, int64_t row, int64_t column) {
    return static_cast<std::byte*>(x.raw()) +
           static_cast<size_t>((row - frame.y) * frame.width + column - frame.x) * pixel;
  };
  for (int64_t y = box.y; y < box.y + box.height; ++y)
    for (int64_t x = box.x; x < box.x + box.width; ++x)
      if (mask.row(y)[x] != 0)
        std::memcpy(address(target, part, y, x), address(source, window, y, x), pixel);
}

/// Pixels that C may take at once, after `taken` bytes for everything else.
int64_t pixels_for(const Model& model, const FillingOptions& options, double taken) {
  const double left = static_cast<double>(options.memory) - taken;
  check(left > 0, "{:.0f} MiB of memory are not enough: all but the network takes {:.0f} MiB of it",
        static_cast<double>(options.memory) / kMebibyte, taken / kMebibyte);
  return static_cast<int64_t>(left / bytes_per_pixel(model));
}

double pixels_in(const Hole& window) {
  return static_cast<double>(window.width) * static_cast<double>(window.height);
}

void fill_part(Photograph& photograph, const PixelMask& mask, const Hole& part,
               const Tensor& filled) {
  const Tensor hole = mask.tensor(part);
  photograph.fill(part, filled, hole);
  if (photograph.has_alpha()) photograph.make_opaque(part, hole);
}

std::vector<Hole> fill_by_network(Photograph& photograph, const PixelMask& mask, const Model& model,
                                  const FillingOptions& options) {
  const Hole frame = photograph.frame();
  const double held = pixels_in(frame) * static_cast<double>(kPhotographBytes);
  const bool is_plain = options.post == Post::none;
  const int64_t margin = is_plain ? 0 : kRim;
  const ReadWindow rgb = [&](const Hole& window) { return photograph.rgb(window); };
  const std::optional<Reach> reach = reach_of(model);
  std::vector<Hole> parts{frame};
  if (reach) {
    SplitRules rules{.reach = *reach, .gap = margin};
    if (is_plain) rules.max_pixels = pixels_for(model, options, held);
    parts = split_hole(mask, frame, rules);
  }
  std::vector<Hole> windows;
  for (const Hole& box : parts) {
    const Hole part = with_margin(box, margin, frame.height, frame.width);
    const double taken = held + (is_plain ? 0.0 : pixels_in(part) * kPostBytes);
    Tensor filled =
        complete_part(model, rgb, mask, part, pixels_for(model, options, taken), windows);
    if (!is_plain)
      filled = post_process(options.post, photograph.rgb(part), mask.tensor(part), filled);
    fill_part(photograph, mask, part, filled);
  }
  return windows;
}

/// [3]: the mean of all pixels outside of the hole.
Tensor mean_of_known(const Photograph& photograph, const PixelMask& mask) {
  constexpr int64_t kBand = 64;
  double sums[3] = {};
  int64_t known = 0;
  for (int64_t top = 0; top < mask.height(); top += kBand) {
    const Hole band{0, top, mask.width(), std::min(kBand, mask.height() - top)};
    const Tensor rgb = photograph.rgb(band);
    const float* value = rgb.data<float>();
    for (int64_t y = band.y; y < band.y + band.height; ++y)
      for (int64_t x = 0; x < band.width; ++x, value += 3) {
        if (mask.row(y)[x] != 0) continue;
        ++known;
        for (int c = 0; c < 3; ++c) sums[c] += static_cast<double>(value[c]);
      }
  }
  check(known > 0, "the hole covers the whole picture: there is nothing to fill it from");
  const auto count = static_cast<double>(known);
  return Tensor::from({sums[0] / count, sums[1] / count, sums[2] / count}, {3});
}

std::vector<Hole> fill_by_method(Photograph& photograph, const PixelMask& mask,
                                 const FillingOptions& options) {
  const FillMethod& method = fill_method(options.method);
  const Hole frame = photograph.frame();
  FillOptions fill_options{.seed = options.seed};
  if (options.method == "mean-colour") fill_options.mean_pixel = mean_of_known(photograph, mask);
  const bool searches = options.method == "patchmatch";
  const int64_t margin = searches ? PatchCompletionOptions{}.surroundings : kRim;
  std::vector<Hole> parts{mask.bounding_box()};
  if (!searches)
    parts = split_hole(mask, frame, {.reach = {.before = kRim, .after = kRim}, .gap = kRim});
  std::vector<Hole> windows;
  for (const Hole& box : parts) {
    const Hole window = with_margin(box, margin, frame.height, frame.width);
    const double needed =
        pixels_in(frame) * static_cast<double>(kPhotographBytes) + pixels_in(window) * kPostBytes;
    check(needed <= static_cast<double>(options.memory),
          "{:.0f} MiB of memory are not enough: {} takes about {:.0f} MiB for a part of {} x {} "
          "pixels",
          static_cast<double>(options.memory) / kMebibyte, method.name, needed / kMebibyte,
          window.width, window.height);
    fill_part(photograph, mask, window,
              method.fill(photograph.rgb(window), mask.tensor(window), fill_options));
    windows.push_back(window);
  }
  return windows;
}

}  // namespace

Tensor complete_part(const Model& model, const ReadWindow& rgb, const PixelMask& mask,
                     const Hole& part, int64_t max_pixels, std::vector<Hole>& windows) {
  const std::optional<Reach> reach = reach_of(model);
  const Hole frame{0, 0, mask.width(), mask.height()};
  if (!reach) {
    windows.push_back(frame);
    return crop(network_output(model, rgb(frame), mask.tensor(frame)), frame, part);
  }
  const Tensor filled = rgb(part);
  for (const Hole& box : split_hole(mask, part, {.reach = *reach, .max_pixels = max_pixels})) {
    const Hole window = window_around(box, *reach, mask.height(), mask.width());
    put(network_output(model, rgb(window), mask.tensor(window)), window, box, mask, filled, part);
    windows.push_back(window);
  }
  return filled;
}

std::vector<Hole> fill_photograph(Photograph& photograph, const PixelMask& mask, const Model* model,
                                  const FillingOptions& options) {
  if (options.method != "glcic") return fill_by_method(photograph, mask, options);
  check(model != nullptr, "fill_photograph: the method glcic takes a model");
  return fill_by_network(photograph, mask, *model, options);
}

}  // namespace kintsugi
