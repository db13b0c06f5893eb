#include "layers/linear.h"

#include "autograd/ops.h"
#include "layers/layer_sample.h"
#include "layers/precision.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

DiskLayout weight_layout(const LinearOptions& options) {
  DiskLayout layout{.order = DiskLayout::Order::reversed};
  const Shape& maps = options.maps;
  if (maps.rank() > 0) layout.view = {maps[0], maps[1], maps[2], options.out};
  return layout;
}

}  // namespace

Linear::Linear(const LinearOptions& options, Generator& generator) : options_(options) {
  check(options.in > 0 && options.out > 0,
        "Linear: {} inputs and {} outputs; both must be 1 or more", options.in, options.out);
  check(
      options.maps.rank() == 0 || (options.maps.rank() == 3 && options.maps.numel() == options.in),
      "Linear: maps {} are not [H, W, C] with {} elements", options.maps, options.in);
  add_parameter("weight", weight_,
                init::pytorch_default({options.in, options.out}, options.in, generator),
                weight_layout(options));
  if (options.bias)
    add_parameter("bias", bias_, init::pytorch_default({options.out}, options.in, generator));
}

Variable Linear::forward(const Variable& x) {
  check_shape(x.shape().rank() == 2 && x.size(1) == options_.in, "Linear: input {} is not [N, {}]",
              x.shape(), options_.in);
  Variable y = matmul(as_operand(x), as_operand(weight_));  // [N, out]
  return bias_.defined() ? y + as_operand(bias_) : y;
}

std::string Linear::describe() const {
  return fmt::format("linear, {} → {}", options_.in, options_.out);
}

Shape Linear::output_shape(const Shape& input) const {
  check_shape(input.rank() >= 2 && input[0] > 0 && input.numel() == input[0] * options_.in,
              "Linear: input {} is not [N, {}]", input, options_.in);
  return {input[0], options_.out};
}

int64_t Linear::multiply_adds(const Shape& input) const {
  return output_shape(input).numel() * options_.in;
}

namespace {

Sample linear_sample(const LinearOptions& options, std::vector<SampleInput> inputs,
                     const char* label) {
  return layer_sample(
      [options](Generator& generator) { return std::make_shared<Linear>(options, generator); },
      std::move(inputs), label);
}

const RegisterLayer registered{
    {.name = "Linear",
     .formula = "x·weight + bias",
     .derivative = "dx = dy·weightᵀ, dweight = xᵀ·dy, dbias = Σ dy over the rows",
     .samples = {linear_sample({.in = 4, .out = 3},
                               {{.shape = {5, 4}}, {.shape = {4, 3}}, {.shape = {3}}}, "with bias"),
                 linear_sample({.in = 3, .out = 2, .bias = false},
                               {{.shape = {4, 3}}, {.shape = {3, 2}}}, "without bias")}}};

}  // namespace

}  // namespace kintsugi
