#include "layers/conv_norm_relu.h"

#include <algorithm>
#include <utility>

#include "layers/layer_sample.h"
#include "layers/precision.h"

namespace kintsugi {

ConvNormRelu::ConvNormRelu(std::shared_ptr<Convolution> conv)
    : conv_(add_child("conv", std::move(conv))),
      norm_(add_child("norm", std::make_shared<BatchNorm2d>(
                                  NormOptions{.channels = conv_->options().out, .relu = true}))) {}

Variable ConvNormRelu::forward(const Variable& x) {
  if (is_training() || records(x)) {
    folded_from_.clear();
    folded_ = {};
    const Variable y = is_training() ? conv_->forward_before_norm(x) : (*conv_)(x);
    x.release_value();  // the convolution's backward makes it again
    return (*norm_)(y);
  }
  return conv_->forward_folded(x, folded(), true);
}

FoldedConvolution& ConvNormRelu::folded() {
  std::vector<Tensor> sources;
  for (const StateEntry& entry : state()) sources.push_back(entry.variable.value());
  const bool same =
      folded_.weight.dtype() == operand_dtype(conv_->weight().value()) &&
      std::equal(sources.begin(), sources.end(), folded_from_.begin(), folded_from_.end(),
                 [](const Tensor& a, const Tensor& b) { return a.shares_storage_with(b); });
  if (!same) {
    const BatchNorm2d::Affine affine = norm_->inference_affine();
    folded_ = conv_->fold(affine.scale, affine.shift);
    folded_from_ = std::move(sources);
  }
  return folded_;
}

bool ConvNormRelu::records(const Variable& x) const {
  if (!is_recording()) return false;
  std::vector<Variable> inputs = parameters();
  return x.requires_grad() || std::any_of(inputs.begin(), inputs.end(), [](const Variable& input) {
           return input.requires_grad();
         });
}

std::string ConvNormRelu::describe() const { return conv_->describe() + ", batch norm, ReLU"; }

namespace {

template <class Conv>
Sample block_sample(const ConvolutionOptions& options, std::vector<SampleInput> inputs,
                    const char* label, bool training = true) {
  Shape channels{options.out};
  inputs.push_back({.shape = channels, .zero_gradient = training});  // the norm takes it out again
  inputs.push_back({.shape = channels, .low = 0.5, .high = 1.5});
  inputs.push_back({.shape = channels});
  return layer_sample(
      [options, training](Generator& generator) {
        auto block = std::make_shared<ConvNormRelu>(std::make_shared<Conv>(options, generator));
        block->train(training);
        return block;
      },
      std::move(inputs), label);
}

const RegisterLayer registered{
    {.name = "ConvNormRelu",
     .formula = "max(batch_norm(conv(x)), 0)",
     .derivative = "the chain rule; the convolution's bias has none in training",
     .kinks = {0},
     .samples = {
         block_sample<Conv2d>({.in = 2, .out = 2, .padding = 1},
                              {{.shape = {2, 3, 3, 2}}, {.shape = {3, 3, 2, 2}}}, "training"),
         block_sample<ConvTranspose2d>({.in = 2, .out = 2, .kernel = 4, .stride = 2, .padding = 1},
                                       {{.shape = {1, 2, 2, 2}}, {.shape = {4, 4, 2, 2}}},
                                       "training, transposed"),
         block_sample<Conv2d>({.in = 2, .out = 2, .padding = 1},
                              {{.shape = {1, 3, 3, 2}}, {.shape = {3, 3, 2, 2}}},
                              "inference, against the folded weights", false)}}};

}  // namespace

}  // namespace kintsugi
