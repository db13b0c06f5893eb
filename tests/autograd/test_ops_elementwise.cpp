#include <doctest/doctest.h>

#include <limits>

#include "tests/autograd/ops_support.h"

namespace kintsugi {

TEST_CASE("activations and their gradients are PyTorch's") {
  const std::vector<std::pair<std::string, std::function<Variable(const Variable&)>>> activations =
      {{"relu", relu},
       {"leaky_relu", [](const Variable& x) { return leaky_relu(x, 0.2); }},
       {"softplus", softplus},
       {"sigmoid", sigmoid},
       {"tanh", [](const Variable& x) { return tanh(x); }},
       {"softmax", softmax},
       {"log_softmax", log_softmax}};
  for (const auto& [name, activation] : activations) {
    CAPTURE(name);
    CHECK(difference_from(ReferenceCase("activation", name), {{"input", as_is}}, as_is,
                          [&](const Variables& in) { return activation(in[0]); }) < 1e-12);
  }
}

TEST_CASE("losses made of ops have PyTorch's values and gradients") {
  const auto loss = [](const char* name, auto formula) {
    const ReferenceCase reference("loss", name);
    const Variable target(reference["target"]);
    return difference_from(reference, {{"input", as_is}}, as_is, [&](const Variables& in) {
      return reshape(mean(formula(in[0], target)), {1});
    });
  };
  CHECK(loss("mse", [](const Variable& x, const Variable& t) { return square(x - t); }) < 1e-14);
  CHECK(loss("l1", [](const Variable& x, const Variable& t) { return abs(x - t); }) < 1e-14);
  CHECK(loss("bce_with_logits",
             [](const Variable& x, const Variable& t) { return softplus(x) - x * t; }) < 1e-14);
}

TEST_CASE("a broadcast operand gets the sum of the gradients of all its copies") {
  const Variable a = leaf({1, 2, 3, 4, 5, 6}, {2, 3}), b = leaf({10, 20, 30}, {3});
  sum(a * b).backward();
  CHECK(values_of(a.grad()) == Numbers{10, 20, 30, 10, 20, 30});
  CHECK(values_of(b.grad()) == Numbers{5, 7, 9});
}

TEST_CASE("of two equal numbers maximum and minimum take the first") {
  for (const auto choose : {maximum, minimum}) {
    const Variable a = leaf({1, 2, 5}, {3}), b = leaf({1, 3, 4}, {3});
    sum(choose(a, b)).backward();
    CHECK(values_of(a.grad())[0] == 1);
    CHECK(values_of(b.grad())[0] == 0);
    CHECK(difference((a.grad() + b.grad()).value(), Tensor::full({3}, 1, float64())) == 0);
  }
}

TEST_CASE("elements that share the maximum share its gradient") {
  const Variable x = leaf({3, 1, 3, 2, 2, 0}, {2, 3});
  max(x, {1}).backward(leaf({1, 8}, {2}));
  CHECK(values_of(x.grad()) == Numbers{0.5, 0, 0.5, 4, 4, 0});
}

TEST_CASE("the side that is not chosen cannot spoil the gradient") {
  const Variable x = leaf({4, 0}, {2});
  const Tensor positive = ops::greater(x.value(), Tensor::scalar(0, float64()));
  const Variable y = where(positive, x, Variable(Tensor::scalar(NAN, float64())));
  y.backward(leaf({2, INFINITY}, {2}));
  CHECK(values_of(x.grad()) == Numbers{2, 0});
}

TEST_CASE("a clamped number feels nothing outside of the bounds or at them") {
  const Variable x = leaf({-2, -1, 0, 1, 2}, {5});
  const Variable y = clamp(x, -1, 1);
  CHECK(values_of(y) == Numbers{-1, -1, 0, 1, 1});
  sum(y).backward();
  CHECK(values_of(x.grad()) == Numbers{0, 0, 1, 0, 0});
}

TEST_CASE("the gradient of softplus and sigmoid is a number for any logit") {
  const Variable x = leaf({-1000, 1000}, {2});
  sum(softplus(x) + sigmoid(x)).backward();
  CHECK(values_of(x.grad()) == Numbers{0, 1});
}

TEST_CASE("shapes that do not broadcast are named") {
  const Variable a = random_leaf({2, 3}, 1), b = random_leaf({4}, 2);
  CHECK(error_of([&] { a + b; }).find("add: shapes [2, 3] and [4]") == 0);
  CHECK(error_of([&] { matmul(a, a); }).find("matmul: ") == 0);
  CHECK(error_of([&] { leaky_relu(a, -0.1); }) == "leaky_relu: slope -0.1 must not be negative");
}

TEST_CASE("a matrix product and its gradients are as by hand, transposed or not") {
  const Variable a = leaf({1, 2, 3, 4}, {2, 2}), b = leaf({5, 6, 7, 8}, {2, 2});
  const Variable dy = leaf({1, 0, 0, 10}, {2, 2});
  const Variable y = matmul(a, b);
  CHECK(values_of(y) == Numbers{19, 22, 43, 50});
  y.backward(dy);
  CHECK(values_of(a.grad()) == Numbers{5, 7, 60, 80});
  CHECK(values_of(b.grad()) == Numbers{1, 30, 2, 40});
  const Variable at = leaf({1, 3, 2, 4}, {2, 2}), bt = leaf({5, 7, 6, 8}, {2, 2});
  const Variable same = matmul(at, bt, {.a = true, .b = true});
  CHECK(values_of(same) == values_of(y));
  same.backward(dy);
  CHECK(values_of(at.grad()) == values_of(transpose(a.grad())));
  CHECK(values_of(bt.grad()) == values_of(transpose(b.grad())));
}

}  // namespace kintsugi
