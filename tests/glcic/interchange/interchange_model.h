#pragma once
#include "glcic/model.h"
#include "tensor/ops.h"

namespace kintsugi {

/// A small network whose normalisation is not the identity: every weight and running statistic is
/// drawn.
inline Model drawn_model(bool mean_subtracted = false) {
  Model model = make_model(16, 4, 5, Tensor::from({0.5, 0.4, 0.3}, {3}));
  model.discriminators = nullptr;
  model.mean_subtracted = mean_subtracted;
  Generator generator{.seed = 21};
  StateDict drawn = model.completion->save();
  for (auto& [name, tensor] : drawn)
    if (name.ends_with("norm.weight") || name.ends_with("running_var"))
      tensor = uniform(tensor.shape(), 0.5, 1.5, generator);
    else if (name.ends_with("norm.bias"))  // mostly positive: no channel is dead behind its ReLU
      tensor = uniform(tensor.shape(), 0, 1, generator);
    else if (name.ends_with("conv.weight"))  // of a size that carries the picture through 17 layers
      tensor = ops::affine(tensor, 8, 0);
    else
      tensor = uniform(tensor.shape(), -0.25, 0.25, generator);
  model.completion->load(drawn);
  model.completion->eval();
  return model;
}

}  // namespace kintsugi
