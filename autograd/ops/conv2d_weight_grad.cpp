// The gradient of conv2d by its weight: each weight's sum, over the whole batch and all places of
// the window, of the input it met times the gradient of the output it went into:
//
//   g[u, v, c, o] = Σ_{n, i, j} x[n, s·i − p + d·u, s·j − p + d·v, c]·dy[n, i, j, o]
//
// It is linear in x and in dy. For a cotangent h of g, ⟨h, g⟩ = ⟨dy, conv2d(x, h)⟩, the trilinear
// form of conv2d.cpp with h as the weight; hence
//
//   d(dy) = conv2d(x, h)        dx = conv_transpose2d(dy, h)
#include "autograd/ops/conv_family.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable conv2d_weight_grad(const Variable& input, const Variable& dy,
                            std::array<int64_t, 2> kernel, const Conv2dOptions& options) {
  return record("conv2d_weight_grad",
                ops::conv2d_weight_grad(input.value(), dy.value(), window_of(options, kernel)),
                {input, dy}, [input, dy, options](const Variable& h, const Variable&) {
                  Grads grads(2);
                  if (input.requires_grad())
                    grads[0] = conv2d_input_grad(dy, h, {}, options, input.size(1), input.size(2));
                  if (dy.requires_grad()) grads[1] = conv2d(input, h, {}, options);
                  return grads;
                });
}

namespace {

Sample sample(const Shape& input, const Shape& dy, std::array<int64_t, 2> kernel,
              const Conv2dOptions& options, const char* label) {
  return {
      .inputs = {{.shape = input}, {.shape = dy}},
      .apply =
          [=](const Variables& in) { return conv2d_weight_grad(in[0], in[1], kernel, options); },
      .label = label};
}

const RegisterOp registered{
    {.name = "conv2d_weight_grad",
     .formula = "Σ x·dy over the places of a window",
     .derivative = "dx = conv_transpose2d(dy, h), d(dy) = conv2d(x, h)",
     .samples = {
         sample({2, 4, 3, 2}, {2, 4, 3, 2}, {3, 3}, {.padding = 1}, "same size"),
         sample({1, 6, 5, 1}, {1, 3, 2, 2}, {4, 4}, {.stride = 2, .padding = 1}, "even kernel"),
         sample({1, 6, 5, 1}, {1, 6, 5, 2}, {3, 3}, {.padding = 2, .dilation = 2}, "dilation 2"),
         sample({1, 7, 6, 1}, {1, 2, 2, 2}, {2, 3}, {.stride = 3}, "rows and columns left over"),
         sample({1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1}, {}, "one element")}}};

}  // namespace

}  // namespace kintsugi
