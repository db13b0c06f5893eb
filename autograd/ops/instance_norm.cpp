// Instance normalisation (Ulyanov et al. 2016): each channel of each picture on its own brought to
// mean 0 and variance 1 over its pixels, then given the scale γ and the shift β of its channel.
//
// A picture's contrast is taken out, and no picture depends on the others of its batch. It is the
// normalisation of normalise.cpp, where the derivative is, with a group for each picture: [N, H·W,
// C].
#include "autograd/ops/normalise.h"
#include "tensor/error.h"

namespace kintsugi {

Normalised instance_norm(const Variable& x, const Variable& gamma, const Variable& beta, double eps,
                         bool relu) {
  check_shape(x.shape().rank() == 4, "instance_norm: x {} must have 4 axes, [N, H, W, C]",
              x.shape());
  return normalise("instance_norm", x, {x.size(0), x.size(1) * x.size(2), x.size(3)}, gamma, beta,
                   eps, relu);
}

namespace {

const RegisterOp registered{
    {.name = "instance_norm",
     .formula = "(x − mean(x)) / √(var(x) + eps)·γ + β for each channel of each picture",
     .derivative = "dx = γ·r·(dy − (Σ dy + x̂·Σ dy·x̂) / M), dγ = Σ dy·x̂, dβ = Σ dy",
     .samples = normalisation_samples(instance_norm, {2, 3, 2, 2})}};

}  // namespace

}  // namespace kintsugi
