#include "autograd/gradcheck.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "autograd/gradcheck_compare.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

/// Between ½ and 3/2 in size, of either sign: with ones, errors could cancel in a sum.
std::vector<double> random_cotangent(int64_t numel, Generator& generator) {
  std::vector<double> u(static_cast<size_t>(numel));
  for (double& value : u)
    value = generator.uniform(0.5, 1.5) * (generator.integer(0, 1) == 0 ? -1 : 1);
  return u;
}

void draw_cotangents(GradcheckProblem& problem, Generator& generator) {
  for (const Variable& output : problem.f(Variables(problem.x.begin(), problem.x.end())))
    problem.u.push_back(random_cotangent(output.value().numel(), generator));
}

GradcheckProblem first_order(const Sample& sample, std::vector<Tensor> x) {
  GradcheckProblem problem;
  problem.f = [&sample](const Variables& in) { return Variables{sample.apply(in)}; };
  problem.x = std::move(x);
  for (size_t i = 0; i < problem.x.size(); ++i) {
    problem.names.push_back(fmt::format("input {}", i));
    problem.differentiable.push_back(sample.inputs[i].differentiable);
    problem.zero.push_back(sample.inputs[i].zero_gradient ? ZeroGradient::declared
                                                          : ZeroGradient::refused);
  }
  return problem;
}

/// (x, v) ↦ the gradients of ⟨v, f(x)⟩ by every differentiable input.
Variables vector_jacobian(const GradcheckProblem& f, const Variables& in) {
  bool recorded = std::any_of(in.begin(), in.end(), [](auto& i) { return i.requires_grad(); });
  Variables x(in.begin(), in.end() - 1), wanted;
  for (size_t i = 0; i < x.size(); ++i)
    if (f.differentiable[i]) {
      if (!x[i].requires_grad()) x[i] = Variable(x[i].value(), true);
      wanted.push_back(x[i]);
    }
  return grad(f.f(x), wanted, {in.back()}, {.create_graph = recorded});
}

GradcheckProblem second_order(const GradcheckProblem& f, Generator& generator) {
  GradcheckProblem problem = f;
  problem.f = [f](const Variables& in) { return vector_jacobian(f, in); };
  std::fill(problem.zero.begin(), problem.zero.end(), ZeroGradient::allowed);
  const Variable y = f.f(Variables(f.x.begin(), f.x.end()))[0];
  problem.x.push_back(
      Tensor::from(random_cotangent(y.value().numel(), generator), y.shape(), y.options()));
  problem.names.push_back("cotangent");
  problem.differentiable.push_back(true);
  bool zero_declared = true;  // of every input: then the cotangent's gradient is zero, too
  for (size_t i = 0; i < f.x.size(); ++i)
    zero_declared = zero_declared && (!f.differentiable[i] || f.zero[i] == ZeroGradient::declared);
  problem.zero.push_back(zero_declared ? ZeroGradient::allowed : ZeroGradient::refused);
  return problem;
}

}  // namespace

GradcheckReport gradcheck(const OpInfo& op, const GradcheckOptions& options) {
  check(options.order == 1 || options.order == 2, "gradcheck: order {}; there are 1 and 2",
        options.order);
  GradcheckReport report{.name = op.name, .order = options.order};
  if (options.order == 2 && !op.second_order) {
    report.skipped = true;
    return report;
  }
  if (op.samples.empty()) {
    report.passed = false;
    report.failure = fmt::format("{}: there is no sample to check it on", op.name);
  }
  RecordingGuard recording(true);
  for (size_t i = 0; i < op.samples.size() && (report.passed || options.keep_going); ++i) {
    const Sample& sample = op.samples[i];
    std::string place = fmt::format("sample {}", i);
    if (!sample.label.empty()) place += fmt::format(" ({})", sample.label);
    ++report.samples;
    try {
      Generator generator{.seed = options.seed, .stream = i};
      numerical::Drawn drawn = numerical::draw(op, sample, generator);
      report.kinks_excluded += drawn.kinks;
      GradcheckProblem problem = first_order(sample, std::move(drawn.inputs));
      if (options.order == 2) problem = second_order(problem, generator);
      draw_cotangents(problem, generator);
      problem.sample = static_cast<int>(i);
      problem.place = place;
      problem.may_kink = !op.kinks.empty() || op.differences_kink;
      compare_gradients(problem, options, report);
    } catch (const Error& error) {
      report.passed = false;
      if (report.failure.empty())
        report.failure = fmt::format("{}, {}: {}", op.name, place, error.what());
    }
  }
  return report;
}

GradcheckReport gradcheck(const std::string& name,
                          const std::function<Variable(const Variables&)>& function,
                          const std::vector<SampleInput>& inputs, const GradcheckOptions& options) {
  OpInfo op;
  op.name = name;
  op.samples.push_back({.inputs = inputs, .apply = function});
  return gradcheck(op, options);
}

}  // namespace kintsugi
