#pragma once
#include <span>

#include "glcic/inspection/fields.h"
#include "glcic/inspection/layered_network.h"

/// Effective receptive fields (Luo, Li, Urtasun & Zemel, "Understanding the Effective Receptive
/// Field in Deep Convolutional Neural Networks", NeurIPS 2016): how much each input pixel really
/// moves a unit.
namespace kintsugi {

struct EffectiveField {
  /// [H, W] float32: mean over samples of Σ_{R,G,B} |∂⟨v, y(u)⟩/∂x|, divided by its maximum; all 0
  /// where the unit is dead.
  Tensor influence;
  /// √(number of pixels above 1 − 95.45 % of the maximum): the side of a square of as many (§4).
  double side = 0;
};

/// Of the layers' last map. The unit, and units round it, are each looked at with a random
/// cotangent v over their channels, N(0, 1) each; `shifts`, multiples of 4 pixels of the input, say
/// which; those that leave the map are passed over. Their gradients are laid over each other, unit
/// on unit. input [1, H, W, 4]. Of the input only what the fields hold is computed.
EffectiveField effective_field(const NamedModules& layers, const Tensor& input, const Corner& unit,
                               std::span<const Corner> shifts, Generator& generator);

/// The grid of n × n shifts, 4 pixels apart, with (0, 0) in its middle; n odd.
std::vector<Corner> shift_grid(int64_t n);

/// The mean influence over all pixels at a distance of d … d + step from a pixel (the larger of the
/// distances along both axes), for d = 0, step, …, as far as the picture goes.
std::vector<double> influence_by_distance(const Tensor& influence, const Corner& pixel,
                                          int64_t step);

}  // namespace kintsugi
