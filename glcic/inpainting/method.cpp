#include "glcic/inpainting/method.h"

#include <algorithm>

#include "glcic/inpainting/poisson.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

Tensor fill_with_mean(const Tensor& picture, const Tensor& mask, const FillOptions& options) {
  Tensor mean = options.mean_pixel;
  if (!mean.defined()) {
    const Tensor known = ops::subtract(Tensor::full(mask.shape(), 1.0), mask);
    const Tensor sums = ops::sum(ops::multiply(picture, known), {0, 1}, true);  // [1, 1, 3]
    mean = ops::divide(sums, ops::sum(known));
  }
  return ops::where(mask, mean.to(Device::cpu).to(picture.dtype()).reshape({1, 1, 3}), picture);
}

}  // namespace

const std::vector<FillMethod>& fill_methods() {
  static const std::vector<FillMethod> methods{
      {"mean-colour", "mean colour", fill_with_mean},
      {"diffusion", "diffusion",
       [](const Tensor& picture, const Tensor& mask, const FillOptions&) {
         return diffusion_fill(picture, mask);
       }},
  };
  return methods;
}

const FillMethod& fill_method(const std::string& name) {
  std::string names;
  for (const FillMethod& method : fill_methods()) {
    if (method.name == name) return method;
    names += (names.empty() ? "" : ", ") + method.name;
  }
  throw Error(fmt::format("\"{}\" is not a method: {}", name, names));
}

}  // namespace kintsugi
