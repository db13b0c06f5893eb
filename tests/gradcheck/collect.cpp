#include "tests/gradcheck/collect.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/gradcheck_numerical.h"
#include "tests/gradcheck/kept_memory.h"
#include "tests/gradcheck/step_sweep.h"

namespace kintsugi {

namespace {

using namespace gradcheck_run;

Extents extents(const Shape& shape) { return {shape.begin(), shape.end()}; }

InputMap map_of(const GradcheckElements& elements, double tolerance) {
  InputMap map{.sample = elements.sample,
               .place = elements.place,
               .input = elements.input,
               .shape = extents(elements.shape)};
  bool wrong = false;
  for (size_t e = 0; e < elements.error.size(); ++e) {
    map.error.values.push_back(elements.error[e]);
    if (elements.excluded[e])
      map.excluded.push_back(static_cast<int64_t>(e));
    else
      wrong = wrong || !(elements.error[e] <= tolerance);
  }
  if (wrong) {
    map.expected.values = elements.expected;
    map.got.values = elements.got;
  }
  return map;
}

SampleText text_of(const OpInfo& op, const Sample& sample) {
  SampleText text{.label = sample.label};
  for (const SampleInput& input : sample.inputs)
    text.inputs.push_back(
        {extents(input.shape), input.low, input.high, input.differentiable, input.zero_gradient});
  Generator generator{.seed = 1, .stream = 0};
  const NoGrad forward;
  const std::vector<Tensor> x = numerical::draw(op, sample, generator).inputs;
  text.output = extents(sample.apply(Variables(x.begin(), x.end())).shape());
  return text;
}

}  // namespace

CheckResult check_as_data(const OpInfo& op, GradcheckOptions options) {
  CheckResult result;
  options.observer = [&](const GradcheckElements& elements) {
    result.inputs.push_back(map_of(elements, options.tolerance));
  };
  const GradcheckReport report = gradcheck(op, options);
  result.order = report.order;
  result.passed = report.passed;
  result.skipped = report.skipped;
  result.samples = report.samples;
  result.elements = report.elements;
  result.worst = report.worst;
  result.where = report.where;
  result.kinks_excluded = report.kinks_excluded;
  result.failure = report.failure;
  return result;
}

Entry collect(const std::string& kind, const OpInfo& op, const std::vector<int>& orders,
              Device device) {
  Entry entry{.kind = kind,
              .name = op.name,
              .formula = op.formula,
              .derivative = op.derivative,
              .reason = kind == "network"
                            ? reason_for_keeping(op.composed ? "Linear" : "ConvNormRelu")
                            : reason_for_keeping(op.name),
              .composed = op.composed,
              .differences_kink = op.differences_kink,
              .kinks = op.kinks};
  for (const Sample& sample : op.samples) entry.samples.push_back(text_of(op, sample));
  for (const int order : orders)
    entry.checks.push_back(
        check_as_data(op, {.order = order, .device = device, .keep_going = true}));
  if (device == Device::cpu) {
    entry.steps = sweep_steps(op);
    entry.kept = measure_kept_memory(op);
  }
  return entry;
}

}  // namespace kintsugi
