#pragma once
#include <memory>

#include "glcic/inspection/layered_network.h"
#include "glcic/model.h"

namespace kintsugi {

/// GLCIC's completion network of width 2 in float64, all of whose weights are positive, so that no
/// ReLU stops a signal: whatever a unit can depend on, it does.
inline Model positive_model() {
  Generator generator{.seed = 5};
  Model model;
  model.completion = std::make_shared<CompletionNetwork>(2, generator);
  for (const StateEntry& entry : model.completion->state()) {
    Variable variable = entry.variable;
    const double taps = static_cast<double>(variable.value().numel());
    if (entry.name.ends_with("conv.weight"))
      variable.set_value(uniform(variable.shape(), 1 / taps, 4 / taps, generator));
  }
  model.completion->to(DType::float64);
  model.completion->eval();
  model.completion->set_frozen(true);
  model.mean_pixel = Tensor::from({0.5, 0.4, 0.3}, {3}, {.dtype = DType::float64});
  return model;
}

}  // namespace kintsugi
