// Convolution (a cross-correlation, as everywhere in this field): with stride s, padding p and
// dilation d, and x = 0 outside of the map,
//
//   y[n, i, j, o] = b[o] + Σ_{u, v, c} x[n, s·i − p + d·u, s·j − p + d·v, c] · w[u, v, c, o]
//
// y is linear in x, in w and in b. Each product above pairs one x with one w, so by the product
// rule each of the two gets dy times the other, summed over all products that it is in:
//
//   dx[n, r, t, c] = Σ dy[n, i, j, o]·w[u, v, c, o]   over all i, u with s·i − p + d·u = r, and
//                                                     j, v likewise for t: conv_transpose2d
//   dw[u, v, c, o] = Σ_{n, i, j} x[n, s·i − p + d·u, s·j − p + d·v, c]·dy[n, i, j, o]:
//                                                     conv2d_weight_grad
//   db[o] = Σ_{n, i, j} dy[n, i, j, o]
//
// The three are one trilinear form ⟨dy, conv2d(x, w)⟩ = ⟨x, conv_transpose2d(dy, w)⟩ =
// ⟨w, conv2d_weight_grad(x, dy)⟩, read in three ways. Whichever of its three arguments is to be
// differentiated by, the form is linear in it, and what is left is one of the three again: so the
// backward of each is made of the other two, and derivatives of any order need no further code.
//
// Where the stride does not divide the map, its last rows are in no window. They get zeros: the
// gradient must have the shape of the map, which is why it is told height and width.
#include "autograd/ops/conv_family.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable conv2d(const Variable& input, const Variable& weight, const Variable& bias,
                const Conv2dOptions& options) {
  Variables inputs{input, weight};
  Epilogue epilogue;
  if (bias.defined()) {
    inputs.push_back(bias);
    epilogue.bias = bias.value();
  }
  return record(
      "conv2d", ops::conv2d(input.value(), weight.value(), window_of(options), epilogue), inputs,
      [inputs, options](const Variable& dy, const Variable&) {
        const Variable &input = inputs[0], &weight = inputs[1];
        Grads grads(inputs.size());
        if (input.requires_grad())
          grads[0] = conv2d_input_grad(dy, weight, {}, options, input.size(1), input.size(2));
        if (weight.requires_grad())
          grads[1] = conv2d_weight_grad(input, dy, {weight.size(0), weight.size(1)}, options);
        if (inputs.size() == 3 && inputs[2].requires_grad()) grads[2] = bias_grad(dy, inputs[2]);
        return grads;
      });
}

namespace {

Sample sample(const Shape& input, const Shape& weight, const Conv2dOptions& options, bool bias,
              const char* label) {
  Sample result{.inputs = {{.shape = input}, {.shape = weight}}, .apply = {}, .label = label};
  if (bias) result.inputs.push_back({.shape = {weight[3]}});
  result.apply = [=](const Variables& in) {
    return conv2d(in[0], in[1], bias ? in[2] : Variable(), options);
  };
  return result;
}

const RegisterOp registered{
    {.name = "conv2d",
     .formula = "Σ x·w over a sliding window, + b",
     .derivative = "dx = conv_transpose2d(dy, w), dw = conv2d_weight_grad(x, dy), db = Σ dy",
     .samples = {
         sample({2, 4, 3, 2}, {3, 3, 2, 3}, {.padding = 1}, true, "same size"),
         sample({1, 3, 3, 2}, {1, 1, 2, 3}, {}, false, "1 x 1"),
         sample({1, 5, 6, 2}, {3, 3, 2, 1}, {.stride = 2, .padding = 1}, true, "stride 2"),
         sample({1, 6, 5, 1}, {4, 4, 1, 2}, {.stride = 2, .padding = 1}, false, "even kernel"),
         sample({1, 6, 5, 1}, {3, 3, 1, 2}, {.padding = 2, .dilation = 2}, true, "dilation 2"),
         sample({1, 7, 6, 1}, {2, 3, 1, 2}, {.stride = 3}, false, "rows and columns left over"),
         sample({1, 5, 4, 1}, {3, 2, 1, 2}, {.stride = 2, .padding = 2, .dilation = 2}, true,
                "everything at once"),
         sample({1, 1, 1, 1}, {1, 1, 1, 1}, {}, true, "one element")}}};

}  // namespace

}  // namespace kintsugi
