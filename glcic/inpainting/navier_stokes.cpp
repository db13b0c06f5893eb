#include "glcic/inpainting/navier_stokes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "glcic/inpainting/hole_window.h"

namespace kintsugi {
namespace {

/// One channel at one scale.
struct Plane {
  int64_t height, width;
  std::vector<uint8_t> hole;   ///< [height·width], 1 = hole
  std::vector<double> values;  ///< [height·width]

  /// Past the border the last row or column is repeated: nothing flows over it.
  size_t at(int64_t row, int64_t column) const {
    return static_cast<size_t>(std::clamp<int64_t>(row, 0, height - 1) * width +
                               std::clamp<int64_t>(column, 0, width - 1));
  }
};

/// A pixel and its 4 neighbours as places in a plane.
struct Stencil {
  size_t here, up, down, left, right;
};

Stencil stencil_at(const Plane& plane, int64_t row, int64_t column) {
  return {plane.at(row, column), plane.at(row - 1, column), plane.at(row + 1, column),
          plane.at(row, column - 1), plane.at(row, column + 1)};
}

/// What a step changes, and where it needs the Laplacian: there and at the neighbours.
struct Stencils {
  std::vector<Stencil> hole, around;
};

Stencils stencils_of(const Plane& plane) {
  Stencils stencils;
  for (int64_t row = 0; row < plane.height; ++row)
    for (int64_t column = 0; column < plane.width; ++column) {
      const Stencil s = stencil_at(plane, row, column);
      const auto& hole = plane.hole;
      if (hole[s.here] != 0) stencils.hole.push_back(s);
      if (hole[s.here] + hole[s.up] + hole[s.down] + hole[s.left] + hole[s.right] > 0)
        stencils.around.push_back(s);
    }
  return stencils;
}

double laplacian(const std::vector<double>& v, const Stencil& s) {
  return v[s.up] + v[s.down] + v[s.left] + v[s.right] - 4.0 * v[s.here];
}

/// ∇L·∇⊥I with central differences, ∇⊥ = (−∂_y, ∂_x).
double transport(const std::vector<double>& smoothness, const std::vector<double>& v,
                 const Stencil& s) {
  const double l_x = smoothness[s.right] - smoothness[s.left];
  const double l_y = smoothness[s.down] - smoothness[s.up];
  return 0.25 * (l_y * (v[s.right] - v[s.left]) - l_x * (v[s.down] - v[s.up]));
}

/// ∇·(g ∇I), g = 1 / (1 + (|∇I| / edge)²) between two pixels.
double diffusion(const std::vector<double>& v, const Stencil& s, double edge) {
  const auto flow = [&](size_t from) {
    const double slope = v[from] - v[s.here];
    return slope / (1.0 + slope * slope / (edge * edge));
  };
  return flow(s.up) + flow(s.down) + flow(s.left) + flow(s.right);
}

/// Steps of explicit Euler until the picture stands still.
void evolve(Plane& plane, const NavierStokesOptions& options) {
  const Stencils stencils = stencils_of(plane);
  std::vector<double>& v = plane.values;
  std::vector<double> smoothness(v.size(), 0.0), change(stencils.hole.size());
  for (int step = 0; step < options.max_steps; ++step) {
    for (const Stencil& s : stencils.around) smoothness[s.here] = laplacian(v, s);
    for (size_t i = 0; i < change.size(); ++i)
      change[i] = transport(smoothness, v, stencils.hole[i]) +
                  options.viscosity * diffusion(v, stencils.hole[i], options.edge);
    double fastest = 0.0;
    for (size_t i = 0; i < change.size(); ++i) {
      double& value = v[stencils.hole[i].here];
      const double next = std::clamp(value + options.time_step * change[i], 0.0, 1.0);
      fastest = std::max(fastest, std::abs(next - value));
      value = next;
    }
    if (fastest < options.tolerance * options.time_step) return;
  }
}

/// Half the height and width: a pixel is the mean of the known ones among its 4, and part of the
/// hole where there are none.
Plane halved(const Plane& fine) {
  Plane coarse{(fine.height + 1) / 2, (fine.width + 1) / 2, {}, {}};
  for (int64_t row = 0; row < coarse.height; ++row)
    for (int64_t column = 0; column < coarse.width; ++column) {
      double sum = 0.0, known = 0.0;
      for (int64_t y = 2 * row; y < std::min(2 * row + 2, fine.height); ++y)
        for (int64_t x = 2 * column; x < std::min(2 * column + 2, fine.width); ++x) {
          if (fine.hole[fine.at(y, x)] != 0) continue;
          sum += fine.values[fine.at(y, x)];
          known += 1.0;
        }
      coarse.hole.push_back(known == 0.0);
      coarse.values.push_back(known == 0.0 ? 0.0 : sum / known);
    }
  return coarse;
}

/// From the scale at which the hole has gone back to the full one.
void fill(Plane& plane, const NavierStokesOptions& options) {
  if (std::find(plane.hole.begin(), plane.hole.end(), 1) == plane.hole.end()) return;
  Plane coarse = halved(plane);
  fill(coarse, options);
  for (int64_t row = 0; row < plane.height; ++row)
    for (int64_t column = 0; column < plane.width; ++column)
      if (plane.hole[plane.at(row, column)] != 0)
        plane.values[plane.at(row, column)] = coarse.values[coarse.at(row / 2, column / 2)];
  evolve(plane, options);
}

}  // namespace

Tensor navier_stokes_fill(const Tensor& picture, const Tensor& mask, NavierStokesOptions options) {
  constexpr int64_t kMargin = 16;  // so that coarse scales see known pixels around the hole
  HoleWindow window = hole_window("navier_stokes_fill", picture, mask, kMargin);
  const auto channels = static_cast<size_t>(window.channels);
  for (size_t c = 0; c < channels && !window.hole.empty(); ++c) {
    Plane plane{window.height, window.width, window.hole, {}};
    for (size_t i = 0; i < window.hole.size(); ++i)
      plane.values.push_back(window.values[i * channels + c]);
    fill(plane, options);
    for (size_t i = 0; i < window.hole.size(); ++i)
      window.values[i * channels + c] = plane.values[i];
  }
  return with_hole_filled(picture, window);
}

}  // namespace kintsugi
