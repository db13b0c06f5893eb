#include "tensor/ops.h"

#include "tensor/ops_check.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {
namespace {

Tensor unary(const char* name, Unary op, const Tensor& x, double a = 0, double b = 0) {
  check_defined(name, x);
  Tensor y = Tensor::empty(x.shape(), x.options());
  const OpSpan span(name, moving(x, y));
  backend(x.device()).unary(op, x, a, b, y);
  return y;
}

Tensor binary(const char* name, Binary op, const Tensor& a, const Tensor& b, double slope = 0) {
  check_alike(name, a, b);
  Tensor y = Tensor::empty(broadcast_shapes(name, a.shape(), b.shape()), a.options());
  const OpSpan span(name, moving(a, b, y));
  backend(a.device()).binary(op, a, b, slope, y);
  return y;
}

Tensor softmax(const char* name, const Tensor& x, bool logarithm) {
  check_defined(name, x);
  check_shape(x.rank() >= 1, "{}: a scalar has no last axis", name);
  Tensor y = Tensor::empty(x.shape(), x.options());
  const OpSpan span(name, moving(x, y));
  backend(x.device()).softmax(x, logarithm, y);
  return y;
}

void check_loss_input(const char* name, const LossInput& in) {
  check_defined(name, in.x);
  check_shape(in.x.numel() > 0, "{}: x {} has no elements to take a mean of", name, in.x.shape());
  if (in.targets.defined()) {
    check_alike(name, in.x, in.targets);
    check_shape(in.targets.shape() == in.x.shape(), "{}: input {} and target {} differ in shape",
                name, in.x.shape(), in.targets.shape());
  }
  if (!in.weights.defined()) return;
  check_alike(name, in.x, in.weights);
  check_shape(in.weights.shape() == in.x.shape() ||
                  (in.x.rank() > 0 && in.weights.shape() == in.x.shape().with(-1, 1)),
              "{}: weights {} are neither {} nor one a pixel of it", name, in.weights.shape(),
              in.x.shape());
}

}  // namespace

Tensor negate(const Tensor& x) { return unary("negate", Unary::negate, x); }
Tensor exp(const Tensor& x) { return unary("exp", Unary::exp, x); }
Tensor log(const Tensor& x) { return unary("log", Unary::log, x); }
Tensor sqrt(const Tensor& x) { return unary("sqrt", Unary::sqrt, x); }
Tensor square(const Tensor& x) { return unary("square", Unary::square, x); }
Tensor reciprocal(const Tensor& x) { return unary("reciprocal", Unary::reciprocal, x); }
Tensor abs(const Tensor& x) { return unary("abs", Unary::abs, x); }
Tensor sign(const Tensor& x) { return unary("sign", Unary::sign, x); }
Tensor tanh(const Tensor& x) { return unary("tanh", Unary::tanh, x); }
Tensor sigmoid(const Tensor& x) { return unary("sigmoid", Unary::sigmoid, x); }
Tensor softplus(const Tensor& x) { return unary("softplus", Unary::softplus, x); }
Tensor relu(const Tensor& x) { return unary("relu", Unary::relu, x); }

Tensor leaky_relu(const Tensor& x, double slope) {
  return unary("leaky_relu", Unary::leaky_relu, x, slope);
}

Tensor clamp(const Tensor& x, double low, double high) {
  check(low <= high, "clamp: the lower bound {} is above the upper bound {}", low, high);
  return unary("clamp", Unary::clamp, x, low, high);
}

Tensor in_range(const Tensor& x, double low, double high) {
  return unary("in_range", Unary::in_range, x, low, high);
}

Tensor affine(const Tensor& x, double scale, double shift) {
  return unary("affine", Unary::affine, x, scale, shift);
}

Tensor cast(const Tensor& x, DType dtype) {
  check_defined("cast", x);
  if (x.dtype() == dtype) return x;
  Tensor y = Tensor::empty(x.shape(), {dtype, x.device()});
  const OpSpan span("cast", moving(x, y));
  backend(x.device()).cast(x, y);
  return y;
}

Tensor add(const Tensor& a, const Tensor& b) { return binary("add", Binary::add, a, b); }
Tensor subtract(const Tensor& a, const Tensor& b) {
  return binary("subtract", Binary::subtract, a, b);
}
Tensor multiply(const Tensor& a, const Tensor& b) {
  return binary("multiply", Binary::multiply, a, b);
}
Tensor divide(const Tensor& a, const Tensor& b) { return binary("divide", Binary::divide, a, b); }
Tensor maximum(const Tensor& a, const Tensor& b) {
  return binary("maximum", Binary::maximum, a, b);
}
Tensor minimum(const Tensor& a, const Tensor& b) {
  return binary("minimum", Binary::minimum, a, b);
}
Tensor equal(const Tensor& a, const Tensor& b) { return binary("equal", Binary::equal, a, b); }
Tensor greater(const Tensor& a, const Tensor& b) {
  return binary("greater", Binary::greater, a, b);
}
Tensor relu_grad(const Tensor& dy, const Tensor& y) {
  return binary("relu_grad", Binary::relu_grad, dy, y);
}
Tensor leaky_relu_grad(const Tensor& dy, const Tensor& y, double slope) {
  return binary("leaky_relu_grad", Binary::leaky_relu_grad, dy, y, slope);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  check_alike("where", condition, a);
  check_alike("where", a, b);
  const Shape shape =
      broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  const Tensor chosen = broadcast_to(condition, shape);
  const Tensor whole_a = broadcast_to(a, shape), whole_b = broadcast_to(b, shape);
  Tensor y = Tensor::empty(shape, a.options());
  const OpSpan span("where", moving(chosen, whole_a, whole_b, y));
  backend(a.device()).where(chosen, whole_a, whole_b, y);
  return y;
}

Tensor loss(const char* name, LossTerm term, const LossInput& in) {
  check_loss_input(name, in);
  Tensor y = Tensor::empty({}, in.x.options());
  const OpSpan span(name, moving(in.x, y));
  backend(in.x.device()).loss(term, in, y);
  return y;
}

Tensor loss_grad(const char* name, LossTerm term, const LossInput& in, const Tensor& dy) {
  check_loss_input(name, in);
  check_alike(name, in.x, dy);
  check_shape(dy.numel() == 1, "{}: dy {} is not one element", name, dy.shape());
  Tensor dx = Tensor::empty(in.x.shape(), in.x.options());
  const OpSpan span(name, moving(in.x, dx));
  backend(in.x.device()).loss_grad(term, in, dy, dx);
  return dx;
}

Tensor softmax(const Tensor& x) { return softmax("softmax", x, false); }
Tensor log_softmax(const Tensor& x) { return softmax("log_softmax", x, true); }

Tensor matmul(const Tensor& a, const Tensor& b, MatmulOptions options) {
  check_alike("matmul", a, b);
  check_shape(a.rank() >= 2 && b.rank() >= 2, "matmul: {} and {} must both have at least 2 axes",
              a.shape(), b.shape());
  const int batch_axes = a.rank() - 2;
  bool agree = a.rank() == b.rank();
  int64_t batch = 1;
  for (int axis = 0; agree && axis < batch_axes; ++axis) {
    agree = a.size(axis) == b.size(axis);
    batch *= a.size(axis);
  }
  check_shape(agree, "matmul: the leading axes of {} and {} must agree", a.shape(), b.shape());

  const auto [transpose_a, transpose_b] = options;
  const int64_t m = a.size(transpose_a ? -1 : -2), k = a.size(transpose_a ? -2 : -1);
  const int64_t k_of_b = b.size(transpose_b ? -1 : -2), n = b.size(transpose_b ? -2 : -1);
  check_shape(k == k_of_b, "matmul: {}{} has rows of {}, but {}{} has columns of {}", a.shape(),
              transpose_a ? " transposed" : "", k, b.shape(), transpose_b ? " transposed" : "",
              k_of_b);
  Tensor y = Tensor::empty({batch, m, n}, a.options());
  const OpSpan span("matmul", [&] {
    return OpCost{.operations = 2 * batch * m * k * n, .bytes = bytes_of(a, b, y)};
  });
  backend(a.device())
      .matmul(a.reshape({batch, a.size(-2), a.size(-1)}), transpose_a,
              b.reshape({batch, b.size(-2), b.size(-1)}), transpose_b, y);
  return y.reshape(a.shape().with(-2, m).with(-1, n));
}

}  // namespace kintsugi::ops
