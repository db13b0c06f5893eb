#include "glcic/properties/comparison.h"

#include <algorithm>
#include <charconv>

#include "glcic/image_ops.h"
#include "glcic/mask.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

Tensor middle_half(const PictureSize& size) {
  const Hole hole{.x = size.width / 4,
                  .y = size.height / 4,
                  .width = size.width / 2,
                  .height = size.height / 2};
  return mask_from_holes({&hole, 1}, size.height, size.width);
}

/// Around the middle of a picture of the dataset, whose shorter edge is the longer one of `size`.
Tensor picture_of_size(const Dataset& dataset, const PictureSize& size) {
  const int64_t edge = std::max(size.width, size.height);
  return crop_image(evaluation_picture(dataset, 0, edge), (edge - size.width) / 2,
                    (edge - size.height) / 2, size.width, size.height);
}

/// Throws Error, saying what is wrong, unless `completed` is the picture with another hole.
void check_completed(const Tensor& completed, const Tensor& picture, const Tensor& mask) {
  check(completed.shape() == picture.shape(), "returned {} for {}", completed.shape(),
        picture.shape());
  for (int64_t i = 0; i < picture.numel(); ++i) {
    const float value = completed.data<float>()[i];
    const bool is_hole = mask.data<float>()[i / picture.size(2)] != 0.0f;
    check(is_hole || value == picture.data<float>()[i], "changed a pixel outside of the hole");
    check(value >= 0.0f && value <= 1.0f, "returned the value {}", value);
  }
}

SizeOutcome try_size(const ComparedMethod& method, const PictureSize& size, const Tensor& picture) {
  const Tensor mask = middle_half(size);
  try {
    check_completed(method.complete(picture, mask), picture, mask);
  } catch (const Error& error) {
    return {size, error.what()};
  }
  return {size, ""};
}

/// The figures of all pictures, each as an estimate.
std::vector<Estimate> estimates(const std::vector<Properties>& pictures) {
  std::vector<Estimate> figures;
  for (const PropertyInfo& info : property_infos()) {
    std::vector<double> values;
    for (const Properties& properties : pictures) values.push_back(properties.*info.value);
    figures.push_back(estimate(values));
  }
  return figures;
}

void try_sizes(const std::vector<ComparedMethod>& methods, const Dataset& dataset,
               Comparison& comparison) {
  for (const PictureSize& size : comparison.options.sizes) {
    const Tensor picture = picture_of_size(dataset, size);
    for (size_t i = 0; i < methods.size(); ++i)
      comparison.methods[i].sizes.push_back(try_size(methods[i], size, picture));
  }
}

void measure_pictures(const std::vector<ComparedMethod>& methods, const Dataset& dataset,
                      Comparison& comparison) {
  const int64_t size = comparison.options.size;
  const Tensor mask = middle_half({size, size});
  const auto takes = [&](const ComparedMethod& method) {
    return method.only_size == 0 || method.only_size == size;
  };
  std::vector<std::vector<Properties>> measured(methods.size());
  for (int64_t n = 0; n < comparison.pictures; ++n) {
    const int64_t index = n * dataset.size() / comparison.pictures;
    const PropertyReference reference = property_reference(evaluation_picture(dataset, index, size),
                                                           mask, comparison.options.scales);
    for (size_t i = 0; i < methods.size(); ++i)
      if (takes(methods[i]))
        measured[i].push_back(
            measure_properties(methods[i].complete(reference.original, mask), reference));
  }
  for (size_t i = 0; i < methods.size(); ++i)
    if (takes(methods[i])) comparison.methods[i].figures = estimates(measured[i]);
}

}  // namespace

PictureSize picture_size_from_string(const std::string& text) {
  PictureSize size;
  const char* end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.width);
  check(width.ec == std::errc{} && width.ptr != end && *width.ptr == 'x',
        "\"{}\" is not a size such as 100x76", text);
  const auto height = std::from_chars(width.ptr + 1, end, size.height);
  check(height.ec == std::errc{} && height.ptr == end, "\"{}\" is not a size such as 100x76", text);
  for (const int64_t side : {size.width, size.height})
    check(side >= 8 && side <= 4096, "a picture of {} has a side that is not in 8 … 4096", text);
  return size;
}

std::string to_string(const PictureSize& size) {
  return fmt::format("{}x{}", size.width, size.height);
}

Comparison compare(const std::vector<ComparedMethod>& methods, const Dataset& dataset,
                   const ComparisonOptions& options) {
  check(dataset.size() > 0, "there are no pictures in this split");
  check(!methods.empty(), "there is no method to compare");
  Comparison comparison{
      options, options.limit == 0 ? dataset.size() : std::min(dataset.size(), options.limit), {}};
  for (const ComparedMethod& method : methods) comparison.methods.push_back({method.name, {}, {}});
  try_sizes(methods, dataset, comparison);
  measure_pictures(methods, dataset, comparison);
  return comparison;
}

}  // namespace kintsugi
