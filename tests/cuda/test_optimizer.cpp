#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <vector>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

using Parameters = std::vector<ParameterStep>;
using Step = std::function<void(Backend&, std::span<const ParameterStep>)>;

const std::array<Step, 4> kSteps{
    [](Backend& on, auto parameters) { on.sgd_step(parameters, 0.1, 0.9, 0.01); },
    [](Backend& on, auto parameters) { on.adam_step(parameters, 0.01, 0.9, 0.999, 1e-8, 0.1, 3); },
    [](Backend& on, auto parameters) { on.adadelta_step(parameters, 0.5, 0.9, 1e-6, 0.01); },
    [](Backend& on, auto parameters) { on.average_step(parameters, 0.3); }};

/// Random weights and gradients; slots as after some steps: sums of squares, so not negative.
Parameters parameters_of(const std::vector<int64_t>& sizes, DType dtype) {
  Parameters parameters;
  uint64_t seed = 1;
  for (int64_t size : sizes) {
    const auto next = [&] { return random_tensor({size}, dtype, seed++); };
    parameters.push_back(
        {.weight = next(), .grad = next(), .slots = {ops::square(next()), ops::square(next())}});
  }
  return parameters;
}

Parameters on_cuda(const Parameters& parameters) {
  Parameters moved;
  for (const auto& [weight, grad, slots] : parameters)
    moved.push_back({.weight = kintsugi::on_cuda(weight),
                     .grad = kintsugi::on_cuda(grad),
                     .slots = {kintsugi::on_cuda(slots[0]), kintsugi::on_cuda(slots[1])}});
  return moved;
}

void check_steps(const std::vector<int64_t>& sizes, DType dtype) {
  for (size_t method = 0; method < kSteps.size(); ++method) {
    CAPTURE(method);
    const Parameters here = parameters_of(sizes, dtype), there = on_cuda(here);
    kSteps[method](cpu_backend(), here);
    kSteps[method](cuda_backend(), there);
    const double tolerance = dtype == DType::float32 ? 1e-6 : 1e-14;
    for (size_t i = 0; i < sizes.size(); ++i) {
      CAPTURE(i);
      CAPTURE(sizes[i]);
      check_close(there[i].weight, here[i].weight, tolerance);
      check_same(there[i].grad, here[i].grad);
      for (size_t slot : {0, 1}) check_close(there[i].slots[slot], here[i].slots[slot], tolerance);
    }
  }
}

}  // namespace

TEST_CASE("a step over parameters of all sizes is the CPU's") {
  for (DType dtype : {DType::float32, DType::float64})
    check_steps({1, 0, 3, 4, 4095, 4096, 4097, 0, 0, 10001, 2, 64}, dtype);
}

TEST_CASE("a list longer than one launch takes is stepped to its end") {
  std::vector<int64_t> sizes(200, 3);
  sizes[87] = 5;
  sizes[88] = 4;
  sizes[199] = 9;
  check_steps(sizes, DType::float32);
  check_steps(std::vector<int64_t>(88, 2), DType::float64);
  check_steps({}, DType::float32);
}

TEST_CASE("gradient descent needs one slot alone") {
  const ParameterStep here{.weight = Tensor::full({5}, 2),
                           .grad = Tensor::full({5}, 1),
                           .slots = {Tensor::zeros({5}), {}}};
  const ParameterStep there{.weight = Tensor::full({5}, 2, {.device = Device::cuda}),
                            .grad = kintsugi::on_cuda(here.grad),
                            .slots = {kintsugi::on_cuda(here.slots[0]), {}}};
  cpu_backend().sgd_step({&here, 1}, 0.5, 0.9, 0);
  cuda_backend().sgd_step({&there, 1}, 0.5, 0.9, 0);
  check_same(there.weight, here.weight);
  CHECK(there.weight.to_vector() == std::vector<double>(5, 1.5));
}

TEST_CASE("a step leaves the same bits each time") {
  const Parameters once = on_cuda(parameters_of({5000, 17}, DType::float32));
  const Parameters again = on_cuda(parameters_of({5000, 17}, DType::float32));
  for (const Step& step : kSteps) {
    step(cuda_backend(), once);
    step(cuda_backend(), again);
  }
  for (size_t i = 0; i < once.size(); ++i) check_same(again[i].weight, once[i].weight);
}
