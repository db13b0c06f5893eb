#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/variable.h"
#include "tensor/error.h"
#include "tests/autograd/engine_support.h"

namespace kintsugi {

TEST_CASE("a ladder of diamonds is walked once a node, not once a path") {
  Variable x = leaf({1});
  Variable y = x;
  for (int i = 0; i < 40; ++i) y = 0.5 * y + 0.5 * y;  // 2⁴⁰ paths
  y.backward();
  CHECK(x.grad().item() == doctest::Approx(1));
}

TEST_CASE("a chain of a million nodes neither overflows nor leaks") {
  size_t before = bytes_in_use();
  {
    Variable x = leaf({1});
    Variable y = chain(x, 1'000'000);
    y.backward();
    CHECK(x.grad().item() == 1);
  }
  CHECK(bytes_in_use() == before);
  chain(leaf({1}), 300'000);  // never walked: the destructor frees it alone
  CHECK(bytes_in_use() == before);
}

TEST_CASE("a graph of gradients of gradients is freed whole") {
  size_t before = bytes_in_use();
  {
    Variable x = leaf({1, 2});
    Variable y = sum(exp(tanh(x)) * square(x));
    Variable first = grad({y}, {x}, {}, {.create_graph = true})[0];
    Variable second = grad({sum(first)}, {x}, {}, {.create_graph = true})[0];
    CHECK(second.defined());
  }
  CHECK(bytes_in_use() == before);
}

TEST_CASE("zero_grad lets go of what backward with create_graph leaves in a leaf") {
  size_t before = bytes_in_use();
  {
    Variable x = leaf({1, 2});
    sum(exp(x)).backward({.create_graph = true});
    CHECK(x.grad().requires_grad());
    x.zero_grad();
  }
  CHECK(bytes_in_use() == before);
}

TEST_CASE("no node is kept alive by its own backward") {
  std::vector<std::weak_ptr<Node>> nodes;
  {
    Variable x = leaf({0.3, 0.6});
    for (auto* op : {&exp, &tanh, &sigmoid, &softplus, &relu, &sqrt, &reciprocal, &square})
      nodes.push_back((*op)(x).node());
  }
  for (const auto& node : nodes) CHECK(node.expired());
}

TEST_CASE("backward gives the graph's memory back on its way") {
  auto peak_of = [](BackwardOptions options) {
    Tensor half = Tensor::full({1000}, 0.5, float64());
    Variables weights;
    for (int i = 0; i < 50; ++i) weights.emplace_back(half, true);
    Variable y(half);
    for (const Variable& weight : weights) y = tanh(y * weight);
    size_t before = bytes_in_use();
    reset_peak_memory(test_device());
    y.backward(Variable(half), options);
    return memory_statistics(test_device()).peak - before;
  };
  // The gradients of 50 weights take the place of the activations, or come on top of them.
  CHECK(peak_of({}) < peak_of({.retain_graph = true}) / 4);
}

}  // namespace kintsugi
