#include "glcic/inpainting/method.h"

#include <utility>

#include "glcic/inpainting/navier_stokes.h"
#include "glcic/inpainting/patch_completion.h"
#include "glcic/inpainting/poisson.h"
#include "glcic/inpainting/telea.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

/// The filling after the checks that all methods share.
template <class Fill>
FillMethod method(std::string name, std::string title, Fill fill) {
  const auto checked = [name, fill](const Tensor& picture, const Tensor& mask,
                                    const FillOptions& options) {
    check_shape(picture.rank() == 3 && picture.size(2) == 3 && picture.numel() > 0,
                "{}: a picture is [H, W, 3], not {}", name, picture.shape());
    check_shape(mask.shape() == picture.shape().with(2, 1), "{}: mask {} does not fit picture {}",
                name, mask.shape(), picture.shape());
    check(ops::max(mask).item() > 0.0, "{}: the mask is empty, there is nothing to fill", name);
    check(ops::sum(mask).item() < static_cast<double>(mask.numel()),
          "{}: the hole covers the whole picture, so that there is nothing to fill it from", name);
    return fill(picture, mask.to(picture.dtype()), options);
  };
  return {name, std::move(title), checked};
}

Tensor fill_with_mean(const Tensor& picture, const Tensor& mask, const FillOptions& options) {
  Tensor mean = options.mean_pixel;
  if (!mean.defined()) {
    const Tensor known = ops::subtract(Tensor::full(mask.shape(), 1.0, mask.options()), mask);
    const Tensor sums = ops::sum(ops::multiply(picture, known), {0, 1}, true);  // [1, 1, 3]
    mean = ops::divide(sums, ops::sum(known));
  }
  return ops::where(mask, mean.to(Device::cpu).to(picture.dtype()).reshape({1, 1, 3}), picture);
}

}  // namespace

const std::vector<FillMethod>& fill_methods() {
  static const std::vector<FillMethod> methods{
      method("mean-colour", "mean colour", fill_with_mean),
      method("diffusion", "diffusion",
             [](const Tensor& picture, const Tensor& mask, const FillOptions&) {
               return diffusion_fill(picture, mask);
             }),
      method("telea", "Telea",
             [](const Tensor& picture, const Tensor& mask, const FillOptions&) {
               return telea_fill(picture, mask);
             }),
      method("navier-stokes", "Navier-Stokes",
             [](const Tensor& picture, const Tensor& mask, const FillOptions&) {
               return navier_stokes_fill(picture, mask);
             }),
      method("patchmatch", "PatchMatch",
             [](const Tensor& picture, const Tensor& mask, const FillOptions& options) {
               return patch_completion(picture, mask, {.seed = options.seed});
             }),
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
