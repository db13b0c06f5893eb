#include <doctest/doctest.h>

#include <string>

#include "autograd/ops.h"
#include "autograd/variable.h"
#include "tensor/error.h"
#include "tests/autograd/engine_support.h"

namespace kintsugi {

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
