#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "glcic/evaluation.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// A way to complete pictures, learned or not, under the name that tables give it.
struct ComparedMethod {
  std::string name;
  /// picture [H, W, 3] float32, RGB in [0, 1], mask [H, W, 1], 1 = hole → [H, W, 3], the picture
  /// bit for bit outside of the hole. Throws Error, in one sentence, for a picture that it does not
  /// take.
  std::function<Tensor(const Tensor& picture, const Tensor& mask)> complete;
  int64_t only_size = 0;  ///< the side of all pictures that it takes; 0: any size
};

/// The learned systems, the first one with each of the post-processings (Post, by name), then all
/// of fill_methods(); the mean colour is that of the first system. Throws Error where two would
/// have one name, or for an unknown post-processing.
std::vector<ComparedMethod> compared_methods(const std::vector<NamedModel>& systems,
                                             const std::vector<std::string>& posts = {"none"});

/// A picture with its hole in the mean of the known pixels, and what each method makes of it.
struct MethodSheet {
  std::vector<std::string> names;  ///< "picture", "masked", then the methods'
  std::vector<Tensor> pictures;    ///< of one shape
};

/// Completes one picture by every method. A method that takes one size alone gets the picture
/// scaled to it, and its filling is scaled back: what its users do, and what it costs shows.
MethodSheet method_sheet(const std::vector<ComparedMethod>& methods, const Tensor& picture,
                         const Tensor& mask);

/// Of another size: a pixel is hole where any pixel that goes into it is. [H, W, 1] → [h, w, 1]
Tensor resize_mask(const Tensor& mask, int64_t height, int64_t width);

}  // namespace kintsugi
