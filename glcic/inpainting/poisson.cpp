#include "glcic/inpainting/poisson.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr int32_t kKnown = -1;    // neighbour outside of the hole
constexpr int32_t kMissing = -2;  // neighbour outside of the picture

/// The pixels of a hole, numbered row by row.
struct HolePixels {
  struct Pixel {
    int64_t place;                      ///< row·W + column
    std::array<int32_t, 4> neighbours;  ///< their numbers, or kKnown, or kMissing
    std::array<int64_t, 4> places;      ///< where they lie, unless missing
  };
  std::vector<Pixel> pixels;
};

HolePixels find_hole(const Tensor& mask) {
  const int64_t height = mask.size(0), width = mask.size(1);
  const std::vector<double> values = mask.to_vector();
  std::vector<int32_t> numbers(values.size(), kKnown);
  int32_t count = 0;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0.0) numbers[i] = count++;

  HolePixels hole;
  hole.pixels.reserve(static_cast<size_t>(count));
  constexpr std::array<std::array<int64_t, 2>, 4> kSteps{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column) {
      const int64_t place = row * width + column;
      if (numbers[static_cast<size_t>(place)] == kKnown) continue;
      HolePixels::Pixel pixel{place, {}, {}};
      for (size_t k = 0; k < 4; ++k) {
        const int64_t y = row + kSteps[k][0], x = column + kSteps[k][1];
        const bool inside = y >= 0 && y < height && x >= 0 && x < width;
        pixel.places[k] = inside ? y * width + x : 0;
        pixel.neighbours[k] = inside ? numbers[static_cast<size_t>(pixel.places[k])] : kMissing;
      }
      hole.pixels.push_back(pixel);
    }
  return hole;
}

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// (A·x)_p = Σ_{q ∈ N_p} x_p − Σ_{q ∈ N_p ∩ hole} x_q: symmetric and positive definite as soon as
/// one neighbour is known.
void apply(const HolePixels& hole, const Vector& x, Vector& y) {
  for (size_t i = 0; i < x.size(); ++i) {
    double sum = 0.0;
    for (const int32_t neighbour : hole.pixels[i].neighbours) {
      if (neighbour == kMissing) continue;
      sum += x[i] - (neighbour == kKnown ? 0.0 : x[static_cast<size_t>(neighbour)]);
    }
    y[i] = sum;
  }
}

/// Conjugate gradients (Hestenes & Stiefel 1952) from the start x, until ‖b − A·x‖₂ is at most
/// tolerance·√n.
void conjugate_gradients(const HolePixels& hole, const Vector& b, double tolerance, Vector& x) {
  Vector product(b.size()), residual(b.size());
  apply(hole, x, product);
  for (size_t i = 0; i < b.size(); ++i) residual[i] = b[i] - product[i];
  Vector direction = residual;
  double squared = dot(residual, residual);
  const double wanted = tolerance * tolerance * static_cast<double>(b.size());
  // In exact arithmetic b.size() steps are enough; rounding may ask for some more.
  const size_t limit = 2 * b.size() + 100;
  for (size_t step = 0; squared > wanted; ++step) {
    check(step < limit, "solve_poisson: no convergence after {} steps", limit);
    apply(hole, direction, product);
    const double alpha = squared / dot(direction, product);
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] += alpha * direction[i];
      residual[i] -= alpha * product[i];
    }
    const double next = dot(residual, residual);
    const double beta = next / squared;
    for (size_t i = 0; i < x.size(); ++i) direction[i] = residual[i] + beta * direction[i];
    squared = next;
  }
}

/// One channel: `f` holds the picture and gets the hole's new values. `g` may be null: no
/// gradients.
void solve_channel(const HolePixels& hole, const PoissonOptions& options, int64_t channels,
                   const double* g, double* f) {
  Vector b(hole.pixels.size());
  double known_sum = 0.0, guide_sum = 0.0;
  int64_t known = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    const HolePixels::Pixel& pixel = hole.pixels[i];
    for (size_t k = 0; k < 4; ++k) {
      if (pixel.neighbours[k] == kMissing) continue;
      const bool outside = pixel.neighbours[k] == kKnown;
      if (g != nullptr && !(outside && options.edge == EdgeGradient::zero))
        b[i] += g[pixel.place * channels] - g[pixel.places[k] * channels];
      if (!outside) continue;
      b[i] += f[pixel.places[k] * channels];
      known_sum += f[pixel.places[k] * channels];
      if (g != nullptr) guide_sum += g[pixel.place * channels];
      ++known;
    }
  }
  // The start: the guidance, or nothing, moved to the level of the hole's edge.
  const double shift = (known_sum - guide_sum) / static_cast<double>(known);
  Vector x(b.size());
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = shift + (g == nullptr ? 0.0 : g[hole.pixels[i].place * channels]);
  conjugate_gradients(hole, b, options.tolerance, x);
  for (size_t i = 0; i < x.size(); ++i) f[hole.pixels[i].place * channels] = x[i];
}

Tensor solve(const char* op, const Tensor& picture, const Tensor& mask, const Tensor& guidance,
             const PoissonOptions& options) {
  check_shape(picture.rank() == 3 && picture.numel() > 0, "{}: a picture is [H, W, C], not {}", op,
              picture.shape());
  check_shape((mask.rank() == 2 || (mask.rank() == 3 && mask.size(2) == 1)) &&
                  mask.size(0) == picture.size(0) && mask.size(1) == picture.size(1),
              "{}: mask {} does not fit picture {}", op, mask.shape(), picture.shape());
  check_shape(!guidance.defined() || guidance.shape() == picture.shape(),
              "{}: guidance {} does not fit picture {}", op, guidance.shape(), picture.shape());
  const HolePixels hole = find_hole(mask);
  const int64_t channels = picture.size(2);
  check(static_cast<int64_t>(hole.pixels.size()) < mask.numel(),
        "{}: the hole covers the whole picture, so that there is nothing to fill it from", op);

  Vector f = picture.to_vector();
  const Vector g = guidance.defined() ? guidance.to_vector() : Vector();
  const auto finite = [](double value) { return std::isfinite(value); };
  check(std::all_of(f.begin(), f.end(), finite) && std::all_of(g.begin(), g.end(), finite),
        "{}: picture or guidance holds values that are not finite", op);
  if (!hole.pixels.empty())
    for (int64_t c = 0; c < channels; ++c)
      solve_channel(hole, options, channels, g.empty() ? nullptr : g.data() + c, f.data() + c);
  return Tensor::from(f, picture.shape(), {.dtype = picture.dtype()});
}

}  // namespace

Tensor solve_poisson(const Tensor& picture, const Tensor& mask, const Tensor& guidance,
                     PoissonOptions options) {
  check_shape(guidance.defined(), "solve_poisson: there is no guidance");
  return solve("solve_poisson", picture, mask, guidance, options);
}

Tensor diffusion_fill(const Tensor& picture, const Tensor& mask) {
  return solve("diffusion_fill", picture, mask, {}, {});
}

}  // namespace kintsugi
