#include <doctest/doctest.h>

#include <string>

#include "autograd/ops.h"
#include "autograd/variable.h"
#include "tensor/error.h"
#include "tests/autograd/engine_support.h"

namespace kintsugi {

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

}  // namespace kintsugi
