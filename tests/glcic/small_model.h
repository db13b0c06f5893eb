#pragma once
#include <memory>

#include "glcic/model.h"

namespace kintsugi {

/// A small network that no one has trained, without discriminators.
inline Model small_model() {
  Generator generator{.seed = 11};
  Model model;
  model.completion = std::make_shared<CompletionNetwork>(4, generator);
  model.mean_pixel = Tensor::from({0.5, 0.4, 0.3}, {3});
  return model;
}

}  // namespace kintsugi
