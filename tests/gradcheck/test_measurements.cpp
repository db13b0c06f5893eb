// What the report measures beside the check itself: the V, and the memory that backward keeps.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"
#include "tests/gradcheck/collect.h"
#include "tests/gradcheck/kept_memory.h"
#include "tests/gradcheck/step_sweep.h"

namespace kintsugi {

namespace {

const OpInfo& op_called(const std::string& name) {
  for (const OpInfo& info : registered_ops())
    if (info.name == name) return info;
  throw Error("no op " + name);
}

/// Of log(error) by log(step), between two places of the sweep.
double slope(const gradcheck_run::StepSweep& sweep, size_t from, size_t to) {
  return std::log(sweep.float64.values[to] / sweep.float64.values[from]) /
         std::log(sweep.steps[to] / sweep.steps[from]);
}

std::set<std::string> read_tensors(const gradcheck_run::KeptMemory& kept) {
  std::set<std::string> names;
  for (const gradcheck_run::KeptTensor& tensor : kept.tensors)
    if (!tensor.read_by.empty()) names.insert(tensor.what);
  return names;
}

}  // namespace

TEST_CASE("numerical derivatives err by ε⁴ at large steps and by 1/ε at small ones, as predicted") {
  const gradcheck_run::StepSweep sweep = sweep_steps(op_called("softmax"));
  const size_t last = sweep.steps.size() - 1;
  CHECK(slope(sweep, last - 2, last) == doctest::Approx(4).epsilon(0.1));
  CHECK(slope(sweep, 0, 8) == doctest::Approx(-1).epsilon(0.15));
  CHECK(sweep.float64.values[last] / sweep.truncation[last] == doctest::Approx(1).epsilon(0.3));
  for (const size_t small : {0, 2, 4, 6}) {
    CHECK(sweep.float64.values[small] / sweep.rounding64[small] > 0.1);
    CHECK(sweep.float64.values[small] / sweep.rounding64[small] < 10);
  }
  const double best32 = *std::min_element(sweep.float32.values.begin(), sweep.float32.values.end());
  CHECK(best32 > 1e-8);  // no gradient is proven to 1e-6 in float32
}

TEST_CASE("a linear function has no truncation error, and kinks are marked where they begin") {
  CHECK(sweep_steps(op_called("affine")).truncation.empty());
  CHECK_FALSE(sweep_steps(op_called("exp")).truncation.empty());
  CHECK(sweep_steps(op_called("exp")).kink_from == 0);
  CHECK(sweep_steps(op_called("abs")).kink_from > 0);
}

TEST_CASE("a tensor is read by the gradients that change when it is spoilt") {
  CHECK(read_tensors(measure_kept_memory(op_called("relu"))) == std::set<std::string>{"output"});
  CHECK(read_tensors(measure_kept_memory(op_called("square"))) == std::set<std::string>{"input 0"});
  CHECK(read_tensors(measure_kept_memory(op_called("add"))).empty());
  const gradcheck_run::KeptMemory product = measure_kept_memory(op_called("multiply"));
  CHECK(product.tensors[0].read_by == std::vector<std::string>{"input 1"});
  CHECK(product.tensors[1].read_by == std::vector<std::string>{"input 0"});
  CHECK(product.extra_bytes == 0);
  const gradcheck_run::KeptMemory norm = measure_kept_memory(op_called("batch_norm"));
  CHECK(norm.extra_bytes == 3 * 3 * 8);  // mean, variance and their root, for three channels
}

TEST_CASE(
    "every op and layer says why its backward keeps what it keeps, and is right where it says "
    "nothing") {
  std::set<std::string> known;
  for (const auto* infos : {&registered_ops(), &registered_layers()})
    for (const OpInfo& info : *infos) {
      known.insert(info.name);
      const std::string reason = reason_for_keeping(info.name);
      CHECK_MESSAGE(!reason.empty(), info.name);
      const gradcheck_run::KeptMemory kept = measure_kept_memory(info);
      const bool nothing = read_tensors(kept).empty() && kept.extra_bytes == 0;
      CHECK_MESSAGE(reason.starts_with("Nothing") == nothing, info.name, ": ", reason);
      const bool output = read_tensors(kept).contains("output");
      if (reason.starts_with("The output")) CHECK_MESSAGE(output, info.name);
    }
  for (const std::string& name : names_with_reasons())
    CHECK_MESSAGE(known.contains(name), name, " is no op or layer");
}

TEST_CASE("the layers of GLCIC's networks pass, each with all of its parameters") {
  const std::vector<OpInfo> layers = glcic_layers();
  CHECK(layers.size() == 17 + 3 + 4 + 1);
  for (const OpInfo& layer : layers) {
    if (layer.name == "completion.layer10" || layer.samples[0].inputs[1].shape.numel() > 600)
      continue;  // the large ones are the report's
    const gradcheck_run::CheckResult result = check_as_data(layer, {});
    CHECK_MESSAGE(result.passed, result.failure);
    CHECK(result.inputs.size() == layer.samples[0].inputs.size());
  }
}

}  // namespace kintsugi
