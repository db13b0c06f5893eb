#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <utility>

#include "layers/loss.h"
#include "tensor/error.h"
#include "tests/reference.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

void check_loss(const std::string& name,
                const std::function<Variable(const Variable&, const Tensor&)>& loss) {
  CAPTURE(name);
  ReferenceCase expected("loss", name);
  Variable x(expected["input"], true);
  Variable y = loss(x, expected["target"]);
  CHECK(y.item() == doctest::Approx(expected["output"].item()).epsilon(1e-13));
  y.backward(Variable(expected["cotangent"].reshape(y.shape())));
  CHECK(difference(x.grad().value(), expected["grad_input"]) < 1e-12);
}

std::vector<int64_t> labels_of(const Tensor& target) {
  std::vector<int64_t> labels;
  for (double label : target.to_vector()) labels.push_back(std::lround(label));
  return labels;
}

Variable column(std::initializer_list<double> values) {
  return Variable(
      Tensor::from(values, {static_cast<int64_t>(values.size()), 1}, {.device = test_device()}),
      true);
}

}  // namespace

TEST_CASE("losses give PyTorch's values and gradients") {
  check_loss("mse", [](const Variable& x, const Tensor& t) { return mse_loss(x, Variable(t)); });
  check_loss("l1", [](const Variable& x, const Tensor& t) { return l1_loss(x, Variable(t)); });
  check_loss("bce_with_logits",
             [](const Variable& x, const Tensor& t) { return bce_with_logits(x, Variable(t)); });
  check_loss("cross_entropy",
             [](const Variable& x, const Tensor& t) { return cross_entropy(x, labels_of(t)); });
}

TEST_CASE("weights count element by element, or pixel by pixel for all channels") {
  const TensorOptions options{.device = test_device()};
  const Tensor x = Tensor::from({1, -2, 3, 0.5}, {1, 2, 2}, options);
  const Variable target(Tensor::from({0, 0, 1, 1}, {1, 2, 2}, options));
  const auto weighted = [&](const Tensor& weights) {
    Variable v(x, true);
    const Variable loss = mse_loss(v, target, weights);
    loss.backward();
    return std::pair{loss.item(), v.grad().value().to_vector()};
  };
  CHECK(weighted(Tensor::from({1, 0.5}, {1, 2, 1}, options)) ==
        std::pair{(1 + 4 + 0.5 * 4 + 0.5 * 0.25) / 4, std::vector<double>{0.5, -1, 0.5, -0.125}});
  CHECK(weighted(Tensor::from({0, 1, 0, 2}, {1, 2, 2}, options)) ==
        std::pair{(4 + 2 * 0.25) / 4, std::vector<double>{0, -1, 0, -0.5}});
}

TEST_CASE("binary cross entropy with one target for all is that with a tensor of it") {
  for (double target : {0.0, 0.3, 1.0}) {
    CAPTURE(target);
    Variable x = column({-2, 0.5, 3}), z = column({-2, 0.5, 3});
    Variable one = bce_with_logits(x, target);
    Variable all = bce_with_logits(z, Variable(Tensor::full({3, 1}, target, z.options())));
    CHECK(one.item() == doctest::Approx(all.item()).epsilon(1e-6));
    one.backward();
    all.backward();
    CHECK(difference(x.grad().value(), z.grad().value()) < 1e-6);
  }
}

TEST_CASE("binary cross entropy neither overflows nor cancels for sure answers") {
  CHECK(bce_with_logits(column({40}), 1).item() == doctest::Approx(std::exp(-40.0)));
  CHECK(bce_with_logits(column({-40}), 0).item() == doctest::Approx(std::exp(-40.0)));
  CHECK(bce_with_logits(column({-1000}), 1).item() == doctest::Approx(1000));
  Variable wrong = column({-1000});
  bce_with_logits(wrong, 1).backward();
  CHECK(wrong.grad().item() == doctest::Approx(-1));
}

TEST_CASE("losses refuse targets that do not fit") {
  Variable x = column({1, 2});
  CHECK_THROWS_AS(mse_loss(x, column({1})), ShapeError);
  CHECK_THROWS_AS(bce_with_logits(x, 1.5), Error);
  CHECK(sentence_of([&] {
          cross_entropy(x, {0, 1});
        }) == "cross_entropy: label 1 of row 1 is not in [0, 1)");
  CHECK_THROWS_AS(cross_entropy(x, {0}), ShapeError);
}
