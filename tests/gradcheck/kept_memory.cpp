#include "tests/gradcheck/kept_memory.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "autograd/gradcheck_numerical.h"
#include "autograd/node.h"
#include "tensor/storage.h"

namespace kintsugi {

namespace {

using gradcheck_run::KeptMemory;
using gradcheck_run::KeptTensor;

/// One forward pass, and all that its graph holds, in an order that does not change.
struct Forward {
  Variables inputs;
  Variable output;
  std::vector<std::shared_ptr<Node>> nodes;  // between inputs and output
};

Forward run_forward(const Sample& sample, const std::vector<Tensor>& x) {
  Forward forward;
  for (size_t i = 0; i < x.size(); ++i)
    forward.inputs.emplace_back(x[i].clone(), sample.inputs[i].differentiable);
  forward.output = sample.apply(forward.inputs);
  std::set<const Node*> seen{forward.output.node().get()};
  for (const Variable& input : forward.inputs) seen.insert(input.node().get());
  Variables found{forward.output};
  for (size_t next = 0; next < found.size(); ++next) {
    const Variables above = found[next].node()->inputs;
    for (const Variable& variable : above)
      if (variable.defined() && seen.insert(variable.node().get()).second) {
        found.push_back(variable);
        if (variable.node()->backward) forward.nodes.push_back(variable.node());
      }
  }
  return forward;
}

/// Inputs, what lies between, the output; undefined where a value was let go.
std::vector<Tensor> tensors_of(const Forward& forward) {
  std::vector<Tensor> tensors;
  for (const Variable& input : forward.inputs) tensors.push_back(input.value());
  for (const auto& node : forward.nodes) tensors.push_back(node->value);
  tensors.push_back(forward.output.value());
  return tensors;
}

std::vector<std::vector<double>> gradients(const Sample& sample, const Forward& forward) {
  Variables wanted;
  for (size_t i = 0; i < forward.inputs.size(); ++i)
    if (sample.inputs[i].differentiable) wanted.push_back(forward.inputs[i]);
  const Variable& y = forward.output;
  const Variable seed(Tensor::full(y.shape(), 0.7, y.options()));
  std::vector<std::vector<double>> values;
  for (const Variable& gradient : grad({y}, wanted, {seed}))
    values.push_back(gradient.value().to_vector());
  return values;
}

void spoil(const Tensor& tensor) {
  if (tensor.dtype() != DType::float64) return;
  std::fill_n(tensor.data<double>(), tensor.numel(), std::numeric_limits<double>::quiet_NaN());
}

/// NaN differs from everything: a gradient that has one has read what was spoilt.
bool changed(const std::vector<double>& a, const std::vector<double>& b) {
  return !std::equal(a.begin(), a.end(), b.begin());
}

std::vector<std::string> readers(const Sample& sample, const std::vector<Tensor>& x, size_t tensor,
                                 const std::vector<std::vector<double>>& right) {
  const Forward forward = run_forward(sample, x);
  const Tensor target = tensors_of(forward)[tensor];
  std::vector<std::string> names;
  if (!target.defined()) return names;
  spoil(target);
  const std::vector<std::vector<double>> got = gradients(sample, forward);
  size_t next = 0;
  for (size_t i = 0; i < x.size(); ++i)
    if (sample.inputs[i].differentiable) {
      if (changed(got[next], right[next])) names.push_back(fmt::format("input {}", i));
      ++next;
    }
  return names;
}

std::string name_of(const Forward& forward, size_t tensor) {
  const size_t inputs = forward.inputs.size();
  if (tensor < inputs) return fmt::format("input {}", tensor);
  if (tensor < inputs + forward.nodes.size())
    return forward.nodes[tensor - inputs]->op + "'s output";
  return "output";
}

}  // namespace

KeptMemory measure_kept_memory(const OpInfo& op) {
  KeptMemory kept;
  if (op.samples.empty()) return kept;
  const RecordingGuard recording(true);
  const Sample& sample = op.samples[0];
  kept.place = sample.label.empty() ? "sample 0" : fmt::format("sample 0 ({})", sample.label);
  Generator generator{.seed = 1, .stream = 0};
  const std::vector<Tensor> x = numerical::draw(op, sample, generator).inputs;
  const std::vector<std::vector<double>> right = gradients(sample, run_forward(sample, x));

  const auto before = static_cast<int64_t>(memory_statistics(Device::cpu).current);
  const Forward forward = run_forward(sample, x);
  kept.extra_bytes = static_cast<int64_t>(memory_statistics(Device::cpu).current) - before;
  const std::vector<Tensor> tensors = tensors_of(forward);
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (!tensors[t].defined()) continue;
    const bool shared = std::any_of(
        tensors.begin(), tensors.begin() + static_cast<int64_t>(t), [&](const Tensor& other) {
          return other.defined() && other.shares_storage_with(tensors[t]);
        });
    const Shape& shape = tensors[t].shape();
    KeptTensor tensor{.what = name_of(forward, t),
                      .shape = {shape.begin(), shape.end()},
                      .bytes = shared ? 0 : static_cast<int64_t>(tensors[t].bytes()),
                      .read_by = readers(sample, x, t, right)};
    kept.extra_bytes -= tensor.bytes;
    kept.tensors.push_back(std::move(tensor));
  }
  return kept;
}

}  // namespace kintsugi
