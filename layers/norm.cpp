#include "layers/norm.h"

#include <array>

#include "autograd/checkpoint.h"
#include "autograd/ops.h"
#include "layers/layer_sample.h"
#include "layers/own_value.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

void check_channels(const char* op, const NormOptions& options) {
  check(options.channels > 0, "{}: {} channels; there must be 1 or more", op, options.channels);
}

void check_input(const char* op, const Shape& shape, int64_t channels) {
  check_shape(shape.rank() >= 2 && shape[-1] == channels,
              "{}: input {} does not end in {} channels", op, shape, channels);
}

std::string describe_norm(const char* kind, const NormOptions& options) {
  return fmt::format("{}{}, {}", kind, options.relu ? " + ReLU" : "", options.channels);
}

}  // namespace

BatchNorm2d::BatchNorm2d(const NormOptions& options) : options_(options) {
  check_channels("BatchNorm2d", options);
  Shape shape{options.channels};
  add_parameter("weight", weight_, Tensor::full(shape, 1));
  add_parameter("bias", bias_, Tensor::zeros(shape));
  add_buffer("running_mean", running_mean_, Tensor::zeros(shape));
  add_buffer("running_var", running_var_, Tensor::full(shape, 1));
}

Variable BatchNorm2d::forward(const Variable& x) {
  check_input("BatchNorm2d", x.shape(), options_.channels);
  if (!is_training()) {
    Variable y = batch_norm_inference(x, weight_, bias_, running_mean_.value(),
                                      running_var_.value(), options_.eps);
    return options_.relu ? relu(y) : y;
  }
  const int64_t batches = ghost_batches();
  const int64_t count = x.value().numel() / options_.channels / batches;  // values of each channel
  check(count > 1, "BatchNorm2d: input {} has {} value a channel; training needs 2 or more",
        x.shape(), count);
  const Normalised normalised = batch_norm(x, weight_, bias_, options_.eps, options_.relu, batches);
  for (int64_t batch = 0; batch < batches; ++batch) {
    const auto of_batch = [&](const Tensor& statistics) {
      return batches == 1 ? statistics
                          : ops::slice(statistics, 0, batch, 1).reshape({options_.channels});
    };
    move_running_statistics(of_batch(normalised.mean), of_batch(normalised.variance), count);
  }
  return normalised.y;
}

void BatchNorm2d::move_running_statistics(const Tensor& mean, const Tensor& variance,
                                          int64_t count) {
  // lab 8: begin the running statistics move towards the batch's
  if (is_frozen() || is_recomputing()) return;
  const auto n = static_cast<double>(count);
  const std::array<ParameterStep, 2> averages{
      {{.weight = own_value(running_mean_), .grad = mean, .slots = {}},
       {.weight = own_value(running_var_),
        .grad = ops::affine(variance, n / (n - 1), 0),
        .slots = {}}}};
  backend(mean.device()).average_step(averages, options_.momentum);
  // lab 8: end
}

std::string BatchNorm2d::describe() const { return describe_norm("batch norm", options_); }

BatchNorm2d::Affine BatchNorm2d::inference_affine() const {
  Tensor deviation = ops::sqrt(ops::affine(running_var_.value(), 1, options_.eps));
  Tensor scale = ops::divide(weight_.value(), deviation);
  return {scale, ops::subtract(bias_.value(), ops::multiply(running_mean_.value(), scale))};
}

InstanceNorm2d::InstanceNorm2d(const NormOptions& options) : options_(options) {
  check_channels("InstanceNorm2d", options);
  add_parameter("weight", weight_, Tensor::full({options.channels}, 1));
  add_parameter("bias", bias_, Tensor::zeros({options.channels}));
}

Variable InstanceNorm2d::forward(const Variable& x) {
  check_input("InstanceNorm2d", x.shape(), options_.channels);
  return instance_norm(x, weight_, bias_, options_.eps, options_.relu).y;
}

std::string InstanceNorm2d::describe() const { return describe_norm("instance norm", options_); }

namespace {

template <class Layer>
Sample norm_sample(const NormOptions& options, const Shape& input, const char* label,
                   bool training = true) {
  Shape channels{options.channels};
  return layer_sample(
      [options, training](Generator&) {
        auto layer = std::make_shared<Layer>(options);
        layer->train(training);
        return layer;
      },
      {{.shape = input}, {.shape = channels, .low = 0.5, .high = 1.5}, {.shape = channels}}, label);
}

const RegisterLayer batch_norm_layer{
    {.name = "BatchNorm2d",
     .formula = "(x − mean)/√(var + eps)·weight + bias, over all axes but the last",
     .derivative = "that of batch_norm; at inference mean and var are constants",
     .kinks = {0},
     .samples = {
         norm_sample<BatchNorm2d>({.channels = 3}, {2, 3, 2, 3}, "training"),
         norm_sample<BatchNorm2d>({.channels = 3, .relu = true}, {2, 3, 2, 3}, "training, ReLU"),
         norm_sample<BatchNorm2d>({.channels = 3}, {2, 3, 2, 3}, "inference", false),
         norm_sample<BatchNorm2d>({.channels = 3, .relu = true}, {2, 3, 2, 3}, "inference, ReLU",
                                  false)}}};

const RegisterLayer instance_norm_layer{
    {.name = "InstanceNorm2d",
     .formula = "(x − mean)/√(var + eps)·weight + bias, over H and W",
     .derivative = "that of instance_norm",
     .kinks = {0},
     .samples = {
         norm_sample<InstanceNorm2d>({.channels = 3}, {2, 3, 2, 3}, "plain"),
         norm_sample<InstanceNorm2d>({.channels = 3, .relu = true}, {2, 3, 2, 3}, "ReLU")}}};

}  // namespace

}  // namespace kintsugi
