#include <doctest/doctest.h>
#include <fmt/core.h>

#include <memory>
#include <string>
#include <vector>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/variable.h"
#include "tensor/error.h"
#include "tests/device.h"

namespace kintsugi {

namespace {

TensorOptions float64() { return {.dtype = DType::float64, .device = test_device()}; }

Variable leaf(std::initializer_list<double> values, bool requires_grad = true) {
  Shape shape{static_cast<int64_t>(values.size())};
  return Variable(Tensor::from(values, shape, float64()), requires_grad);
}

std::vector<double> values_of(const Variable& variable) { return variable.value().to_vector(); }

using Numbers = std::vector<double>;

size_t bytes_in_use() { return memory_statistics(test_device()).current; }

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool says(const std::string& sentence, const std::string& part) {
  return sentence.find(part) != std::string::npos;
}

/// x + 0 + 0 + …, a chain of `length` nodes.
Variable chain(Variable x, int length) {
  for (int i = 0; i < length; ++i) x = affine(x, 1, 0);
  return x;
}

}  // namespace

TEST_CASE("the gradient of Σ x² is 2x") {
  Variable x = leaf({1, 2, 3});
  sum(square(x)).backward();
  CHECK(values_of(x.grad()) == Numbers{2, 4, 6});
}

TEST_CASE("x⁴ has its four derivatives, and a fifth that is zero") {
  Variable x = leaf({2});
  Variable y = square(square(x));
  for (double expected : {4 * 8.0, 12 * 4.0, 24 * 2.0, 24.0}) {
    y = grad({y}, {x}, {}, {.create_graph = true})[0];
    CHECK(y.item() == doctest::Approx(expected));
  }
  CHECK_FALSE(says(error_of([&] { grad({y}, {x}); }), "freed"));
  CHECK(grad({y}, {x})[0].item() == 0);
}

TEST_CASE("a gradient can be part of a loss: the gradient of ‖∇f‖²") {
  Variable x = leaf({1, 2});  // f = Σ x³, ∇f = 3x², ‖∇f‖² = 9 Σ x⁴, gradient 36x³
  Variable gradient = grad({sum(x * square(x))}, {x}, {}, {.create_graph = true})[0];
  sum(square(gradient)).backward();
  CHECK(values_of(x.grad())[0] == doctest::Approx(36));
  CHECK(values_of(x.grad())[1] == doctest::Approx(288));
}

TEST_CASE("a mixed second derivative passes through both inputs") {
  Variable x = leaf({3}), y = leaf({5});  // f = x²y, ∂²f/∂x∂y = 2x
  Variable by_x = grad({square(x) * y}, {x}, {}, {.create_graph = true})[0];
  CHECK(grad({by_x}, {y})[0].item() == doctest::Approx(6));
}

TEST_CASE("a second backward through a freed graph is an error that says so") {
  Variable x = leaf({1, 2});
  Variable y = sum(square(x));
  y.backward();
  std::string sentence = error_of([&] { y.backward(); });
  CHECK(says(sentence, "freed by an earlier backward"));
  CHECK(says(sentence, "retain_graph"));
  CHECK(values_of(x.grad()) == Numbers{2, 4});
}

TEST_CASE("a new op on top of a freed graph cannot walk down through it") {
  Variable x = leaf({1, 2});
  Variable middle = square(x);
  sum(middle).backward();
  CHECK(says(error_of([&] { sum(exp(middle)).backward(); }), "square"));
}

TEST_CASE("retain_graph lets backward walk twice, and gradients add up") {
  Variable x = leaf({1, 2});
  Variable y = sum(square(x));
  y.backward({.retain_graph = true});
  y.backward();
  CHECK(values_of(x.grad()) == Numbers{4, 8});
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("gradients of intermediates do not pile up over two backwards") {
  Variable x = leaf({3});
  Variable middle = square(x), y = square(middle);  // dy/dx = 4x³ = 108
  y.backward({.retain_graph = true});
  CHECK(x.grad().item() == doctest::Approx(108));
  x.zero_grad();
  y.backward();
  CHECK(x.grad().item() == doctest::Approx(108));
}

TEST_CASE("an input that is used twice gets the sum of both gradients") {
  Variable x = leaf({3});
  (x * x).backward();
  CHECK(x.grad().item() == doctest::Approx(6));
  x.zero_grad();
  (x + x).backward();
  CHECK(x.grad().item() == doctest::Approx(2));
}

TEST_CASE("a ladder of diamonds is walked once a node, not once a path") {
  Variable x = leaf({1});
  Variable y = x;
  for (int i = 0; i < 40; ++i) y = 0.5 * y + 0.5 * y;  // 2⁴⁰ paths
  y.backward();
  CHECK(x.grad().item() == doctest::Approx(1));
}

TEST_CASE("a diamond with arms of different lengths waits for the longer one") {
  Variable x = leaf({2});
  Variable shared = square(x);                     // 4
  (shared * chain(square(shared), 5)).backward();  // x⁶: 6x⁵ = 192
  CHECK(x.grad().item() == doctest::Approx(192));
}

TEST_CASE("grad reaches an intermediate and its ancestor at once, and touches no leaf") {
  Variable x = leaf({3}), other = leaf({1});
  Variable middle = square(x);
  Variable y = square(middle) * other;
  Variables found = grad({y}, {middle, x, other, middle});
  CHECK(found[0].item() == doctest::Approx(18));
  CHECK(found[1].item() == doctest::Approx(108));
  CHECK(found[2].item() == doctest::Approx(81));
  CHECK(found[3].item() == doctest::Approx(18));
  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(other.grad().defined());
}

TEST_CASE("grad of several outputs is the sum, each weighted by its seed") {
  Variable x = leaf({1, 2});
  Variable a = square(x), b = sum(x);
  Variable seed_a = leaf({1, 10}, false);
  Variable seed_b(Tensor::full(b.shape(), 100, float64()));
  CHECK(values_of(grad({a, b}, {x}, {seed_a, seed_b})[0]) == Numbers{102, 140});
}

TEST_CASE("an output that is itself asked for gets its seed") {
  Variable x = leaf({3});
  Variable y = square(x);
  CHECK(grad({y}, {y, x})[0].item() == 1);
}

TEST_CASE("grad walks only what lies between outputs and inputs") {
  Variable x = leaf({3}), far = leaf({2});
  bool walked = false;
  Variable beside = square(far);
  beside.register_hook([&](const Variable&) {
    walked = true;
    return Variable();
  });
  Variable y = square(x) * beside;
  grad({y}, {x});
  CHECK_FALSE(walked);
  CHECK(grad({beside}, {far})[0].item() == 4);  // and frees nothing else
}

TEST_CASE("an input that no output depends on has a gradient of zeros") {
  Variable x = leaf({3, 4}), unused = leaf({1, 2, 3});
  CHECK(values_of(grad({sum(x)}, {unused})[0]) == Numbers{0, 0, 0});
}

TEST_CASE("a gradient asked of what has none is an error") {
  Variable constant = leaf({1, 2}, false), x = leaf({1, 2});
  CHECK(says(error_of([&] { sum(constant).backward(); }), "requires a gradient"));
  CHECK(says(error_of([&] { grad({sum(x)}, {constant}); }), "does not require a gradient"));
  CHECK(says(error_of([&] { constant.register_hook([](const Variable& g) { return g; }); }),
             "does not require a gradient"));
  CHECK(says(error_of([&] { Variable().backward(); }), "before it was given a value"));
}

TEST_CASE("seeds of the wrong shape, number or dtype are refused") {
  Variable x = leaf({1, 2});
  Variable y = square(x);
  CHECK_THROWS_AS(y.backward(), ShapeError);
  CHECK(says(error_of([&] { y.backward(); }), "[2]"));
  CHECK_THROWS_AS(y.backward(leaf({1, 2, 3}, false)), ShapeError);
  CHECK(says(error_of([&] { grad({y}, {x}, {leaf({1, 1}), leaf({1, 1})}); }), "2 seeds"));
  Variable float32(Tensor::full({2}, 1, {.device = test_device()}));
  CHECK(says(error_of([&] { y.backward(float32); }), "float32"));
  y.backward(leaf({1, 10}, false));  // the graph has survived all of these
  CHECK(values_of(x.grad()) == Numbers{2, 40});
}

TEST_CASE("float32 and float64 do not mix in one op") {
  Variable single(Tensor::full({2}, 1, {.device = test_device()}), true);
  std::string sentence = error_of([&] { add(single, leaf({1, 2})); });
  CHECK(says(sentence, "float32"));
  CHECK(says(sentence, "float64"));
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
  chain(leaf({1}), 1'000'000);  // never walked: the destructor frees it alone
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

TEST_CASE("hooks see the whole gradient, in their order, and may replace it") {
  Variable x = leaf({3});
  Variable middle = square(x);
  std::string order;
  middle.register_hook([&](const Variable& gradient) {
    order += "a";
    CHECK(gradient.item() == 7);  // both uses below, added up
    return 10 * gradient;
  });
  middle.register_hook([&](const Variable& gradient) {
    order += "b";
    CHECK(gradient.item() == 70);
    return Variable();
  });
  x.register_hook([&](const Variable& gradient) { return gradient + 0.5; });
  (3.0 * middle + 4.0 * middle).backward();
  CHECK(order == "ab");
  CHECK(x.grad().item() == doctest::Approx(70 * 6 + 0.5));
}

TEST_CASE("a hook must not change the shape of a gradient") {
  Variable x = leaf({3, 4});
  x.register_hook([](const Variable&) { return leaf({1, 2, 3}, false); });
  CHECK_THROWS_AS(sum(x).backward(), ShapeError);
}

TEST_CASE("retain_grad keeps the gradient of an intermediate") {
  Variable x = leaf({3});
  Variable kept = square(x), passed = square(kept);
  kept.retain_grad();
  square(passed).backward();
  CHECK(kept.grad().item() == doctest::Approx(4 * 9 * 9 * 9));
  CHECK_FALSE(passed.grad().defined());
  CHECK(says(error_of([] { leaf({1}, false).retain_grad(); }), "retain_grad"));
}

TEST_CASE("detach cuts the graph and shares the value") {
  Variable x = leaf({3});
  Variable y = square(x);
  CHECK(y.detach().value().shares_storage_with(y.value()));
  CHECK_FALSE(y.detach().requires_grad());
  (y.detach() * x).backward();
  CHECK(x.grad().item() == 9);
}

TEST_CASE("NoGrad records nothing, holds no memory, and ends with its scope") {
  Variable x(Tensor::full({1000}, 0.5, float64()), true);
  size_t before = bytes_in_use();
  {
    NoGrad guard;
    Variable y = tanh(tanh(x));
    CHECK_FALSE(is_recording());
    CHECK_FALSE(y.requires_grad());
    CHECK(y.is_leaf());
    CHECK(bytes_in_use() - before == y.value().bytes());
    RecordingGuard again(true);
    CHECK(tanh(x).requires_grad());
  }
  CHECK(is_recording());
  CHECK(tanh(x).requires_grad());
}

TEST_CASE("backward without create_graph records nothing") {
  Variable x = leaf({3});
  bool recorded = true;
  x.register_hook([&](const Variable&) {
    recorded = is_recording();
    return Variable();
  });
  square(x).backward();
  CHECK_FALSE(recorded);
  CHECK_FALSE(x.grad().requires_grad());
  CHECK(is_recording());
}

TEST_CASE("a frozen leaf gets no gradient, and the path behind it none either") {
  Variable x = leaf({3}), weight = leaf({2});
  weight.set_requires_grad(false);
  Variable y = weight * x;
  y.backward();
  CHECK_FALSE(weight.grad().defined());
  CHECK(x.grad().item() == 2);
  CHECK_FALSE((weight * weight).requires_grad());
  CHECK(says(error_of([&] { square(x).set_requires_grad(false); }), "square"));
}

TEST_CASE("a leaf frozen between forward and backward gets no gradient") {
  Variable x = leaf({3}), weight = leaf({2});
  Variable y = weight * x;
  weight.set_requires_grad(false);
  y.backward();
  CHECK_FALSE(weight.grad().defined());
  CHECK(x.grad().item() == 2);
}

TEST_CASE("a leaf's value is replaced by one of the same shape only") {
  Variable x = leaf({1, 2});
  CHECK_THROWS_AS(x.set_value(Tensor::zeros({3}, float64())), ShapeError);
  CHECK(says(error_of([&] { square(x).set_value(Tensor::zeros({2}, float64())); }), "square"));
  CHECK_THROWS_AS(x.set_grad(leaf({1, 2, 3})), ShapeError);
  x.set_value(Tensor::zeros({2}, float64()));
  CHECK(values_of(x) == Numbers{0, 0});
}

TEST_CASE("a backward of the wrong number or shape of gradients is named") {
  Variable x = leaf({1, 2});
  Variable none = record("forgetful", x.value(), {x, x},
                         [](const Variable& dy, const Variable&) { return Grads{dy}; });
  CHECK(says(error_of([&] { sum(none).backward(); }), "forgetful"));
  Variable bent = record("bent", x.value(), {x}, [](const Variable& dy, const Variable&) {
    return Grads{reshape(dy, {1, 2})};
  });
  CHECK_THROWS_AS(sum(bent).backward(), ShapeError);
}

TEST_CASE("an optional input may be undefined") {
  Variable x = leaf({1, 2});
  Variable y =
      record("optional", x.value(), {x, Variable()}, [](const Variable& dy, const Variable&) {
        return Grads{dy, Variable()};
      });
  sum(y).backward();
  CHECK(values_of(x.grad()) == Numbers{1, 1});
}

TEST_CASE("a used Variable without a value is an error, not a crash") {
  CHECK(says(error_of([] { Variable().value(); }), "before it was given a value"));
  CHECK(says(error_of([] { exp(Variable()); }), "before it was given a value"));
}

TEST_CASE("every thread records for itself") {
  NoGrad guard;
  CHECK_FALSE(is_recording());
  bool elsewhere = false;
#pragma omp parallel num_threads(2)
  {
#pragma omp critical
    elsewhere = elsewhere || is_recording();
  }
  CHECK(elsewhere);
}

}  // namespace kintsugi
