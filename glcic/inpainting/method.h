#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace kintsugi {

/// What a method may use besides the picture and its mask.
struct FillOptions {
  Tensor mean_pixel = {};  ///< [3]: the mean colour of a training set; undefined: the picture's own
  uint64_t seed = 1;       ///< of the methods that draw random numbers
};

/// A way to fill holes that learns nothing: what GLCIC is compared with (Iizuka et al. 2017, §5.1).
struct FillMethod {
  std::string name;   ///< on the command line: "mean-colour", "telea", …
  std::string title;  ///< in tables: "mean colour", "Telea", …
  /// picture [H, W, 3], RGB in [0, 1], mask [H, W, 1], 1 = hole → [H, W, 3] in [0, 1], the picture
  /// bit for bit outside of the hole. On the CPU, on the calling thread alone where others run
  /// beside it; the same inputs give the same bits for any number of threads. Throws ShapeError
  /// where the shapes disagree, Error where the hole is empty or covers the whole picture.
  std::function<Tensor(const Tensor& picture, const Tensor& mask, const FillOptions&)> fill;
};

/// In the order in which tables list them.
const std::vector<FillMethod>& fill_methods();
/// Throws Error, with the names that there are, for another name.
const FillMethod& fill_method(const std::string& name);

}  // namespace kintsugi
