// Lab 3. All parts stand in autograd/backward.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/gradient.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

constexpr BackwardOptions kKeep = {.retain_graph = true};

Tensor numbers(std::initializer_list<double> values) {
  const std::vector<double> list(values);
  return Tensor::from(list, {static_cast<int64_t>(list.size())}, {.dtype = DType::float64});
}

Variable leaf(std::initializer_list<double> values) { return Variable(numbers(values), true); }

/// Undefined where backward has left none.
Tensor gradient_of(const Variable& x) { return x.grad().defined() ? x.grad().value() : Tensor(); }

/// What an Error says; "" where none is thrown.
std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_says(const std::string& what, const std::string& sentence, const std::string& part) {
  if (sentence.find(part) != std::string::npos) return;
  FAIL_CHECK(what << (sentence.empty() ? ": no Error was thrown"
                                       : fmt::format(": the Error says \"{}\", without \"{}\"",
                                                     sentence, part)));
}

}  // namespace

TEST_CASE("a leaf is its own gradient") {
  const Variable x = leaf({3});
  x.backward(kKeep);
  lab::expect_equal("dx/dx", gradient_of(x), numbers({1}));
}

TEST_CASE("a chain of ops") {
  const Variable x = leaf({1, 2, 3}), constant(numbers({10, 20, 30}));
  sum(square(x)).backward(kKeep);
  lab::expect_equal("the gradient of the sum of x squared", gradient_of(x), numbers({2, 4, 6}));
  const Variable y = leaf({1, 2, 3});
  sum(constant * square(y)).backward(kKeep);
  lab::expect_equal("the same with constant factors", gradient_of(y), numbers({20, 80, 180}));
  CHECK(!constant.grad().defined());
}

TEST_CASE("an input that is used twice") {
  const Variable x = leaf({3}), a = leaf({2}), b = leaf({3});
  (x * x).backward(kKeep);
  lab::expect_equal("the gradient of x times x", gradient_of(x), numbers({6}));
  square(a * b + a).backward(kKeep);
  lab::expect_equal("(ab + a) squared, by a", gradient_of(a), numbers({64}));
  lab::expect_equal("(ab + a) squared, by b", gradient_of(b), numbers({32}));
}

TEST_CASE("a diamond with arms of different lengths") {
  const Variable x = leaf({2});
  const Variable shared = square(x);
  Variable long_arm = square(shared);
  for (int i = 0; i < 5; ++i) long_arm = affine(long_arm, 1, 0);
  (shared * long_arm).backward(kKeep);
  lab::expect_equal("the gradient of x to the sixth, a long arm on the right", gradient_of(x),
                    numbers({192}));
  Variable again = leaf({2});
  const Variable common = square(again);
  Variable left_arm = square(common);
  for (int i = 0; i < 5; ++i) left_arm = affine(left_arm, 1, 0);
  (left_arm * common).backward(kKeep);
  lab::expect_equal("the gradient of x to the sixth, a long arm on the left", gradient_of(again),
                    numbers({192}));
}

TEST_CASE("a ladder of diamonds is walked once a node") {
  const Variable x = leaf({1});
  Variable y = x;
  for (int i = 0; i < 40; ++i) y = 0.5 * y + 0.5 * y;
  y.backward(kKeep);
  lab::expect_equal("the gradient at the foot of the ladder", gradient_of(x), numbers({1}));
}

TEST_CASE("a chain of 300,000 ops") {
  const Variable x = leaf({1});
  Variable y = x;
  for (int i = 0; i < 300'000; ++i) y = affine(y, 1, 0);
  y.backward(kKeep);
  lab::expect_equal("the gradient at the start of the chain", gradient_of(x), numbers({1}));
}

TEST_CASE("what a node keeps for backward is let go") {
  for (const bool retain : {true, false}) {
    auto by_backward = std::make_shared<int>(), by_remake = std::make_shared<int>();
    const std::weak_ptr<int> captured = by_backward, captured_to_remake = by_remake;
    std::weak_ptr<Node> middle;
    const Variable x = leaf({3});
    const Variable y = [&] {
      const Variable input = square(x);
      middle = input.node();
      return record(
          "probe", input.value().clone(), {input},
          [kept = std::move(by_backward)](const Variable& dy, const Variable&) {
            return Grads{dy};
          },
          [kept = std::move(by_remake)] { return numbers({9}); });
    }();
    y.backward({.retain_graph = retain});
    lab::expect_equal("dx", gradient_of(x), numbers({6}));
    const std::string when = retain ? "after backward with retain_graph " : "after backward ";
    const auto expect_kept = [&](const std::string& what, bool gone) {
      const std::string state = gone ? " are gone" : " are still held by the node";
      if (gone == retain) FAIL_CHECK(when << what << state);
    };
    expect_kept("the tensors that `backward` has captured", captured.expired());
    expect_kept("the tensors that `remake` has captured", captured_to_remake.expired());
    expect_kept("the inputs", middle.expired());
  }
}

TEST_CASE("a second backward is an error that names the op") {
  const Variable x = leaf({1, 2});
  const Variable middle = square(x), y = sum(middle);
  y.backward();
  const std::string twice = error_of([&] { y.backward(); });
  expect_says("the second backward", twice, "sum");
  expect_says("the second backward", twice, "retain_graph");
  expect_says("a new op on a freed graph", error_of([&] { sum(exp(middle)).backward(); }),
              "square");
  lab::expect_equal("the gradient of the first, untouched", gradient_of(x), numbers({2, 4}));
}

TEST_CASE("grad walks only what lies between") {
  const Variable x = leaf({3}), other = leaf({1}), far = leaf({2});
  const Variable middle = square(x);
  const Variables found = grad({square(middle) * other}, {middle, x, other}, {}, kKeep);
  lab::expect_equal("by an intermediate", found[0].value(), numbers({18}));
  lab::expect_equal("by the leaf behind it", found[1].value(), numbers({108}));
  lab::expect_equal("by another leaf", found[2].value(), numbers({81}));
  CHECK(!x.grad().defined());

  Variable beside = square(far);
  bool visited = false;
  beside.register_hook([&](const Variable&) {
    visited = true;
    return Variable();
  });
  const Variables part = grad({affine(square(x), 1, 0) * beside}, {x}, {}, kKeep);
  lab::expect_equal("by x alone", part[0].value(), numbers({24}));
  if (visited) FAIL_CHECK("a node that does not lead to x has been visited");
}

TEST_CASE("the gradient check of a graph where everything meets") {
  const auto function = [](const Variables& in) {
    const Variable product = in[0] * in[1];
    const Variable bent = product * sigmoid(in[0]);
    return tanh(bent) + square(product) * in[1] + bent;
  };
  const std::vector<SampleInput> inputs = {{.shape = {3}}, {.shape = {3}}};
  lab::expect_gradients("the graph", function, inputs, {"a", "b"});
  const GradcheckReport report = gradcheck("the graph", function, inputs, {.order = 2});
  if (!report.passed) FAIL_CHECK("second order: " << report.failure);
}
