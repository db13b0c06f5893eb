#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/variable.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/autograd/engine_support.h"

namespace kintsugi {

namespace {

/// What the tests of released values normalise.
struct NormInputs {
  Variable x = random_leaf({2, 4, 4, 3}, 1), gamma = random_leaf({3}, 2),
           beta = random_leaf({3}, 3);

  Variable normalised(bool relu = true) const { return batch_norm(x, gamma, beta, 1e-5, relu).y; }
};

/// First and second derivatives of a chain of two normalisations, in a row.
Numbers derivatives(bool release) {
  const NormInputs in;
  const auto maybe_released = [release](const Variable& y) {
    if (release) y.release_value();
    return y;
  };
  const Variable first = maybe_released(in.normalised());
  const Variable second = batch_norm(tanh(first), in.gamma, in.beta, 1e-5, true).y;
  maybe_released(first);
  const Variable loss = sum(square(maybe_released(second)));
  maybe_released(second);
  const Variables leaves{in.x, in.gamma, in.beta};
  const Variables gradients = grad({loss}, leaves, {}, {.create_graph = true});
  maybe_released(first);
  Variable again = sum(square(gradients[0])) + sum(gradients[1]) + sum(gradients[2]);
  again.backward();
  Numbers all;
  for (const Variable& gradient : gradients)
    for (double value : values_of(gradient)) all.push_back(value);
  for (const Variable& leaf : leaves)
    for (double value : values_of(leaf.grad())) all.push_back(value);
  return all;
}

}  // namespace

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

TEST_CASE("a value that was let go holds no memory, and is made again to the same bits") {
  for (bool relu : {false, true}) {
    const NormInputs in;
    const Variable y = in.normalised(relu);
    const Numbers before = values_of(y);
    const size_t full = bytes_in_use();
    y.release_value();
    CHECK(y.shape() == in.x.shape());
    CHECK(y.size(3) == 3);
    CHECK(bytes_in_use() == full - before.size() * sizeof(double));
    CHECK(values_of(y) == before);
    CHECK(bytes_in_use() == full);
    y.release_value();
    CHECK(values_of(y.detach()) == before);
  }
}

TEST_CASE("parameters that move on do not change a value that is made again") {
  const NormInputs in;
  const Variable y = in.normalised();
  const Numbers before = values_of(y);
  y.release_value();
  CHECK(!in.gamma.value().is_unique());  // so an optimiser writes elsewhere
  Variable gamma = in.gamma;
  gamma.set_value(Tensor::full({3}, 7, float64()));
  CHECK(values_of(y) == before);
}

TEST_CASE("values that cannot be made again are not let go") {
  const NormInputs in;
  Variable unrecorded;
  {
    NoGrad no_grad;
    unrecorded = in.normalised();
  }
  for (const Variable& variable : {in.x, tanh(in.x), unrecorded}) {
    const void* data = variable.value().raw();
    variable.release_value();
    CHECK(variable.value().raw() == data);
  }
}

TEST_CASE("gradients of first and second order are the same bits where values were let go") {
  CHECK(derivatives(true) == derivatives(false));
}

TEST_CASE("a value that was let go outlives its graph where somebody holds it") {
  const NormInputs in;
  const Variable y = in.normalised(false);
  const Numbers before = values_of(y);
  const Variable z = sum(affine(y, 2, 0));
  y.release_value();
  z.backward();  // reads no y
  CHECK(values_of(y) == before);
}

TEST_CASE("a chain of values that can be made again is freed without recursion") {
  const size_t before = bytes_in_use();
  {
    Variable y = leaf({1});
    for (int i = 0; i < 200'000; ++i) {
      const Variable x = y;
      y = record(
          "copy", x.value().clone(), {x},
          [](const Variable& dy, const Variable&) { return Grads{dy}; },
          [x] { return x.value().clone(); });
    }
  }
  CHECK(bytes_in_use() == before);
}

}  // namespace kintsugi
