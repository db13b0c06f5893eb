#include "glcic/inpainting/poisson.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "glcic/inpainting/hole_laplacian.h"
#include "glcic/inpainting/hole_window.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

using Vector = std::vector<double>;

/// What a channel of the guidance says: nothing, where there is none.
struct Guidance {
  const Vector& values;
  EdgeGradient edge;

  double at(int64_t i) const { return values.empty() ? 0.0 : values[static_cast<size_t>(i)]; }
};

/// One channel of the window gets the hole's new values.
void solve_channel(const HoleLaplacian& laplacian, const Guidance& guidance, double tolerance,
                   int64_t channel, HoleWindow& window) {
  const std::vector<int64_t>& places = laplacian.places();
  const auto index = [&](int64_t pixel) { return pixel * window.channels + channel; };
  constexpr std::array<std::array<int64_t, 2>, 4> kSteps{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
  Vector b(places.size(), 0.0);
  double known_sum = 0.0, guide_sum = 0.0, known = 0.0;
  for (size_t i = 0; i < b.size(); ++i) {
    const double here = guidance.at(index(places[i]));
    for (const auto& [dy, dx] : kSteps) {
      const int64_t y = places[i] / window.width + dy, x = places[i] % window.width + dx;
      if (!window.contains(y, x)) continue;
      const int64_t other = y * window.width + x;
      const bool outside = window.hole[static_cast<size_t>(other)] == 0;
      if (!(outside && guidance.edge == EdgeGradient::zero))
        b[i] += here - guidance.at(index(other));
      if (!outside) continue;
      const double value = window.values[static_cast<size_t>(index(other))];
      b[i] += value;
      known_sum += value;
      guide_sum += here;
      known += 1.0;
    }
  }
  // The start: the guidance, or nothing, moved to the level of the hole's edge.
  const double shift = (known_sum - guide_sum) / known;
  Vector x(b.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] = shift + guidance.at(index(places[i]));
  laplacian.solve(b, tolerance, x);
  for (size_t i = 0; i < x.size(); ++i) window.values[static_cast<size_t>(index(places[i]))] = x[i];
}

Tensor solve(const char* op, const Tensor& picture, const Tensor& mask, const Tensor& guidance,
             const PoissonOptions& options) {
  check_shape(!guidance.defined() || guidance.shape() == picture.shape(),
              "{}: guidance {} does not fit picture {}", op, guidance.shape(), picture.shape());
  HoleWindow window = hole_window(op, picture, mask, 1);
  if (window.hole.empty()) return picture.clone();
  const Vector g = guidance.defined() ? values_in(window, guidance) : Vector();
  check(std::all_of(g.begin(), g.end(), [](double value) { return std::isfinite(value); }),
        "{}: the guidance holds a value that is not finite", op);
  const HoleLaplacian laplacian(window.hole, window.height, window.width);
  for (int64_t c = 0; c < window.channels; ++c)
    solve_channel(laplacian, {g, options.edge}, options.tolerance, c, window);
  return with_hole_filled(picture, window);
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
