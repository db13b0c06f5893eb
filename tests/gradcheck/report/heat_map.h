#pragma once
#include <string>

#include "tests/gradcheck/run.h"

/// Gradients as pictures: one cell for each element. An element [i, j, k, l] is in the tile of row
/// i and column j, and there in row k and column l; fewer axes, fewer of these. Colours are told
/// apart by colour-blind eyes, too, and have names in words beside the scale.
namespace kintsugi {

/// Relative errors, by their logarithm: from dark blue at 1e-16 to pale at `tolerance`, above it
/// from orange to dark red at 1; black where there is no number, grey what a kink excluded.
std::string error_map(const gradcheck_run::InputMap& map, double tolerance);
/// The expected gradient and the one that was got, on one scale: blue below zero, white at zero,
/// orange above. Only where the map has them.
std::string gradient_maps(const gradcheck_run::InputMap& map);

/// What the colours of error_map mean, as an <svg>.
std::string error_scale(double tolerance);

/// "[2, 3, 4]"
std::string shape_text(const gradcheck_run::Extents& shape);

}  // namespace kintsugi
