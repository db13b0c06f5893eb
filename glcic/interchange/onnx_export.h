#pragma once
#include <string>

#include "glcic/model.h"

namespace kintsugi {

/// What an ONNX file computes.
enum class OnnxGraph {
  /// `image` [N, 3, H, W], RGB in [0, 1], and `mask` [N, 1, H, W], over 0.5 where the hole is →
  /// `completed` [N, 3, H, W]: the image outside of the hole, C's output inside. Any N, H and W:
  /// the mean fill, the padding to multiples of 4 and the composite are in the graph, as
  /// complete() does them without post-processing.
  completion,
  /// C alone: `input` [N, 4, H, W], the image with the hole set to the mean pixel (less the mean
  /// pixel where the model is mean_subtracted), then the mask → `output` [N, 3, H, W] in (0, 1).
  /// H and W multiples of 4.
  network,
};

/// The bytes of an ONNX file (IR version 7, operator set 13) with C at inference, in float32 and
/// channels first. Batch normalisation stays a node of its own, so that every weight is in the file
/// under the name and with the numbers that it has here, in PyTorch's layout; programs that run the
/// file fold it themselves. Throws Error for networks other than GLCIC's.
std::string format_onnx(const Model& model, OnnxGraph kind);
/// Writes that file, whole or not at all.
void write_onnx(const std::string& path, const Model& model, OnnxGraph kind);

}  // namespace kintsugi
