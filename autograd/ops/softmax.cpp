// Softmax and its logarithm, over the last axis: y_i = e^(x_i) / Σ_k e^(x_k), and log y_i.
//
// Softmax. From log y_i = x_i − log Σ_k e^(x_k) follows ∂y_i/∂x_j = y_i·(δ_ij − y_j), and so
//
//   dx_j = Σ_i dy_i·y_i·(δ_ij − y_j) = y_j·(dy_j − Σ_i dy_i·y_i)
//
// Log-softmax. The same first line read as it stands: ∂y_i/∂x_j = δ_ij − softmax(x)_j, and so
//
//   dx_j = dy_j − softmax(x)_j·Σ_i dy_i        with softmax(x) = e^y
//
// In both, Σ_j dx_j = 0: adding one number to every x_i changes nothing.
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable softmax(const Variable& x) {
  return record("softmax", ops::softmax(x.value()), {x}, [](const Variable& dy, const Variable& y) {
    return Grads{y * (dy - sum(dy * y, {-1}, true))};
  });
}

Variable log_softmax(const Variable& x) {
  return record("log_softmax", ops::log_softmax(x.value()), {x},
                [](const Variable& dy, const Variable& y) {
                  return Grads{dy - exp(y) * sum(dy, {-1}, true)};
                });
}

namespace {

std::vector<Sample> samples(Variable (*op)(const Variable&)) {
  const auto apply = [op](const Variables& in) { return op(in[0]); };
  return {{.inputs = {{.shape = {3, 5}, .low = -2, .high = 2}}, .apply = apply},
          {.inputs = {{.shape = {2, 2, 2, 3}}}, .apply = apply, .label = "four axes"},
          {.inputs = {{.shape = {4}}}, .apply = apply, .label = "one axis"}};
}

const RegisterOp softmax_info{{.name = "softmax",
                               .formula = "eˣ / Σ eˣ over the last axis",
                               .derivative = "dx = y·(dy − Σ dy·y)",
                               .samples = samples(softmax)}};
const RegisterOp log_softmax_info{{.name = "log_softmax",
                                   .formula = "x − log Σ eˣ over the last axis",
                                   .derivative = "dx = dy − softmax(x)·Σ dy",
                                   .samples = samples(log_softmax)}};

}  // namespace

}  // namespace kintsugi
