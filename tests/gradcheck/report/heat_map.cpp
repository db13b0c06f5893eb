#include "tests/gradcheck/report/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "glcic/html.h"
#include "tests/gradcheck/report/png.h"

namespace kintsugi {

namespace {

using gradcheck_run::Extents;
using gradcheck_run::InputMap;

constexpr Rgb kNoNumber{0, 0, 0}, kExcluded{150, 150, 150};
// From ColorBrewer's YlGnBu and OrRd (Brewer & Harrower), both safe for colour-blind eyes.
const std::vector<Rgb> kRight{{8, 29, 88}, {34, 94, 168}, {65, 182, 196}, {199, 233, 180}};
const std::vector<Rgb> kWrong{{253, 141, 60}, {227, 26, 28}, {110, 0, 22}};
// PuOr's ends, for signed numbers.
const std::vector<Rgb> kSigned{
    {33, 82, 148}, {120, 170, 214}, {246, 246, 246}, {253, 174, 97}, {179, 88, 6}};
constexpr double kSmallest = -16;  // log10 of the least error that is told apart

/// Between colours at equal distances, `t` in [0, 1].
Rgb interpolated(const std::vector<Rgb>& colours, double t) {
  const double place = std::clamp(t, 0.0, 1.0) * static_cast<double>(colours.size() - 1);
  const size_t low = std::min(static_cast<size_t>(place), colours.size() - 2);
  Rgb result;
  for (size_t k = 0; k < 3; ++k)
    result[k] = static_cast<uint8_t>(
        std::lround(colours[low][k] +
                    (place - static_cast<double>(low)) * (colours[low + 1][k] - colours[low][k])));
  return result;
}

/// In steps of a quarter decade, so that a picture has few colours.
Rgb colour_of_error(double error, double tolerance) {
  if (std::isnan(error)) return kNoNumber;
  const double allowed = std::log10(tolerance);
  const double decade = error > 0 ? std::round(4 * std::log10(error)) / 4 : kSmallest;
  return error <= tolerance ? interpolated(kRight, (decade - kSmallest) / (allowed - kSmallest))
                            : interpolated(kWrong, (decade - allowed) / -allowed);
}

/// Where the cells are: tiles of rows × columns, with a gap of one between them.
struct Layout {
  explicit Layout(const Extents& shape) {
    Extents padded(4, 1);
    for (size_t i = 0; i < shape.size(); ++i) {  // more than four axes: the first ones as one
      const size_t axis = i + 4 < shape.size() ? 0 : i + 4 - shape.size();
      padded[axis] *= shape[i];
    }
    down = static_cast<int>(padded[0]);
    across = static_cast<int>(padded[1]);
    rows = static_cast<int>(padded[2]);
    columns = static_cast<int>(padded[3]);
  }
  int width() const { return across * (columns + 1) - 1; }
  int height() const { return down * (rows + 1) - 1; }
  size_t place(size_t element) const {
    const auto e = static_cast<int>(element);
    const int column = e % columns, row = e / columns % rows, tile = e / columns / rows;
    const int x = tile % across * (columns + 1) + column;
    const int y = tile / across * (rows + 1) + row;
    return static_cast<size_t>(y * width() + x);
  }

  int down = 1, across = 1, rows = 1, columns = 1;
};

/// An <img> with a cell for each of the colours.
std::string picture_of(const std::vector<Rgb>& cells, const Extents& shape,
                       const std::string& alt) {
  const Layout layout(shape);
  if (cells.empty() || layout.width() < 1 || layout.height() < 1) return "";
  IndexedPicture picture{layout.width(), layout.height(), {}};
  picture.pixels.resize(static_cast<size_t>(picture.width * picture.height));
  std::vector<Rgb> colours;
  std::map<Rgb, uint8_t> index;
  for (size_t e = 0; e < cells.size(); ++e) {
    const auto [place, is_new] = index.emplace(cells[e], static_cast<uint8_t>(colours.size() + 1));
    if (is_new) colours.push_back(cells[e]);
    picture.pixels[layout.place(e)] = place->second;
  }
  const int cell = std::clamp(240 / std::max(picture.width, picture.height), 3, 14);
  return fmt::format("<img class=\"cells\" width=\"{}\" height=\"{}\" alt=\"{}\" src=\"{}\">",
                     picture.width * cell, picture.height * cell, html_text(alt),
                     picture_address("png", png_bytes(picture, colours)));
}

}  // namespace

std::string shape_text(const Extents& shape) {
  std::string text;
  for (const int64_t extent : shape) text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "[" + text + "]";
}

std::string error_map(const InputMap& map, double tolerance) {
  std::vector<Rgb> cells;
  double worst = 0;
  int wrong = 0;
  for (const double error : map.error.values) {
    cells.push_back(colour_of_error(error, tolerance));
    worst = std::max(worst, std::isnan(error) ? 1 : error);
    wrong += !(error <= tolerance);
  }
  for (const int64_t element : map.excluded) cells[static_cast<size_t>(element)] = kExcluded;
  wrong -= static_cast<int>(map.excluded.size());
  return picture_of(cells, map.shape,
                    fmt::format("{}: {} of {} elements wrong, worst error {:.1e}", map.input, wrong,
                                cells.size(), worst));
}

std::string gradient_maps(const InputMap& map) {
  if (map.got.values.empty()) return "";
  double largest = 0;  // of what is expected: got may be anything
  for (const double value : map.expected.values) largest = std::max(largest, std::abs(value));
  const auto drawn = [&](const std::vector<double>& values, const char* what) {
    std::vector<Rgb> cells;
    for (const double value : values)
      cells.push_back(std::isnan(value) ? kNoNumber
                                        : interpolated(kSigned, 0.5 + value / largest / 2));
    return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>",
                       picture_of(cells, map.shape, what), what);
  };
  return drawn(map.expected.values, "expected") + drawn(map.got.values, "got");
}

std::string error_scale(double tolerance) {
  constexpr int kCell = 14, kLeft = 8, kTop = 6, kDecades = 16;
  std::string svg = fmt::format(
      "<svg class=\"scale\" viewBox=\"0 0 {} 44\" role=\"img\" aria-label=\"scale of errors\">",
      2 * kLeft + 2 * kDecades * kCell);
  for (int half = 0; half < 2 * kDecades; ++half) {
    const double decade = kSmallest + (half + 0.5) / 2;
    const Rgb c = colour_of_error(std::pow(10, decade), tolerance);
    svg += fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"14\" fill=\"#{:02x}{:02x}{:02x}\"/>",
        kLeft + half * kCell, kTop, kCell, c[0], c[1], c[2]);
  }
  for (int decade = -16; decade <= 0; decade += 4)
    svg += fmt::format("<text text-anchor=\"{}\" x=\"{}\" y=\"36\">{}</text>",
                       decade == -16 ? "start"
                       : decade == 0 ? "end"
                                     : "middle",
                       kLeft + (decade + 16) * 2 * kCell,
                       decade == 0 ? "1" : fmt::format("1e{}", decade));
  const double allowed = kLeft + (std::log10(tolerance) + 16) * 2 * kCell;
  svg += fmt::format(
      "<line class=\"axis\" x1=\"{0}\" y1=\"0\" x2=\"{0}\" y2=\"26\"/>"
      "<text text-anchor=\"middle\" x=\"{0}\" y=\"36\">allowed</text></svg>",
      allowed);
  return svg;
}

}  // namespace kintsugi
