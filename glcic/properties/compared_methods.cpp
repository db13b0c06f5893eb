#include "glcic/properties/compared_methods.h"

#include <set>

#include "glcic/completer.h"
#include "glcic/image_ops.h"
#include "glcic/inpainting/method.h"
#include "glcic/post_processing.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

ComparedMethod learned_method(const NamedModel& system, const std::string& post_name) {
  const Post post = post_from_string(post_name);
  return {.name = post == Post::none ? system.name : system.name + " + " + post_name,
          .complete =
              [model = system.model, post](const Tensor& picture, const Tensor& mask) {
                return complete(model, picture, mask, {.post = post}).composite;
              },
          .only_size = system.model.only_size};
}

ComparedMethod unlearned_method(const FillMethod& method, const FillOptions& options) {
  return {.name = method.title,
          .complete = [fill = method.fill, options](const Tensor& picture, const Tensor& mask) {
            return fill(picture, mask, options);
          }};
}

Tensor complete_at_any_size(const ComparedMethod& method, const Tensor& picture,
                            const Tensor& mask) {
  const int64_t height = picture.size(0), width = picture.size(1), size = method.only_size;
  if (size == 0 || (height == size && width == size)) return method.complete(picture, mask);
  const Tensor small =
      method.complete(resize_image(picture, size, size), resize_mask(mask, size, size));
  return ops::where(mask, resize_image(small, height, width), picture);
}

}  // namespace

std::vector<ComparedMethod> compared_methods(const std::vector<NamedModel>& systems,
                                             const std::vector<std::string>& posts) {
  std::vector<ComparedMethod> methods;
  FillOptions options;
  for (const NamedModel& system : systems) {
    if (methods.empty()) {
      options.mean_pixel = system.model.mean_pixel.to(Device::cpu).to(DType::float32);
      for (const std::string& post : posts) methods.push_back(learned_method(system, post));
    } else {
      methods.push_back(learned_method(system, "none"));
    }
  }
  for (const FillMethod& method : fill_methods())
    methods.push_back(unlearned_method(method, options));

  std::set<std::string> names;
  for (const ComparedMethod& method : methods)
    check(names.insert(method.name).second, "two methods are called \"{}\"", method.name);
  return methods;
}

MethodSheet method_sheet(const std::vector<ComparedMethod>& methods, const Tensor& picture,
                         const Tensor& mask) {
  const Tensor masked = fill_method("mean-colour").fill(picture, mask, {});
  MethodSheet sheet{{"picture", "masked"}, {picture, masked}};
  for (const ComparedMethod& method : methods) {
    sheet.names.push_back(method.name);
    sheet.pictures.push_back(complete_at_any_size(method, picture, mask));
  }
  return sheet;
}

Tensor resize_mask(const Tensor& mask, int64_t height, int64_t width) {
  const Tensor shares = resize_image(mask, height, width);
  const Tensor resized = Tensor::zeros(shares.shape());
  for (int64_t i = 0; i < shares.numel(); ++i)
    if (shares.data<float>()[i] > 0.0f) resized.data<float>()[i] = 1.0f;
  return resized;
}

}  // namespace kintsugi
