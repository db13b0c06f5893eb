#include "glcic/inspection/inspection.h"

#include <fmt/core.h>

#include <cmath>

#include "autograd/ops.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

Tensor batch_of_one(const Tensor& x, TensorOptions where) {
  return x.reshape({1, x.size(0), x.size(1), x.size(2)}).to(where.dtype).to(where.device);
}

std::vector<Corner> shifts_of(int64_t samples) {
  if (samples <= 4) {
    std::vector<Corner> shifts{{0, 0}, {-4, -4}, {4, -4}, {-4, 4}};
    shifts.resize(static_cast<size_t>(samples));
    return shifts;
  }
  return shift_grid(std::lround(std::sqrt(static_cast<double>(samples))));
}

struct FieldTask {
  const LayeredNetwork& network;
  const Tensor& input;
  const Hole& box;
  const InspectionOptions& options;
  const char* title;
};

FieldInspection inspect_field(const FieldTask& task) {
  const NamedModules& layers = task.network.layers;
  FieldInspection field{.walk = walk_fields(layers, task.input.shape(), task.box)};
  field.side = field.walk.back().side;
  field.spans = first_spanning(field.walk, task.box);
  Generator generator{.seed = 1};
  for (size_t i = 0; i < layers.size(); ++i) {
    const bool is_last = i + 1 == layers.size();
    if (task.options.progress)
      task.options.progress(
          fmt::format("{}: effective field, layer {} of {}", task.title, i + 1, layers.size()));
    const NamedModules first(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    const std::vector<Corner> shifts =
        shifts_of(is_last ? task.options.output_samples : task.options.layer_samples);
    field.effective.push_back(
        effective_field(first, task.input, field.walk[i].unit, shifts, generator));
  }
  return field;
}

}  // namespace

Inspection inspect(const Model& model, InspectedPicture picture, Discriminators* judge,
                   const InspectionOptions& options) {
  const TensorOptions where = model.mean_pixel.options();
  const Tensor images = batch_of_one(picture.rgb, where), masks = batch_of_one(picture.mask, where);
  const Tensor input = completion_input(images, masks, model.mean_pixel, model.mean_subtracted);
  Inspection result{
      .box = bounding_box(picture.mask),
      .masked = ops::where(picture.mask, model.mean_pixel.to(Device::cpu).to(DType::float32),
                           picture.rgb),
      .network = layered_completion(model, input)};
  if (options.progress) options.progress("activations and gradients");
  result.trace = trace_network(result.network, input, [&](const Variable& output) {
    result.output = single(output.value());
    return mse_loss(output, Variable(images), masks);
  });
  result.completed = composite(result.output, picture.rgb, picture.mask);
  // Of other systems, some layers join all places of a map.
  if (model.architecture == &glcic_architecture()) {
    result.field = inspect_field({result.network, input, result.box, options, "the network"});
    if (is_dilated(result.network))
      result.plain = inspect_field({with_dilation_1(result.network), input, result.box, options,
                                    "the same with dilation 1"});
  }
  if (judge != nullptr) {
    if (options.progress) options.progress("discriminators");
    result.judge = trace_judge(*judge, picture.rgb, result.completed, picture.mask);
  }
  result.picture = std::move(picture);
  return result;
}

}  // namespace kintsugi
