#include "tests/gradcheck/step_sweep.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "autograd/gradcheck_numerical.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

constexpr int kElements = 12;   // measured; more do not change the picture
constexpr double kWide = 0.02;  // step of the differences that estimate f⁽⁵⁾
constexpr double kPolynomial =
    1e-5;  // f⁽⁵⁾ below this part of the gradient is the differences' rounding

using Values = std::vector<double>;

struct Element {
  size_t input;
  int64_t index;
  double gradient;  // by backward
  double scale;     // of its input's gradient
};

/// ⟨u, f⟩ around a place, in one dtype.
struct Line {
  const Sample& sample;
  const std::vector<Tensor>& x;
  const Values& u;

  Values outputs(const Element& element, double offset, DType dtype) const {
    std::vector<Tensor> moved = x;
    moved[element.input] = x[element.input].clone();
    moved[element.input].data<double>()[element.index] += offset;
    Variables inputs;
    for (const Tensor& tensor : moved) inputs.emplace_back(tensor.to(dtype));
    return sample.apply(inputs).value().to_vector();
  }

  /// Σₖ weights[k]·⟨u, f(x + offsets[k])⟩, each output's differences first.
  double combine(const Element& element, std::span<const double> weights,
                 std::span<const double> offsets, DType dtype) const {
    Values sums(u.size(), 0.0);
    for (size_t k = 0; k < weights.size(); ++k) {
      const Values y = outputs(element, offsets[k], dtype);
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += weights[k] * y[i];
    }
    double total = 0;
    for (size_t i = 0; i < sums.size(); ++i) total += u[i] * sums[i];
    return total;
  }

  double derivative(const Element& element, double h, DType dtype) const {
    return combine(element, std::array{1.0, -8.0, 8.0, -1.0}, std::array{-2 * h, -h, h, 2 * h},
                   dtype) /
           (12 * h);
  }

  double fifth_derivative(const Element& element) const {
    constexpr double h = kWide;
    return combine(element, std::array{-1.0, 4.0, -5.0, 5.0, -4.0, 1.0},
                   std::array{-3 * h, -2 * h, -h, h, 2 * h, 3 * h}, DType::float64) /
           (2 * std::pow(h, 5));
  }

  /// The size of what is rounded when f is evaluated near x: √(Σ (uᵢ·yᵢ)² + (x·f′)²).
  double rounded_size(const Element& element) const {
    const Values here = outputs(element, 0, DType::float64);
    const Values there = outputs(element, kWide, DType::float64);
    const double centre = x[element.input].data<double>()[element.index];
    double sum = std::pow(centre * element.gradient, 2);
    for (size_t i = 0; i < u.size(); ++i)
      if (here[i] != there[i]) sum += std::pow(u[i] * here[i], 2);
    return std::sqrt(sum);
  }
};

double root_mean_square(const Values& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / std::max(1.0, static_cast<double>(values.size())));
}

/// Some elements of every differentiable input, evenly spread.
std::vector<Element> chosen_elements(const Sample& sample, const std::vector<Tensor>& x,
                                     const Values& u) {
  Variables inputs, wanted;
  std::vector<size_t> places;
  for (size_t i = 0; i < x.size(); ++i) {
    inputs.emplace_back(x[i], sample.inputs[i].differentiable);
    if (!sample.inputs[i].differentiable || sample.inputs[i].zero_gradient) continue;
    wanted.push_back(inputs.back());
    places.push_back(i);
  }
  const Variable y = sample.apply(inputs);
  const Variables gradients =
      grad({y}, wanted, {Variable(Tensor::from(u, y.shape(), y.options()))});
  std::vector<Element> elements;
  for (size_t k = 0; k < places.size(); ++k) {
    const Values values = gradients[k].value().to_vector();
    const auto count = static_cast<int64_t>(values.size());
    const int64_t share = std::max<int64_t>(1, kElements / static_cast<int64_t>(places.size()));
    const int64_t stride = std::max<int64_t>(1, count / share);
    for (int64_t e = stride / 2; e < count; e += stride)
      elements.push_back(
          {places[k], e, values[static_cast<size_t>(e)], std::max(root_mean_square(values), 1e-3)});
  }
  return elements;
}

/// The step from which on the stencil of one of the elements reaches over a kink that an input
/// value shows; 0 where there is none.
double kink_from(const OpInfo& op, const std::vector<Tensor>& x,
                 const std::vector<Element>& elements) {
  double nearest = std::numeric_limits<double>::infinity();
  for (const Element& element : elements) {
    const double value = x[element.input].data<double>()[element.index];
    for (const double kink : op.kinks) nearest = std::min(nearest, std::abs(value - kink));
    if (!op.differences_kink) continue;
    for (const Tensor& other : x)
      for (const double near : other.to_vector())
        if (near != value) nearest = std::min(nearest, std::abs(value - near));
  }
  return std::isfinite(nearest) ? nearest / 2 : 0;
}

/// The numbers of a sample, rounded to float32 so that both dtypes compute at the same place.
std::vector<Tensor> rounded_inputs(const OpInfo& op, const Sample& sample, Generator& generator) {
  std::vector<Tensor> x;
  for (const Tensor& input : numerical::draw(op, sample, generator).inputs)
    x.push_back(input.to(DType::float32).to(DType::float64));
  return x;
}

void predict(const Line& line, const std::vector<Element>& elements,
             gradcheck_run::StepSweep& sweep) {
  Values truncation, rounding;
  for (const Element& element : elements) {
    const double fifth = line.fifth_derivative(element) / element.scale;
    truncation.push_back(std::abs(fifth) > kPolynomial ? fifth / 30 : 0);
    rounding.push_back(line.rounded_size(element) / element.scale);
  }
  const double fourth_power = root_mean_square(truncation);
  // A value rounded to the nearest is uniform in ±u/2·2 of its size: u/√3 in the mean square.
  const double inverse = root_mean_square(rounding) * std::sqrt(130.0 / 3) / 12;
  for (const double step : sweep.steps) {
    if (fourth_power > 0) sweep.truncation.push_back(fourth_power * std::pow(step, 4));
    sweep.rounding64.push_back(inverse * std::numeric_limits<double>::epsilon() / 2 / step);
    sweep.rounding32.push_back(inverse * std::numeric_limits<float>::epsilon() / 2 / step);
  }
}

Values measure(const Line& line, const std::vector<Element>& elements, const Values& steps,
               DType dtype) {
  Values measured;
  for (const double step : steps) {
    Values errors;
    for (const Element& element : elements)
      errors.push_back((line.derivative(element, step, dtype) - element.gradient) / element.scale);
    measured.push_back(root_mean_square(errors));
  }
  return measured;
}

}  // namespace

gradcheck_run::StepSweep sweep_steps(const OpInfo& op) {
  gradcheck_run::StepSweep sweep;
  if (op.samples.empty()) return sweep;
  const Sample& sample = op.samples[0];
  Generator generator{.seed = 1, .stream = 0};
  const RecordingGuard recording(true);
  const std::vector<Tensor> x = rounded_inputs(op, sample, generator);
  const Variable y = sample.apply(Variables(x.begin(), x.end()));
  Values u(static_cast<size_t>(y.value().numel()));
  for (double& value : u)
    value = generator.uniform(0.5, 1.5) * (generator.integer(0, 1) == 0 ? -1 : 1);
  const Line line{sample, x, u};
  const std::vector<Element> elements = chosen_elements(sample, x, u);
  if (elements.empty()) return sweep;
  sweep.place = sample.label.empty() ? "sample 0" : fmt::format("sample 0 ({})", sample.label);
  sweep.elements = static_cast<int>(elements.size());
  sweep.kink_from = kink_from(op, x, elements);
  for (int k = -18; k <= -2; ++k) sweep.steps.push_back(std::pow(10.0, k / 2.0));
  sweep.float64.values = measure(line, elements, sweep.steps, DType::float64);
  try {
    sweep.float32.values = measure(line, elements, sweep.steps, DType::float32);
  } catch (const Error&) {  // a sample with constants of its own is of float64 alone
  }
  predict(line, elements, sweep);
  return sweep;
}

}  // namespace kintsugi
