#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/gradcheck_numerical.h"
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

bool says(const std::string& sentence, const std::string& part) {
  return sentence.find(part) != std::string::npos;
}

/// y = 2x with a backward of one's own.
Variable twice(const Variable& x, Backward backward) {
  return record("twice", ops::affine(x.value(), 2, 0), {x}, std::move(backward));
}

GradcheckReport check_twice(Backward backward, GradcheckOptions options = {}) {
  return gradcheck(
      "twice", [backward](const Variables& in) { return twice(in[0], backward); },
      {{.shape = {2, 3}}}, options);
}

}  // namespace

TEST_CASE("a right gradient passes, and the report says how much was compared") {
  auto right = [](const Variable& dy, const Variable&) { return Grads{2 * dy}; };
  GradcheckReport report = check_twice(right);
  CHECK(report.passed);
  CHECK(report.elements == 6);
  CHECK(report.samples == 1);
  CHECK(report.worst < 1e-9);
  CHECK(says(report.where, "sample 0, input 0 [2, 3] element ["));
}

TEST_CASE("a wrong gradient is named: op, order, sample, input, element, expected, got") {
  OpInfo info;
  info.name = "twice";
  info.samples.push_back({.inputs = {{.shape = {2, 3}}},
                          .apply =
                              [](const Variables& in) {
                                return twice(in[0], [](const Variable& dy, const Variable&) {
                                  Variable right = 2 * dy;
                                  right.value().data<double>()[4] *= 3;
                                  return Grads{right};
                                });
                              },
                          .label = "one wrong element"});
  GradcheckReport report = gradcheck(info);
  CHECK_FALSE(report.passed);
  for (const char* part :
       {"twice, first order, sample 0 (one wrong element), input 0 [2, 3]", "element [1, 1]",
        "this input alone", "expected ", "got ", "a relative error of 0.67 where 1e-06 is allowed"})
    CHECK_MESSAGE(says(report.failure, part), report.failure);
  CHECK(report.worst == doctest::Approx(2.0 / 3));
}

TEST_CASE("an error of a hundred-thousandth is found") {
  auto wrong = [](const Variable& dy, const Variable&) { return Grads{2.00002 * dy}; };
  CHECK_FALSE(check_twice(wrong).passed);
  CHECK(check_twice(wrong, {.tolerance = 1e-4}).passed);
}

TEST_CASE("a gradient that is no number is found") {
  auto wrong = [](const Variable& dy, const Variable&) { return Grads{log(affine(dy, 0, -1))}; };
  GradcheckReport report = check_twice(wrong);
  CHECK_FALSE(report.passed);
  bool got_nan = says(report.failure, "got nan") || says(report.failure, "got -nan");
  CHECK_MESSAGE(got_nan, report.failure);
}

TEST_CASE("an error that backward throws is a failure that names the op") {
  auto throws = [](const Variable&, const Variable&) -> Grads { throw Error("out of luck"); };
  GradcheckReport report = check_twice(throws);
  CHECK_FALSE(report.passed);
  CHECK(report.failure == "twice, sample 0: out of luck");
}

TEST_CASE("a buffer that two gradients share is found, though each alone is right") {
  auto product = [](const Variables& in) {
    Variable a = in[0], b = in[1];
    auto backward = [a, b](const Variable& dy, const Variable&) {
      Tensor buffer = Tensor::empty(a.shape(), a.options());
      auto write = [&](const Variable& other) {
        Tensor product = ops::multiply(dy.value(), other.value());
        for (int64_t i = 0; i < buffer.numel(); ++i)
          buffer.data<double>()[i] = product.data<double>()[i];
        return Variable(buffer);
      };
      return Grads{a.requires_grad() ? write(b) : Variable(),
                   b.requires_grad() ? write(a) : Variable()};
    };
    return record("product", ops::multiply(a.value(), b.value()), {a, b}, backward);
  };
  GradcheckReport report = gradcheck("product", product, {{.shape = {2}}, {.shape = {2}}});
  CHECK_FALSE(report.passed);
  CHECK(says(report.failure, "input 0 [2]"));
  CHECK(says(report.failure, "all inputs together"));
}

TEST_CASE("a gradient that is zero everywhere is refused unless declared") {
  auto nothing = [](const Variables& in) { return 0 * in[0] + in[1]; };
  GradcheckReport refused = gradcheck("nothing", nothing, {{.shape = {2}}, {.shape = {2}}});
  CHECK_FALSE(refused.passed);
  CHECK(says(refused.failure, "input 0 [2]: the gradient is zero everywhere"));
  auto declared = [&](bool first, bool second) {
    return gradcheck(
        "nothing", nothing,
        {{.shape = {2}, .zero_gradient = first}, {.shape = {2}, .zero_gradient = second}});
  };
  CHECK(declared(true, false).passed);
  CHECK(says(declared(true, true).failure, "input 1 [2]: the gradient was declared to be zero"));
}

TEST_CASE("a second derivative that got lost is found at second order only") {
  auto function = [](const Variables& in) {
    Variable x = in[0];
    return record("square", ops::square(x.value()), {x},
                  [x](const Variable& dy, const Variable&) { return Grads{2 * dy * x.detach()}; });
  };
  CHECK(gradcheck("lost", function, {{.shape = {3}}}).passed);
  GradcheckReport report = gradcheck("lost", function, {{.shape = {3}}}, {.order = 2});
  CHECK_FALSE(report.passed);
  CHECK(says(report.failure, "lost, second order, sample 0, input 0 [3]"));
}

TEST_CASE("a missing dependence on the cotangent is found at second order") {
  auto cut = [](const Variable& dy, const Variable&) { return Grads{2 * dy.detach()}; };
  CHECK(check_twice(cut).passed);
  GradcheckReport report = check_twice(cut, {.order = 2});
  CHECK_FALSE(report.passed);
  CHECK(says(report.failure, "cotangent [2, 3]"));
}

TEST_CASE("second order is skipped where the op declares that it has none") {
  OpInfo info;
  info.name = "none";
  info.second_order = false;
  GradcheckReport report = gradcheck(info, {.order = 2});
  CHECK(report.skipped);
  CHECK(report.passed);
  CHECK_FALSE(gradcheck(info).passed);  // but without samples it fails
  CHECK_THROWS_AS(gradcheck(info, {.order = 3}), Error);
}

TEST_CASE("elements near a kink are drawn again, and counted") {
  OpInfo info;
  info.name = "relu";
  info.kinks = {0};
  Sample sample{.inputs = {{.shape = {500}, .low = -0.005, .high = 0.005}},
                .apply = [](const Variables& in) { return relu(in[0]); }};
  Generator generator{.seed = 1};
  numerical::Drawn drawn = numerical::draw(info, sample, generator);
  CHECK(drawn.kinks > 10);  // the band holds a tenth of the range
  CHECK(drawn.kinks < 100);
  for (double value : drawn.inputs[0].to_vector()) CHECK(std::abs(value) >= numerical::kKinkBand);
  info.samples = {sample};
  CHECK(gradcheck(info).kinks_excluded == gradcheck(info, {.order = 2}).kinks_excluded);
  CHECK(gradcheck(info).kinks_excluded > 10);
  info.samples[0].inputs[0].high = -0.0049;
  info.kinks = {-0.005};
  CHECK(says(gradcheck(info).failure, "no element of input [500] fits between kinks"));
}

TEST_CASE("elements of one input or of two keep apart where differences kink") {
  OpInfo info;
  info.name = "maximum";
  info.differences_kink = true;
  Sample sample{.inputs = {{.shape = {60}}, {.shape = {60}}},
                .apply = [](const Variables& in) { return maximum(in[0], in[1]); }};
  Generator generator{.seed = 1};
  numerical::Drawn drawn = numerical::draw(info, sample, generator);
  std::vector<double> all = drawn.inputs[0].to_vector(), more = drawn.inputs[1].to_vector();
  all.insert(all.end(), more.begin(), more.end());
  for (size_t i = 0; i < all.size(); ++i)
    for (size_t j = 0; j < i; ++j) CHECK(std::abs(all[i] - all[j]) >= numerical::kKinkBand);
}

TEST_CASE("a kink inside of a function is left out where kinks are declared, else a failure") {
  // relu(x − x₀ + 1e-5) at x₀: the stencil straddles a kink that no input value shows.
  OpInfo info;
  info.name = "hidden";
  info.kinks = {5};
  Generator generator{.seed = 1, .stream = 0};
  double first = generator.uniform(-1, 1);  // the first element drawn
  info.samples = {{.inputs = {{.shape = {20}}}, .apply = [first](const Variables& in) {
                     return relu(affine(in[0], 1, 1e-5 - first));
                   }}};
  GradcheckReport report = gradcheck(info);
  CHECK_MESSAGE(report.passed, report.failure);
  CHECK(report.kinks_excluded == 1);
  CHECK(report.elements == 19);
  info.kinks = {};
  CHECK_FALSE(gradcheck(info).passed);
  info.kinks = {5};
  info.samples[0].inputs[0].shape = {1};
  CHECK(says(gradcheck(info).failure, "1 of 1 elements are too near to a kink"));
}

TEST_CASE("a kink is no excuse for a wrong gradient") {
  OpInfo info;
  info.name = "relu";
  info.kinks = {0};
  info.samples = {{.inputs = {{.shape = {20}}}, .apply = [](const Variables& in) {
                     return record("relu", ops::relu(in[0].value()), {in[0]},
                                   [](const Variable& dy, const Variable&) { return Grads{dy}; });
                   }}};
  GradcheckReport report = gradcheck(info);
  CHECK_FALSE(report.passed);
  CHECK(report.kinks_excluded == 0);
  CHECK(says(report.failure, "expected 0"));
}

TEST_CASE("the same seed checks the same numbers, another seed others") {
  auto function = [](const Variables& in) { return exp(in[0]); };
  auto worst = [&](uint64_t seed) {
    return gradcheck("exp", function, {{.shape = {9}}}, {.seed = seed}).worst;
  };
  CHECK(worst(1) == worst(1));
  CHECK(worst(1) != worst(2));
}

}  // namespace kintsugi
