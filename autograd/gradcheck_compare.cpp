#include "autograd/gradcheck_compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace kintsugi {

namespace {

constexpr double kSmallestScale = 1e-3;
constexpr double kZero = 1e-9;  // counts as zero: what a tolerance of 1e-6 of that scale forgives
constexpr double kMostExcluded = 0.25;

using Values = std::vector<double>;

Variables inputs_of(const GradcheckProblem& problem, const std::vector<bool>& requires_grad,
                    Device device) {
  Variables inputs;
  for (size_t i = 0; i < problem.x.size(); ++i)
    inputs.emplace_back(problem.x[i].to(device), requires_grad[i]);
  return inputs;
}

Variables seeds_of(const GradcheckProblem& problem, const Variables& outputs) {
  Variables seeds;
  for (size_t i = 0; i < outputs.size(); ++i)
    seeds.emplace_back(Tensor::from(problem.u[i], outputs[i].shape(), outputs[i].options()));
  return seeds;
}

Values gradient_alone(const GradcheckProblem& problem, size_t input, Device device) {
  std::vector<bool> only(problem.x.size(), false);
  only[input] = true;
  Variables inputs = inputs_of(problem, only, device);
  Variables outputs = problem.f(inputs);
  return grad(outputs, {inputs[input]}, seeds_of(problem, outputs))[0].value().to_vector();
}

/// One for each input, empty where it is not differentiable. A single output goes through
/// backward() and the leaves' gradients, as training does it.
std::vector<Values> gradients_together(const GradcheckProblem& problem, Device device) {
  Variables inputs = inputs_of(problem, problem.differentiable, device);
  Variables outputs = problem.f(inputs);
  Variables seeds = seeds_of(problem, outputs);
  Variables wanted;
  for (const Variable& input : inputs)
    if (input.requires_grad()) wanted.push_back(input);
  Variables found = wanted;
  if (outputs.size() == 1 && outputs[0].requires_grad()) {
    outputs[0].backward(seeds[0]);
    for (Variable& variable : found) variable = variable.grad();
  } else {
    found = grad(outputs, wanted, seeds);
  }
  std::vector<Values> gradients(inputs.size());
  size_t next = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    const Variable& gradient = found[next++];
    gradients[i] = gradient.defined() ? gradient.value().to_vector()
                                      : Values(static_cast<size_t>(problem.x[i].numel()), 0.0);
  }
  return gradients;
}

/// "[1, 0, 2]"
std::string index_of(const Shape& shape, int64_t element) {
  std::string index;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index.insert(0, fmt::format("{}{}", axis > 0 ? ", " : "", element % shape[axis]));
    element /= shape[axis];
  }
  return "[" + index + "]";
}

double root_mean_square(const Values& values) {
  double sum = 0;
  for (double value : values) sum += value * value;
  return std::sqrt(sum / std::max(1.0, static_cast<double>(values.size())));
}

bool all_zero(const Values& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::abs(v) < kZero; });
}

/// |got − expected| / max(|got|, |expected|, scale); infinity where one is no number.
double relative_error(double got, double expected, double scale) {
  double error = std::abs(got - expected) / std::max({std::abs(got), std::abs(expected), scale});
  return std::isnan(error) ? HUGE_VAL : error;
}

/// The comparison of one input's gradient.
class InputComparison {
 public:
  InputComparison(const GradcheckProblem& problem, size_t input, const GradcheckOptions& options,
                  GradcheckReport& report)
      : problem_(problem), input_(input), options_(options), report_(report) {
    for (int64_t e = 0; e < problem.x[input].numel(); ++e)
      expected_.push_back(derivative(e, numerical::kStep));
    scale_ = std::max(root_mean_square(expected_), kSmallestScale);
    elements_ = {.sample = problem.sample,
                 .place = problem.place,
                 .input = problem.names[input],
                 .shape = problem.x[input].shape(),
                 .scale = scale_,
                 .expected = expected_};
  }

  void run(const Values& alone, const Values& together) {
    const bool first = report_.failure.empty();
    check_zeros(all_zero(expected_) && all_zero(alone) && all_zero(together));
    for (size_t e = 0; e < expected_.size(); ++e) {
      double error_alone = relative_error(alone[e], expected_[e], scale_);
      double error_together = relative_error(together[e], expected_[e], scale_);
      if (error_alone > options_.tolerance || error_alone >= error_together)
        enter(static_cast<int64_t>(e), alone[e], error_alone, "this input alone");
      else
        enter(static_cast<int64_t>(e), together[e], error_together, "all inputs together");
    }
    auto elements = static_cast<int64_t>(expected_.size());
    report_.elements += elements - excluded_;
    report_.kinks_excluded += excluded_;
    if (static_cast<double>(excluded_) > kMostExcluded * static_cast<double>(elements))
      fail(fmt::format("{} of {} elements are too near to a kink to say anything", excluded_,
                       elements));
    if (first) report_.failure = failure_;
    if (options_.observer) options_.observer(elements_);
  }

 private:
  void enter(int64_t element, double got, double error, const char* which) {
    bool wrong = error > options_.tolerance;
    const bool excluded = wrong && problem_.may_kink && depends_on_step(element);
    elements_.got.push_back(got);
    elements_.error.push_back(error);
    elements_.excluded.push_back(excluded);
    if (excluded) {
      ++excluded_;
      return;
    }
    double expected = expected_[static_cast<size_t>(element)];
    std::string index = index_of(problem_.x[input_].shape(), element);
    if (report_.where.empty() || error > report_.worst) {
      report_.worst = error;
      report_.where = fmt::format("{}, {} element {}", problem_.place, name(), index);
    }
    if (wrong && error > worst_wrong_) {
      worst_wrong_ = error;
      failure_.clear();
      fail(
          fmt::format("element {}, with {}: expected {:.10g}, got {:.10g}, a relative error of "
                      "{:.2g} where {:.0e} is allowed",
                      index, which, expected + 0.0, got + 0.0,  // 0 instead of -0
                      error, options_.tolerance));
    }
  }

  void check_zeros(bool zeros) {
    if (zeros && problem_.zero[input_] == ZeroGradient::refused)
      fail(
          "the gradient is zero everywhere, which checks nothing; take another sample or declare "
          "it (zero_gradient)");
    if (!zeros && problem_.zero[input_] == ZeroGradient::declared)
      fail("the gradient was declared to be zero everywhere, but is not");
  }

  /// True where a kink lies within the stencil: a smooth function has one derivative for any step.
  bool depends_on_step(int64_t element) const {
    double finer = derivative(element, numerical::kStep / 10);
    return relative_error(finer, expected_[static_cast<size_t>(element)], scale_) >
           options_.tolerance;
  }

  double derivative(int64_t element, double step) const {
    return numerical::derivative(problem_.f, problem_.x, problem_.u, input_, element, step);
  }

  std::string name() const {
    return fmt::format("{} {}", problem_.names[input_], problem_.x[input_].shape());
  }

  /// The first fault found is the one that is told.
  void fail(const std::string& what) {
    report_.passed = false;
    if (failure_.empty())
      failure_ = fmt::format("{}, {}, {}, {}: {}", report_.name,
                             report_.order == 1 ? "first order" : "second order", problem_.place,
                             name(), what);
  }

  const GradcheckProblem& problem_;
  size_t input_;
  const GradcheckOptions& options_;
  GradcheckReport& report_;
  Values expected_;
  std::string failure_;  // of this input
  GradcheckElements elements_;
  double scale_ = kSmallestScale;
  double worst_wrong_ = 0;
  int64_t excluded_ = 0;
};

/// That the outputs are the same on the device as on the CPU, whose function the numerical
/// derivatives are of.
void compare_outputs(const GradcheckProblem& problem, const GradcheckOptions& options,
                     GradcheckReport& report) {
  const std::vector<bool> none(problem.x.size(), false);
  const Variables expected = problem.f(inputs_of(problem, none, Device::cpu));
  const Variables got = problem.f(inputs_of(problem, none, options.device));
  for (size_t i = 0; i < expected.size() && report.passed; ++i) {
    const Values a = got[i].value().to_vector(), b = expected[i].value().to_vector();
    const double scale = std::max(root_mean_square(b), kSmallestScale);
    for (size_t e = 0; e < b.size() && report.passed; ++e) {
      if (relative_error(a[e], b[e], scale) <= options.tolerance) continue;
      report.passed = false;
      report.failure = fmt::format(
          "{}, {}: output {} element {} is {:.10g} on device {}, but {:.10g} on the CPU",
          report.name, problem.place, i, index_of(expected[i].shape(), static_cast<int64_t>(e)),
          a[e], to_string(options.device), b[e]);
    }
  }
}

}  // namespace

void compare_gradients(const GradcheckProblem& problem, const GradcheckOptions& options,
                       GradcheckReport& report) {
  if (options.device != Device::cpu) compare_outputs(problem, options, report);
  std::vector<Values> together = gradients_together(problem, options.device);
  for (size_t i = 0; i < problem.x.size() && (report.passed || options.keep_going); ++i)
    if (problem.differentiable[i])
      InputComparison(problem, i, options, report)
          .run(gradient_alone(problem, i, options.device), together[i]);
}

}  // namespace kintsugi
