#pragma once
#include <cstdint>
#include <vector>

#include "layers/conv2d.h"

namespace kintsugi {

/// One filter of a layer, among the others.
struct FilterUse {
  int64_t channel = 0;    ///< of the output
  double norm = 0;        ///< ‖w‖ over all its weights
  int64_t most_used = 0;  ///< the input channel whose kernel has the largest norm
  double share = 0;       ///< of ‖w‖², that kernel's
};

/// A convolution's weights, summed up. CPU, float32.
struct FilterSummary {
  Tensor norms;  ///< [out, in]: the norm of the kernel from one input channel to one output channel
  Tensor taps;   ///< [kh, kw]: each tap's part of Σ w²; they add up to 1
  std::vector<FilterUse> uses{};  ///< of all output channels, the largest norm first
};
FilterSummary summarise_filters(const Convolution& conv);

/// The weights as [kh, kw, in, out], whichever way the convolution runs.
Tensor weights_by_input(const Convolution& conv);

}  // namespace kintsugi
