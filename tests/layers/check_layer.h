#pragma once
#include "layers/module.h"
#include "tests/reference.h"

namespace kintsugi {

/// Maps of a reference case as they lie here, [N, H, W, C]; other tensors as they are.
Tensor maps_here(const Tensor& tensor);

/// Loads the case's weights into the layer, runs it forward and backward in float64, and compares
/// output and all gradients with PyTorch's, those of parameters in the layout of files.
void check_layer(Module& layer, const ReferenceCase& expected);

}  // namespace kintsugi
