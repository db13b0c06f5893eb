#include "glcic/inspection/effective_field.h"

#include <algorithm>
#include <cmath>

#include "tensor/ops.h"

namespace kintsugi {
namespace {

constexpr int64_t kGrid = 4;            // windows begin and end at multiples, as C's maps ask for
constexpr double kNegligible = 0.0455;  // of the maximum: 1 − 95.45 %

/// The cotangents' deviation, which the division by the maximum takes out again: with it, the far
/// ends of a field stay above float32's subnormal numbers, with which processors are slow.
constexpr double kCotangent = 0x1p60;

int64_t round_down(int64_t x, int64_t step) { return x / step * step; }
int64_t round_up(int64_t x, int64_t step) { return (x + step - 1) / step * step; }

/// The part of an axis of `extent` pixels that fields shifted by at most low … high lie in.
Interval window_of(const Interval& field, int64_t low, int64_t high, int64_t extent) {
  return {round_down(std::max<int64_t>(0, field.first + low), kGrid),
          std::min(extent, round_up(std::min(extent, field.last + high + 1), kGrid)) - 1};
}

Tensor cut(const Tensor& x, const Interval& rows, const Interval& columns) {
  return ops::slice(ops::slice(x, 1, rows.first, rows.length()), 2, columns.first,
                    columns.length());
}

/// Adds Σ_{R,G,B} |gradient| at the window's place, less the shift.
void add_shifted(const Tensor& gradient, const Corner& place, const Tensor& sum) {
  const int64_t channels = gradient.size(3);
  const Tensor here = gradient.to(Device::cpu).to(DType::float32);
  const auto* from = here.data<float>();
  for (int64_t y = 0; y < here.size(1); ++y)
    for (int64_t x = 0; x < here.size(2); ++x, from += channels) {
      const int64_t row = y + place.y, column = x + place.x;
      if (row < 0 || row >= sum.size(0) || column < 0 || column >= sum.size(1)) continue;
      sum.data<float>()[row * sum.size(1) + column] +=
          std::abs(from[0]) + std::abs(from[1]) + std::abs(from[2]);
    }
}

/// Zeros, and at one place of the map a random vector.
Variable random_cotangent(const Variable& map, const Corner& unit, Generator& generator) {
  const int64_t channels = map.size(3);
  const Tensor seed = Tensor::zeros(map.shape());
  const Tensor vector = normal({channels}, 0, kCotangent, generator);
  std::copy_n(vector.data<float>(), channels,
              seed.data<float>() + (unit.y * map.size(2) + unit.x) * channels);
  return Variable(seed.to(map.options().dtype).to(map.options().device));
}

}  // namespace

std::vector<Corner> shift_grid(int64_t n) {
  std::vector<Corner> shifts;
  for (int64_t y = -(n / 2); y <= n / 2; ++y)
    for (int64_t x = -(n / 2); x <= n / 2; ++x) shifts.push_back({x * kGrid, y * kGrid});
  return shifts;
}

EffectiveField effective_field(const NamedModules& layers, const Tensor& input, const Corner& unit,
                               std::span<const Corner> shifts, Generator& generator) {
  const LayeredNetwork network{.layers = layers};
  std::vector<Footprint> steps;
  Shape map = input.shape();
  for (const auto& [name, layer] : layers) {
    const std::vector<Footprint> own = layer->footprints();
    steps.insert(steps.end(), own.begin(), own.end());
    map = layer->output_shape(map);
  }
  const int64_t height = input.size(1), width = input.size(2);
  const auto [left, right] = std::minmax_element(
      shifts.begin(), shifts.end(), [](const Corner& a, const Corner& b) { return a.x < b.x; });
  const auto [top, bottom] = std::minmax_element(
      shifts.begin(), shifts.end(), [](const Corner& a, const Corner& b) { return a.y < b.y; });
  const Interval rows = window_of(field_of(steps, unit.y), top->y, bottom->y, height);
  const Interval columns = window_of(field_of(steps, unit.x), left->x, right->x, width);

  const Variable x(cut(input, rows, columns), true);
  const Variable y = network.run(x).back();
  const Tensor sum = Tensor::zeros({height, width});
  for (const Corner& shift : shifts) {
    const Corner in_map{unit.x + shift.x * map[2] / width, unit.y + shift.y * map[1] / height};
    if (in_map.x < 0 || in_map.x >= map[2] || in_map.y < 0 || in_map.y >= map[1]) continue;
    const Corner in_window{in_map.x - columns.first * map[2] / width,
                           in_map.y - rows.first * map[1] / height};
    const Variable seed = random_cotangent(y, in_window, generator);
    const Variable gradient = grad({y}, {x}, {seed}, {.retain_graph = true})[0];
    add_shifted(gradient.value(), {columns.first - shift.x, rows.first - shift.y}, sum);
  }

  EffectiveField field{.influence = sum};
  const double largest = ops::max(sum).item();
  if (largest == 0) return field;
  field.influence = ops::affine(sum, 1 / largest, 0);
  const auto* values = field.influence.data<float>();
  field.side = std::sqrt(static_cast<double>(std::count_if(
      values, values + sum.numel(), [](float value) { return value > kNegligible; })));
  return field;
}

std::vector<double> influence_by_distance(const Tensor& influence, const Corner& pixel,
                                          int64_t step) {
  std::vector<double> sums, counts;
  const auto* value = influence.data<float>();
  for (int64_t y = 0; y < influence.size(0); ++y)
    for (int64_t x = 0; x < influence.size(1); ++x, ++value) {
      const auto ring =
          static_cast<size_t>(std::max(std::abs(x - pixel.x), std::abs(y - pixel.y)) / step);
      if (ring >= sums.size()) {
        sums.resize(ring + 1);
        counts.resize(ring + 1);
      }
      sums[ring] += *value;
      ++counts[ring];
    }
  for (size_t i = 0; i < sums.size(); ++i) sums[i] /= std::max(counts[i], 1.0);
  return sums;
}

}  // namespace kintsugi
