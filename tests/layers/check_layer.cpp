#include "tests/layers/check_layer.h"

#include <doctest/doctest.h>

namespace kintsugi {

Tensor maps_here(const Tensor& tensor) { return tensor.rank() == 4 ? map_layout(tensor) : tensor; }

void check_layer(Module& layer, const ReferenceCase& expected) {
  layer.to(DType::float64);
  layer.to(test_device());
  StateDict weights;
  for (const StateEntry& entry : layer.state()) weights[entry.name] = expected[entry.name];
  layer.load(weights);
  Variable x(maps_here(expected["input"]), true);
  Variable y = layer(x);
  CHECK(difference(y.value(), maps_here(expected["output"])) < 1e-12);
  y.backward(Variable(maps_here(expected["cotangent"])));
  CHECK(difference(x.grad().value(), maps_here(expected["grad_input"])) < 1e-12);
  for (const StateEntry& entry : layer.state()) {
    if (entry.is_buffer) continue;
    CAPTURE(entry.name);
    Tensor grad = to_disk(entry.variable.grad().value(), entry.layout);
    CHECK(difference(grad, expected["grad_" + entry.name]) < 1e-12);
  }
}

}  // namespace kintsugi
