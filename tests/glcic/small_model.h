#pragma once
#include <memory>

#include "glcic/model.h"
#include "tests/device.h"

namespace kintsugi {

inline Model moved_to(Device device, Model model) {
  model.completion->to(device);
  if (model.discriminators) model.discriminators->to(device);
  model.mean_pixel = model.mean_pixel.to(device);
  return model;
}

/// A small network that no one has trained, without discriminators, on the device of the tests.
inline Model small_model() {
  Generator generator{.seed = 11};
  Model model;
  model.completion = std::make_shared<CompletionNetwork>(4, generator);
  model.mean_pixel = Tensor::from({0.5, 0.4, 0.3}, {3});
  return moved_to(test_device(), model);
}

}  // namespace kintsugi
