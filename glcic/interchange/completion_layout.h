#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "layers/conv2d.h"
#include "layers/module.h"

/// What weights of GLCIC's completion network must look like before a network is made for them.
namespace kintsugi {

/// The shape of every weight and running statistic in a file, by name, for a base width, an even
/// number.
std::map<std::string, Shape> completion_shapes(int64_t width);

/// A layer's convolution: its name in files, "completion.layer13", how it walks, and whether
/// normalisation and ReLU follow (else a sigmoid).
struct CompletionLayer {
  std::string name;
  Footprint step;
  bool normalised;
};
/// All 17.
std::vector<CompletionLayer> completion_layers();

/// Throws Error that names `origin` (a file) and the entry unless `weights` has all of these names,
/// in their shapes for the width of its first layer. `source_names`: what entries are called in the
/// file, where that is something else.
void check_completion(const StateDict& weights, const std::string& origin,
                      const std::map<std::string, std::string>& source_names);

/// A mean pixel as files hold it: float32 [3]. Throws Error, naming `origin`, where `mean` is not
/// three numbers from 0 to 1.
Tensor checked_mean_pixel(const Tensor& mean, const std::string& origin);

}  // namespace kintsugi
