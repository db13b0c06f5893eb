#include "glcic/inpainting/hole_laplacian.h"

#include <cmath>

#include "tensor/error.h"

namespace kintsugi {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

constexpr int32_t kNone = LinkedPixels::kNone;

/// Where the pixels of a level lie.
struct Grid {
  int64_t height, width;
  std::vector<int64_t> places;   ///< row·width + column
  std::vector<int32_t> numbers;  ///< [height·width] the pixel there, or kNone
};

/// Σ_k weight_k·x_{neighbour_k} of pixel i.
double linked_sum(const LinkedPixels& pixels, const Vector& x, size_t i) {
  double sum = 0.0;
  for (size_t k = 0; k < 4; ++k) {
    const int32_t neighbour = pixels.neighbours[i][k];
    if (neighbour != kNone) sum += pixels.weights[i][k] * x[static_cast<size_t>(neighbour)];
  }
  return sum;
}

void apply(const LinkedPixels& pixels, const Vector& x, Vector& y) {
  for (size_t i = 0; i < pixels.size(); ++i)
    y[i] = pixels.diagonal[i] * x[i] - linked_sum(pixels, x, i);
}

/// One step of Gauss-Seidel: the value with which the equation of pixel i holds.
void relax(const LinkedPixels& pixels, const Vector& b, size_t i, Vector& x) {
  x[i] = (b[i] + linked_sum(pixels, x, i)) / pixels.diagonal[i];
}

LinkedPixels finest(const Grid& grid) {
  LinkedPixels level;
  constexpr std::array<std::array<int64_t, 2>, 4> kSteps{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
  for (const int64_t place : grid.places) {
    std::array<int32_t, 4> neighbours{kNone, kNone, kNone, kNone};
    std::array<double, 4> weights{};
    double diagonal = 0.0;
    for (size_t k = 0; k < 4; ++k) {
      const int64_t y = place / grid.width + kSteps[k][0], x = place % grid.width + kSteps[k][1];
      if (y < 0 || y >= grid.height || x < 0 || x >= grid.width) continue;
      diagonal += 1.0;
      neighbours[k] = grid.numbers[static_cast<size_t>(y * grid.width + x)];
      if (neighbours[k] != kNone) weights[k] = 1.0;
    }
    level.neighbours.push_back(neighbours);
    level.weights.push_back(weights);
    level.diagonal.push_back(diagonal);
  }
  return level;
}

/// The equations summed over blocks of 2 x 2 pixels, as if all pixels of a block were the same; and
/// halved, because a step between blocks is twice as long, so that slopes would count twice.
LinkedPixels coarser(LinkedPixels& fine, Grid& grid) {
  Grid half{(grid.height + 1) / 2, (grid.width + 1) / 2, {}, {}};
  half.numbers.assign(static_cast<size_t>(half.height * half.width), kNone);
  for (const int64_t place : grid.places) {
    const int64_t to = place / grid.width / 2 * half.width + place % grid.width / 2;
    int32_t& number = half.numbers[static_cast<size_t>(to)];
    if (number == kNone) {
      number = static_cast<int32_t>(half.places.size());
      half.places.push_back(to);
    }
    fine.block.push_back(number);
  }

  LinkedPixels level;
  level.neighbours.assign(half.places.size(), {kNone, kNone, kNone, kNone});
  level.weights.assign(half.places.size(), {});
  level.diagonal.assign(half.places.size(), 0.0);
  for (size_t i = 0; i < fine.size(); ++i) {
    const auto block = static_cast<size_t>(fine.block[i]);
    level.diagonal[block] += 0.5 * fine.diagonal[i];
    for (size_t k = 0; k < 4; ++k) {
      if (fine.neighbours[i][k] == kNone) continue;
      const int32_t other = fine.block[static_cast<size_t>(fine.neighbours[i][k])];
      const double weight = 0.5 * fine.weights[i][k];
      if (other == fine.block[i]) {
        level.diagonal[block] -= weight;
      } else {
        level.neighbours[block][k] = other;
        level.weights[block][k] += weight;
      }
    }
  }
  grid = std::move(half);
  return level;
}

/// What a cycle works in, one for each level.
struct Work {
  Vector b, x;
};

/// work[level].x ← about A⁻¹·b: Gauss-Seidel down the pixels, the rest from the next level, up the
/// pixels. Symmetric and positive definite, as a preconditioner must be.
void cycle(const std::vector<LinkedPixels>& levels, size_t level, std::vector<Work>& work) {
  const LinkedPixels& fine = levels[level];
  auto& [b, x] = work[level];
  x.assign(fine.size(), 0.0);
  for (size_t i = 0; i < fine.size(); ++i) relax(fine, b, i, x);
  if (level + 1 < levels.size()) {
    auto& [coarse_b, coarse_x] = work[level + 1];
    coarse_b.assign(levels[level + 1].size(), 0.0);
    for (size_t i = 0; i < fine.size(); ++i)
      coarse_b[static_cast<size_t>(fine.block[i])] +=
          b[i] - (fine.diagonal[i] * x[i] - linked_sum(fine, x, i));
    cycle(levels, level + 1, work);
    for (size_t i = 0; i < fine.size(); ++i) x[i] += coarse_x[static_cast<size_t>(fine.block[i])];
  }
  for (size_t i = fine.size(); i-- > 0;) relax(fine, b, i, x);
}

}  // namespace

HoleLaplacian::HoleLaplacian(const std::vector<uint8_t>& hole, int64_t height, int64_t width) {
  Grid grid{height, width, {}, std::vector<int32_t>(hole.size(), kNone)};
  for (size_t i = 0; i < hole.size(); ++i) {
    if (hole[i] == 0) continue;
    grid.numbers[i] = static_cast<int32_t>(grid.places.size());
    grid.places.push_back(static_cast<int64_t>(i));
  }
  check(grid.places.size() < hole.size(), "HoleLaplacian: no pixel of {} x {} is known", height,
        width);
  places_ = grid.places;
  levels_.push_back(finest(grid));
  while (grid.height > 1 || grid.width > 1) levels_.push_back(coarser(levels_.back(), grid));
}

int HoleLaplacian::solve(const Vector& b, double tolerance, Vector& x) const {
  const LinkedPixels& pixels = levels_.front();
  std::vector<Work> work(levels_.size());
  Vector& residual = work[0].b;          // what the preconditioner takes
  const Vector& correction = work[0].x;  // and gives
  Vector product(b.size()), direction(b.size(), 0.0);
  residual.resize(b.size());
  apply(pixels, x, product);
  for (size_t i = 0; i < b.size(); ++i) residual[i] = b[i] - product[i];

  const double wanted = tolerance * tolerance * static_cast<double>(b.size());
  constexpr int kLimit = 10000;
  double before = 1.0;
  int step = 0;
  for (; dot(residual, residual) > wanted; ++step) {
    check(step < kLimit, "HoleLaplacian: no convergence after {} steps", kLimit);
    cycle(levels_, 0, work);
    const double now = dot(residual, correction);
    const double beta = step == 0 ? 0.0 : now / before;
    before = now;
    for (size_t i = 0; i < b.size(); ++i) direction[i] = correction[i] + beta * direction[i];
    apply(pixels, direction, product);
    const double alpha = now / dot(direction, product);
    for (size_t i = 0; i < b.size(); ++i) {
      x[i] += alpha * direction[i];
      residual[i] -= alpha * product[i];
    }
  }
  return step;
}

}  // namespace kintsugi
