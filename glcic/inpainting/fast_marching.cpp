#include "glcic/inpainting/fast_marching.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr double kUnreached = std::numeric_limits<double>::infinity();

struct Grid {
  const std::vector<uint8_t>& hole;
  int64_t height, width;

  /// f(neighbour) for the up to 4 neighbours of a pixel.
  template <class F>
  void for_neighbours(int64_t pixel, F&& f) const {
    const int64_t row = pixel / width, column = pixel % width;
    if (row > 0) f(pixel - width);
    if (row + 1 < height) f(pixel + width);
    if (column > 0) f(pixel - 1);
    if (column + 1 < width) f(pixel + 1);
  }
  bool is_hole(int64_t pixel) const { return hole[static_cast<size_t>(pixel)] != 0; }
};

/// The larger root of (T − a)² + (T − b)² = 1, or one step from the nearer of the two.
double eikonal_root(double a, double b) {
  if (!(std::abs(a - b) < 1.0)) return std::min(a, b) + 1.0;
  return 0.5 * (a + b + std::sqrt(2.0 - (a - b) * (a - b)));
}

double arrival_time(const Grid& grid, const std::vector<double>& passed, int64_t pixel) {
  const int64_t row = pixel / grid.width, column = pixel % grid.width;
  const auto time = [&](int64_t y, int64_t x) {
    const bool inside = y >= 0 && y < grid.height && x >= 0 && x < grid.width;
    return inside ? passed[static_cast<size_t>(y * grid.width + x)] : kUnreached;
  };
  return eikonal_root(std::min(time(row, column - 1), time(row, column + 1)),
                      std::min(time(row - 1, column), time(row + 1, column)));
}

std::vector<int64_t> edge_of(const Grid& grid) {
  std::vector<int64_t> edge;
  for (int64_t pixel = 0; pixel < grid.height * grid.width; ++pixel) {
    bool beside = false;
    grid.for_neighbours(pixel, [&](int64_t other) { beside |= grid.is_hole(other); });
    if (beside && !grid.is_hole(pixel)) edge.push_back(pixel);
  }
  return edge;
}

struct Front {
  std::vector<double> times;   ///< kUnreached where the front did not come
  std::vector<int64_t> order;  ///< of the pixels it passed after the edge
};

/// From the edge over the pixels that are hole, or over those that are not, up to the time `reach`.
Front march(const Grid& grid, const std::vector<int64_t>& edge, bool into_hole, double reach) {
  Front front{std::vector<double>(grid.hole.size(), kUnreached), {}};
  using Arrival = std::pair<double, int64_t>;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> band;
  const auto enter_neighbours = [&](int64_t pixel) {
    grid.for_neighbours(pixel, [&](int64_t other) {
      if (grid.is_hole(other) == into_hole && front.times[static_cast<size_t>(other)] == kUnreached)
        band.emplace(arrival_time(grid, front.times, other), other);
    });
  };
  for (const int64_t pixel : edge) front.times[static_cast<size_t>(pixel)] = 0.0;
  for (const int64_t pixel : edge) enter_neighbours(pixel);
  while (!band.empty() && band.top().first <= reach) {
    const auto [time, pixel] = band.top();
    band.pop();
    // A pixel enters the band anew whenever its time falls; its first arrival counts.
    if (front.times[static_cast<size_t>(pixel)] != kUnreached) continue;
    front.times[static_cast<size_t>(pixel)] = time;
    front.order.push_back(pixel);
    enter_neighbours(pixel);
  }
  return front;
}

}  // namespace

FastMarch march_from_edge(const std::vector<uint8_t>& hole, int64_t height, int64_t width,
                          double reach) {
  check(std::find(hole.begin(), hole.end(), 0) != hole.end(),
        "march_from_edge: no pixel of {} x {} is known", height, width);
  const Grid grid{hole, height, width};
  const std::vector<int64_t> edge = edge_of(grid);
  Front inside = march(grid, edge, true, kUnreached);
  const Front outside = march(grid, edge, false, reach);
  for (size_t i = 0; i < hole.size(); ++i)
    if (hole[i] == 0) inside.times[i] = -std::min(outside.times[i], reach);
  return {std::move(inside.times), std::move(inside.order)};
}

}  // namespace kintsugi
