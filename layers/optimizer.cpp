#include "layers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "layers/own_value.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

/// Of a step in place: gradients are read, weights and slots are read and written.
auto step_cost(std::span<const ParameterStep> parameters) {
  return [parameters] {
    OpCost cost;
    for (const ParameterStep& p : parameters)
      cost.bytes += bytes_of(p.grad) + 2 * bytes_of(p.weight, p.slots[0], p.slots[1]);
    return cost;
  };
}

Backend& backend_of(std::span<const ParameterStep> parameters) {
  return backend(parameters.front().weight.device());
}

/// Makes writing into it unseen by whoever else holds this tensor.
void own_storage(Tensor& tensor) {
  if (!tensor.is_unique()) tensor = tensor.clone();
}

}  // namespace

Optimizer::Optimizer(std::vector<StateEntry> entries, double rate) : rate_(rate) {
  std::set<std::shared_ptr<Node>> known;
  for (StateEntry& entry : entries)
    if (!entry.is_buffer && known.insert(entry.variable.node()).second)
      parameters_.push_back(std::move(entry));
}

void Optimizer::make_slots(std::vector<std::string> names) {
  slot_names_ = std::move(names);
  // lab 9: begin slots_: for each parameter one tensor for each name, as at the start of training
  for (const StateEntry& parameter : parameters_) {
    std::vector<Tensor>& slots = slots_.emplace_back();
    const Tensor& value = parameter.variable.value();
    for (size_t i = 0; i < slot_names_.size(); ++i)
      slots.push_back(Tensor::zeros(value.shape(), value.options()));
  }
  // lab 9: end
}

void Optimizer::step() {
  const Scope scope("optimizer", Pass::update);
  ++steps_;
  std::map<std::pair<Device, DType>, std::vector<ParameterStep>> alike;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Variable& parameter = parameters_[i].variable;
    if (!parameter.grad().defined() || !parameter.requires_grad()) continue;
    const auto [dtype, device] = parameter.options();
    alike[{device, dtype}].push_back(parameter_step(i));
  }
  for (const auto& [kind, parameters] : alike) update(parameters);
}

ParameterStep Optimizer::parameter_step(size_t i) {
  Variable& parameter = parameters_[i].variable;
  ParameterStep step{.weight = own_value(parameter), .grad = parameter.grad().value(), .slots = {}};
  for (size_t j = 0; j < slots_[i].size(); ++j) {
    Tensor& slot = slots_[i][j];
    slot = slot.to(step.weight.dtype()).to(step.weight.device());
    own_storage(slot);
    step.slots[j] = slot;
  }
  return step;
}

void Optimizer::zero_grad() {
  for (StateEntry& parameter : parameters_) parameter.variable.zero_grad();
}

StateDict Optimizer::save(const std::string& prefix) const {
  StateDict saved;
  saved[prefix + "step"] =
      Tensor::from({static_cast<double>(steps_)}, {1}, {.dtype = DType::float64});
  // lab 9: begin every slot of every parameter, in the layout of files
  for (size_t i = 0; i < parameters_.size(); ++i)
    for (size_t j = 0; j < slot_names_.size(); ++j)
      saved[prefix + parameters_[i].name + "." + slot_names_[j]] =
          to_disk(slots_[i][j], parameters_[i].layout);
  // lab 9: end
  return saved;
}

void Optimizer::load(const StateDict& saved, const std::string& prefix) {
  // lab 9: begin steps_ and slots_ as save() has written them; nothing changes where one is missing
  Tensor step =
      load_entry(saved, prefix + "step", {}, Tensor::zeros({1}, {.dtype = DType::float64}));
  std::vector<std::vector<Tensor>> slots;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    std::vector<Tensor>& loaded = slots.emplace_back();
    for (size_t j = 0; j < slot_names_.size(); ++j)
      loaded.push_back(load_entry(saved, prefix + parameters_[i].name + "." + slot_names_[j],
                                  parameters_[i].layout, slots_[i][j]));
  }
  steps_ = std::llround(step.item());
  slots_ = std::move(slots);
  // lab 9: end
}

Sgd::Sgd(std::vector<StateEntry> parameters, const SgdOptions& options)
    : Optimizer(std::move(parameters), options.rate), options_(options) {
  make_slots({"velocity"});
}

void Sgd::update(std::span<const ParameterStep> parameters) {
  const OpSpan span("sgd_step", step_cost(parameters));
  backend_of(parameters).sgd_step(parameters, rate_, options_.momentum, options_.weight_decay);
}

Adam::Adam(std::vector<StateEntry> parameters, const AdamOptions& options)
    : Optimizer(std::move(parameters), options.rate), options_(options) {
  make_slots({"mean", "square"});
}

void Adam::update(std::span<const ParameterStep> parameters) {
  const OpSpan span("adam_step", step_cost(parameters));
  backend_of(parameters)
      .adam_step(parameters, rate_, options_.beta1, options_.beta2, options_.eps,
                 options_.weight_decay, steps_);
}

Adadelta::Adadelta(std::vector<StateEntry> parameters, const AdadeltaOptions& options)
    : Optimizer(std::move(parameters), options.rate), options_(options) {
  make_slots({"square_average", "delta_average"});
}

void Adadelta::update(std::span<const ParameterStep> parameters) {
  const OpSpan span("adadelta_step", step_cost(parameters));
  backend_of(parameters)
      .adadelta_step(parameters, rate_, options_.rho, options_.eps, options_.weight_decay);
}

double grad_norm(const std::vector<Variable>& parameters) {
  double sum = 0;
  for (const Variable& parameter : parameters)
    if (Variable grad = parameter.grad(); grad.defined())
      sum += ops::sum(ops::square(grad.value())).item();
  return std::sqrt(sum);
}

double clip_grad_norm(const std::vector<Variable>& parameters, double limit) {
  double norm = grad_norm(parameters);
  if (!(norm > limit)) return norm;
  for (Variable parameter : parameters)
    if (Variable grad = parameter.grad(); grad.defined())
      parameter.set_grad(Variable(ops::affine(grad.value(), limit / norm, 0)));
  return norm;
}

}  // namespace kintsugi
