#include "examples/labs/support/gradient.h"

#include "autograd/gradcheck_numerical.h"
#include "examples/labs/support/check.h"
#include "tensor/error.h"

namespace kintsugi::lab {
namespace {

using Function = std::function<Variable(const Variables&)>;

constexpr double kTolerance = 1e-6;

/// d⟨u, f(x)⟩ / dx[which] by differences.
Tensor numerical_gradient(const Function& function, const std::vector<Tensor>& x, size_t which,
                          const Tensor& u) {
  const auto outputs = [&](const Variables& in) { return Variables{function(in)}; };
  const NoGrad no_grad;
  std::vector<double> gradient;
  for (int64_t element = 0; element < x[which].numel(); ++element)
    gradient.push_back(
        numerical::derivative(outputs, x, {u.to_vector()}, which, element, numerical::kStep));
  return Tensor::from(gradient, x[which].shape(), x[which].options());
}

/// What is wrong with the gradient of one input, where it alone requires one.
std::string find_wrong(const Function& function, const std::vector<SampleInput>& inputs,
                       size_t which) {
  std::vector<Tensor> x;
  Variables variables;
  for (size_t i = 0; i < inputs.size(); ++i) {
    x.push_back(random_tensor(inputs[i].shape, 100 + i));
    variables.emplace_back(x[i], i == which);
  }
  const Variable y = function(variables);
  const Tensor u = random_tensor(y.shape(), 99);
  const Variable gradient = grad({y}, {variables[which]}, {Variable(u)})[0];
  return difference(gradient.value(), numerical_gradient(function, x, which, u), kTolerance);
}

/// The same, also where the library refuses what backward made (its shape, say).
std::string wrong_gradient(const Function& function, const std::vector<SampleInput>& inputs,
                           size_t which) {
  try {
    return find_wrong(function, inputs, which);
  } catch (const Error& error) {
    return error.what();
  }
}

/// True where the check passes.
bool passes(const std::string& what, const Function& function,
            const std::vector<SampleInput>& inputs, std::string& failure) {
  const GradcheckReport report =
      gradcheck(what, function, inputs, GradcheckOptions{.tolerance = kTolerance});
  failure = report.failure;
  return report.passed;
}

}  // namespace

void expect_gradients(const std::string& what, const Function& function,
                      const std::vector<SampleInput>& inputs, const std::vector<std::string>& names,
                      Place place) {
  std::string failure;
  if (passes(what, function, inputs, failure)) return;
  bool blamed = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].differentiable) continue;
    const std::string wrong = wrong_gradient(function, inputs, i);
    if (wrong.empty()) continue;
    blamed = true;
    fail(what + ": the gradient of " + names[i] + ": " + wrong, place);
  }
  if (!blamed) fail("the gradient check says: " + failure, place);
}

void expect_gradient(const std::string& what, const Function& function,
                     const std::vector<SampleInput>& inputs, size_t which, const std::string& name,
                     Place place) {
  std::vector<SampleInput> alone = inputs;
  for (size_t i = 0; i < alone.size(); ++i) alone[i].differentiable = i == which;
  std::vector<std::string> names(inputs.size());
  names[which] = name;
  expect_gradients(what, function, alone, names, place);
}

}  // namespace kintsugi::lab
