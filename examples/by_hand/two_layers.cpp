#include "examples/by_hand/two_layers.h"

#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi::by_hand {

namespace {

double& at(const Tensor& matrix, int64_t row, int64_t column) {
  return matrix.data<double>()[row * matrix.size(1) + column];
}

Tensor zeros_like(const Tensor& x) { return Tensor::zeros(x.shape(), x.options()); }

/// The bias [J] in each of N rows.
Tensor in_rows(const Tensor& bias, int64_t rows) {
  return ops::broadcast_to(bias, {rows, bias.size(0)}).clone();
}

}  // namespace

Network make_network(int64_t inputs, int64_t hidden, Generator& generator) {
  const TensorOptions options{.dtype = DType::float64};
  return {.w1 = uniform({inputs, hidden}, -1, 1, generator, options),
          .b1 = Tensor::zeros({hidden}, options),
          .w2 = uniform({hidden, 1}, -1, 1, generator, options),
          .direct = uniform({inputs, 1}, -1, 1, generator, options),
          .b2 = Tensor::zeros({1}, options)};
}

double loss(const Tensor& z, const Tensor& t) {
  check_shape(z.shape() == t.shape(), "loss: z {} and t {} differ", z.shape(), t.shape());
  return ops::mean(ops::subtract(ops::softplus(z), ops::multiply(t, z))).item();
}

Tensor loss_backward(const Tensor& z, const Tensor& t) {
  // lab 2: begin dz, as a tensor [N, 1]
  const Tensor error = ops::subtract(ops::sigmoid(z), t);  // of each example: d log(1 + eᶻ) = σ(z)
  return ops::affine(error, 1 / static_cast<double>(z.size(0)), 0);
  // lab 2: end
}

void multiply_add(const Tensor& x, const Tensor& w, Tensor& y) {
  for (int64_t n = 0; n < x.size(0); ++n)
    for (int64_t i = 0; i < w.size(0); ++i)
      for (int64_t j = 0; j < w.size(1); ++j) at(y, n, j) += at(x, n, i) * at(w, i, j);
}

void multiply_add_backward(const Tensor& dy, const Tensor& x, const Tensor& w, Tensor& dx,
                           Tensor& dw) {
  // lab 2: begin what the product behind every += of multiply_add says about its two factors
  for (int64_t n = 0; n < x.size(0); ++n)
    for (int64_t i = 0; i < w.size(0); ++i)
      for (int64_t j = 0; j < w.size(1); ++j) {
        at(dx, n, i) += at(dy, n, j) * at(w, i, j);
        at(dw, i, j) += at(dy, n, j) * at(x, n, i);
      }
  // lab 2: end
}

Tensor tanh_backward(const Tensor& dh, const Tensor& h) {
  // lab 2: begin da, as a tensor [N, H]
  return ops::multiply(dh, ops::affine(ops::square(h), -1, 1));  // tanh' = 1 − tanh²
  // lab 2: end
}

Pass forward(const Network& network, const Tensor& x) {
  check_shape(x.rank() == 2 && x.size(1) == network.w1.size(0), "forward: x {} for weights w1 {}",
              x.shape(), network.w1.shape());
  Tensor a = in_rows(network.b1, x.size(0));
  multiply_add(x, network.w1, a);
  const Tensor h = ops::tanh(a);
  Tensor z = in_rows(network.b2, x.size(0));
  multiply_add(h, network.w2, z);
  multiply_add(x, network.direct, z);
  return {.h = h, .z = z};
}

Gradients backward(const Network& network, const Tensor& x, const Tensor& t, const Pass& pass) {
  Gradients d{.network = {.w1 = zeros_like(network.w1),
                          .b1 = zeros_like(network.b1),
                          .w2 = zeros_like(network.w2),
                          .direct = zeros_like(network.direct),
                          .b2 = zeros_like(network.b2)},
              .x = zeros_like(x)};
  Tensor dh = zeros_like(pass.h);
  // lab 2: begin the lines of forward, from the last to the first, each with its way back
  const Tensor dz = loss_backward(pass.z, t);
  multiply_add_backward(dz, x, network.direct, d.x, d.network.direct);
  multiply_add_backward(dz, pass.h, network.w2, dh, d.network.w2);
  d.network.b2 = ops::sum_to(dz, network.b2.shape());
  const Tensor da = tanh_backward(dh, pass.h);
  multiply_add_backward(da, x, network.w1, d.x, d.network.w1);
  d.network.b1 = ops::sum_to(da, network.b1.shape());
  // lab 2: end
  return d;
}

void descend(Network& network, const Network& gradients, double rate) {
  const auto less = [rate](const Tensor& p, const Tensor& dp) {
    return ops::subtract(p, ops::affine(dp, rate, 0));
  };
  network = {.w1 = less(network.w1, gradients.w1),
             .b1 = less(network.b1, gradients.b1),
             .w2 = less(network.w2, gradients.w2),
             .direct = less(network.direct, gradients.direct),
             .b2 = less(network.b2, gradients.b2)};
}

}  // namespace kintsugi::by_hand
