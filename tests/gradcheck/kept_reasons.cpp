#include <string_view>
#include <utility>

#include "tests/gradcheck/kept_memory.h"

namespace kintsugi {

namespace {

constexpr const char* kLinear =
    "Nothing: it is linear, so its derivative is the same for every input. Shapes suffice.";
constexpr const char* kFixedPlaces =
    "Nothing: it only moves numbers, and where to is known from shapes and options.";
constexpr const char* kProduct =
    "Both factors: a product is linear in either, with the other as its slope. The factor of an "
    "input that needs no gradient is not read.";
constexpr const char* kConvolution =
    "x and the weight: it is bilinear, so each one's gradient is a convolution of dy with the "
    "other. "
    "The patches that the product is made of are not kept, they are cut again. The bias is not "
    "read.";
constexpr const char* kNormalisation =
    "x, and for each channel mean, variance and 1/√(variance + eps), which are small: x̂ is made "
    "again from them. With a fused ReLU the output, too, as the mask. The output itself can be let "
    "go and made again (release_value).";
constexpr const char* kOutput =
    "The output: its derivative is a formula in y, and y is kept anyway, as the next op's input.";
constexpr const char* kMask =
    "The output, as a mask: y > 0 says where x > 0, so x need not be kept for it.";
constexpr const char* kAgain =
    "All its inputs: its own derivative, which only second derivatives need, runs the formula "
    "again "
    "in ops.";
constexpr const char* kIndex =
    "Which element of each window was the largest, one small integer for each output; not x.";

constexpr std::pair<std::string_view, const char*> kReasons[] = {
    {"BatchNorm2d", kNormalisation},
    {"ChannelwiseLinear", kProduct},
    {"Conv2d", kConvolution},
    {"ConvNormRelu",
     "x and the weight for the convolution; the convolution's output, with the channels' "
     "statistics, "
     "for the normalisation; the output, as the mask of the ReLU. x itself is let go between the "
     "two "
     "passes where it can be made again: a network of such blocks keeps one map a layer, not two."},
    {"ConvTranspose2d", kConvolution},
    {"Flatten", kFixedPlaces},
    {"InstanceNorm2d", kNormalisation},
    {"LeakyRelu", kMask},
    {"Linear",
     "x and the weight, the factors of the product. The bias is not read: its gradient is "
     "the sum of dy over the rows."},
    {"Relu", kMask},
    {"Sequential",
     "What each of its layers keeps; one layer's output is the next one's input, and "
     "in memory once."},
    {"Sigmoid", kOutput},
    {"Softplus", "x: its slope is sigmoid(x)."},
    {"Tanh", kOutput},
    {"abs", "x, for its sign."},
    {"add", kLinear},
    {"affine", kLinear},
    {"avg_pool2d", kLinear},
    {"avg_pool2d_grad", kLinear},
    {"batch_norm", kNormalisation},
    {"batch_norm_inference",
     "x, the scale, and the given statistics: with these constant it is a straight line, whose "
     "slope "
     "dx takes, and dγ takes x̂."},
    {"bce_with_logits",
     "x and the target: the slope is σ(x) − t. One pass makes loss and no map "
     "between, so nothing else is there to keep."},
    {"bce_with_logits_grad", kAgain},
    {"broadcast_to", kLinear},
    {"cast", kLinear},
    {"channelwise_linear", kProduct},
    {"clamp", "x, to see again where it lay between the bounds."},
    {"concat", kFixedPlaces},
    {"conv2d", kConvolution},
    {"conv2d_weight_grad",
     "x and dy: it is bilinear, so each one's gradient is a convolution of the "
     "arriving gradient with the other."},
    {"conv_transpose2d", kConvolution},
    {"crop_patches", "The places of the patches, two numbers for each picture; not x."},
    {"crop_patches_grad", "The places of the patches, two numbers for each picture; not x."},
    {"cross_entropy",
     "log softmax(x), which its gradient turns into the softmax again, and the "
     "labels; not x."},
    {"divide",
     "b and the output: da = dy / b, and db = −da·y takes y in place of a. a is not read."},
    {"exp", kOutput},
    {"flip", kFixedPlaces},
    {"identity", kLinear},
    {"instance_norm", kNormalisation},
    {"l1_loss", "x and the target, for the sign of their difference."},
    {"l1_loss_grad", kAgain},
    {"leaky_relu", kMask},
    {"leaky_relu_grad", "The mask, and not dy: it is linear in dy."},
    {"log", "x: its slope is 1/x."},
    {"log_softmax", kOutput},
    {"matmul", kProduct},
    {"max", "x and the output: where they are equal, the gradient goes."},
    {"max_pool2d", kIndex},
    {"max_pool2d_gather", kIndex},
    {"max_pool2d_grad", kIndex},
    {"maximum", "Both inputs, to see again which was the larger."},
    {"mean", kLinear},
    {"minimum", "Both inputs, to see again which was the smaller."},
    {"mse_loss",
     "x and the target: the slope is their difference, twice. The map of differences "
     "between is never stored."},
    {"mse_loss_grad", kAgain},
    {"multiply", kProduct},
    {"negate", kLinear},
    {"norm_grad_input", kAgain},
    {"norm_grad_sums", kAgain},
    {"pad", "Nothing but shapes: it is made of slices and concatenations, which move numbers."},
    {"permute", kFixedPlaces},
    {"reciprocal", kOutput},
    {"relu", kMask},
    {"relu_grad", "The mask, and not dy: it is linear in dy."},
    {"reshape", "Nothing, and it takes no memory: the output is the input's, under another shape."},
    {"resize2d", kLinear},
    {"resize2d_grad", kLinear},
    {"sigmoid", kOutput},
    {"slice", kFixedPlaces},
    {"slice_grad", kFixedPlaces},
    {"softmax", kOutput},
    {"softplus", "x: its slope is sigmoid(x)."},
    {"sqrt", kOutput},
    {"square", "x: its slope is 2x. The output would not do, it has lost the sign."},
    {"subtract", kLinear},
    {"sum", kLinear},
    {"sum_to", kLinear},
    {"tanh", kOutput},
    {"transpose", kFixedPlaces},
    {"where", "The condition; neither a nor b."},
};

}  // namespace

std::string reason_for_keeping(const std::string& op) {
  for (const auto& [name, reason] : kReasons)
    if (name == op) return reason;
  return "";
}

std::vector<std::string> names_with_reasons() {
  std::vector<std::string> names;
  for (const auto& [name, reason] : kReasons) names.emplace_back(name);
  return names;
}

}  // namespace kintsugi
