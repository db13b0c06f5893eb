#include "glcic/inspection/fields.h"

#include <algorithm>
#include <cmath>

namespace kintsugi {
namespace {

/// One axis of a map that has `units` units along `pixels` pixels of the input.
struct Axis {
  int64_t units, pixels;

  double pixel_of(int64_t unit) const {
    return (static_cast<double>(unit) + 0.5) * static_cast<double>(pixels) /
               static_cast<double>(units) -
           0.5;
  }
};

/// Of the units near `centre`, a place in the input, the one that sees the most; of several the one
/// that lies nearest.
int64_t widest_near(const std::vector<Footprint>& steps, const Axis& axis, double centre) {
  int64_t alignments = 1;
  for (const Footprint& step : steps)
    if (step.transposed) alignments *= step.stride;
  const auto over = static_cast<int64_t>((centre + 0.5) * static_cast<double>(axis.units) /
                                         static_cast<double>(axis.pixels));
  int64_t best = std::clamp<int64_t>(over, 0, axis.units - 1);
  const auto rank = [&](int64_t unit) {
    return std::pair(-field_of(steps, unit).length(), std::abs(axis.pixel_of(unit) - centre));
  };
  const int64_t stop = std::min(axis.units, over + alignments);
  for (int64_t unit = std::max<int64_t>(0, over - alignments + 1); unit < stop; ++unit)
    if (rank(unit) < rank(best)) best = unit;
  return best;
}

std::vector<double> tap_places(const Footprint& step, int64_t unit, const Axis& below) {
  std::vector<double> places;
  for (const int64_t tap : taps_of(step, unit)) places.push_back(below.pixel_of(tap));
  return places;
}

bool contains(const Hole& outer, const Hole& inner) {
  return outer.x <= inner.x && outer.y <= inner.y &&
         outer.x + outer.width >= inner.x + inner.width &&
         outer.y + outer.height >= inner.y + inner.height;
}

double centre_of(int64_t first, int64_t length) {
  return static_cast<double>(first) + static_cast<double>(length - 1) / 2;
}

}  // namespace

Interval field_of(const std::vector<Footprint>& steps, int64_t pixel) {
  Interval seen{pixel, pixel};
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (seen.length() <= 0) return seen;
    seen = inputs_of(*step, seen);
  }
  return seen;
}

std::vector<int64_t> taps_of(const Footprint& step, int64_t pixel) {
  std::vector<int64_t> taps;
  for (int64_t k = 0; k < step.kernel; ++k) {
    if (!step.transposed) {
      taps.push_back(pixel * step.stride - step.padding + k * step.dilation);
      continue;
    }
    const int64_t place = pixel + step.padding - k * step.dilation;
    if (place % step.stride == 0) taps.push_back(place / step.stride);
  }
  std::sort(taps.begin(), taps.end());
  return taps;
}

std::vector<FieldStep> walk_fields(const NamedModules& layers, const Shape& input,
                                   const Hole& hole) {
  const std::vector<LayerSummary> rows = summarise(layers, input);
  std::vector<FieldStep> walk;
  std::vector<Footprint> steps;
  Shape below = input;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::vector<Footprint> own = layers[i].second->footprints();
    steps.insert(steps.end(), own.begin(), own.end());
    const Shape& map = rows[i].output;
    FieldStep step{.name = rows[i].name, .kind = rows[i].kind, .side = rows[i].receptive_field};
    step.unit = {.x = widest_near(steps, {map[2], input[2]}, centre_of(hole.x, hole.width)),
                 .y = widest_near(steps, {map[1], input[1]}, centre_of(hole.y, hole.height))};
    const Interval columns = field_of(steps, step.unit.x), rows_seen = field_of(steps, step.unit.y);
    step.field = {columns.first, rows_seen.first, columns.length(), rows_seen.length()};
    if (!own.empty()) {
      step.tap_columns = tap_places(own.back(), step.unit.x, {below[2], input[2]});
      step.tap_rows = tap_places(own.back(), step.unit.y, {below[1], input[1]});
    }
    walk.push_back(std::move(step));
    below = map;
  }
  return walk;
}

std::optional<size_t> first_spanning(const std::vector<FieldStep>& walk, const Hole& hole) {
  for (size_t i = 0; i < walk.size(); ++i)
    if (contains(walk[i].field, hole)) return i;
  return std::nullopt;
}

}  // namespace kintsugi
