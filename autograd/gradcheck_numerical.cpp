#include "autograd/gradcheck_numerical.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace kintsugi::numerical {

namespace {

constexpr TensorOptions kFloat64{.dtype = DType::float64};
constexpr int kMaxDraws = 1000;

bool near_any(double value, const std::vector<double>& others) {
  return std::any_of(others.begin(), others.end(),
                     [&](double other) { return std::abs(value - other) < kKinkBand; });
}

/// The outputs at x, one after the other.
std::vector<std::vector<double>> values_at(const Function& f, const std::vector<Tensor>& x) {
  Variables inputs(x.begin(), x.end());
  std::vector<std::vector<double>> values;
  for (const Variable& output : f(inputs)) values.push_back(output.value().to_vector());
  return values;
}

}  // namespace

Drawn draw(const OpInfo& op, const Sample& sample, Generator& generator) {
  Drawn drawn;
  std::vector<double> kept;  // of all inputs: maximum(a, b) has its kink where a = b
  for (const SampleInput& input : sample.inputs) {
    std::vector<double> values(static_cast<size_t>(input.shape.numel()));
    for (double& value : values) {
      int draws = 0;
      do {
        value = generator.uniform(input.low, input.high);
        check(++draws < kMaxDraws, "gradcheck: {} {}: no element of input {} fits between kinks",
              op.name, sample.label, input.shape);
      } while (near_any(value, op.kinks) || (op.differences_kink && near_any(value, kept)));
      drawn.kinks += draws > 1;
      kept.push_back(value);
    }
    drawn.inputs.push_back(Tensor::from(values, input.shape, kFloat64));
  }
  return drawn;
}

double derivative(const Function& f, const std::vector<Tensor>& x,
                  const std::vector<std::vector<double>>& u, size_t input, int64_t element,
                  double step) {
  std::vector<Tensor> moved = x;
  moved[input] = x[input].clone();
  double& value = moved[input].data<double>()[element];
  double centre = value;
  double h = step * std::max(1.0, std::abs(centre));
  auto at = [&](double offset) {
    value = centre + offset;
    return values_at(f, moved);
  };
  auto near_up = at(h), near_down = at(-h), far_up = at(2 * h), far_down = at(-2 * h);
  double total = 0;  // differences first: Σ of the whole outputs would round away their digits
  for (size_t i = 0; i < u.size(); ++i)
    for (size_t j = 0; j < u[i].size(); ++j)
      total += u[i][j] * (8 * (near_up[i][j] - near_down[i][j]) - (far_up[i][j] - far_down[i][j]));
  return total / (12 * h);
}

}  // namespace kintsugi::numerical
