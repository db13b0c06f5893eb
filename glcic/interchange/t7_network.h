#pragma once
#include <optional>

#include "glcic/interchange/t7.h"
#include "layers/module.h"

namespace kintsugi {

/// Weights of GLCIC's completion network from a file of Torch7, as the authors released theirs:
/// {model = …, mean = …}, or the model alone. The model is an nn.Sequential, which may nest, of 17
/// convolutions (nn.SpatialConvolution, …ConvolutionMM, SpatialDilatedConvolution,
/// SpatialFullConvolution; cudnn's as well), each followed by nn.SpatialBatchNormalization and
/// nn.ReLU, the last by nn.Sigmoid.
///
/// Returns them under the names of files, with mean_pixel from `mean` (three numbers), or
/// `mean_pixel` [3] where it is given, and mean_subtracted: such a network sees RGB − mean with the
/// hole at 0. Throws Error that names the file and the module where anything is not as above, has
/// another shape, stride, padding or dilation than GLCIC's, or an eps other than 1e-5.
StateDict weights_of_t7(const T7File& file, const std::optional<Tensor>& mean_pixel);

}  // namespace kintsugi
