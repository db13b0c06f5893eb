#include "layers/optimizer.h"

#include <algorithm>
#include <cmath>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

/// Of a step in place: the gradient is read, weight and slots are read and written.
auto step_cost(const Tensor& weight, const Tensor& grad, const std::vector<Tensor>& slots) {
  return [&] {
    OpCost cost{.bytes = bytes_of(grad) + 2 * bytes_of(weight)};
    for (const Tensor& slot : slots) cost.bytes += 2 * bytes_of(slot);
    return cost;
  };
}

/// Makes writing into it unseen by whoever else holds this tensor.
void own_storage(Tensor& tensor) {
  if (!tensor.is_unique()) tensor = tensor.clone();
}

}  // namespace

Optimizer::Optimizer(std::vector<StateEntry> entries, double rate) : rate_(rate) {
  for (StateEntry& entry : entries)
    if (!entry.is_buffer) parameters_.push_back(std::move(entry));
}

void Optimizer::make_slots(std::vector<std::string> names) {
  slot_names_ = std::move(names);
  for (const StateEntry& parameter : parameters_) {
    std::vector<Tensor>& slots = slots_.emplace_back();
    const Tensor& value = parameter.variable.value();
    for (size_t i = 0; i < slot_names_.size(); ++i)
      slots.push_back(Tensor::zeros(value.shape(), value.options()));
  }
}

void Optimizer::step() {
  const Scope scope("optimizer", Pass::update);
  ++steps_;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Variable& parameter = parameters_[i].variable;
    Variable grad = parameter.grad();
    if (!grad.defined() || !parameter.requires_grad()) continue;
    if (!parameter.value().is_unique()) parameter.set_value(parameter.value().clone());
    Tensor weight = parameter.value();
    for (Tensor& slot : slots_[i]) {
      slot = slot.to(weight.dtype()).to(weight.device());
      own_storage(slot);
    }
    update(weight, grad.value(), slots_[i]);
  }
}

void Optimizer::zero_grad() {
  for (StateEntry& parameter : parameters_) parameter.variable.zero_grad();
}

StateDict Optimizer::save(const std::string& prefix) const {
  StateDict saved;
  saved[prefix + "step"] =
      Tensor::from({static_cast<double>(steps_)}, {1}, {.dtype = DType::float64});
  for (size_t i = 0; i < parameters_.size(); ++i)
    for (size_t j = 0; j < slot_names_.size(); ++j)
      saved[prefix + parameters_[i].name + "." + slot_names_[j]] =
          to_disk(slots_[i][j], parameters_[i].layout);
  return saved;
}

void Optimizer::load(const StateDict& saved, const std::string& prefix) {
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
}

Sgd::Sgd(std::vector<StateEntry> parameters, const SgdOptions& options)
    : Optimizer(std::move(parameters), options.rate), options_(options) {
  make_slots({"velocity"});
}

void Sgd::update(Tensor& weight, const Tensor& grad, std::vector<Tensor>& slots) {
  const OpSpan span("sgd_step", step_cost(weight, grad, slots));
  backend(weight.device())
      .sgd_step(weight, grad, slots[0], rate_, options_.momentum, options_.weight_decay);
}

Adam::Adam(std::vector<StateEntry> parameters, const AdamOptions& options)
    : Optimizer(std::move(parameters), options.rate), options_(options) {
  make_slots({"mean", "square"});
}

void Adam::update(Tensor& weight, const Tensor& grad, std::vector<Tensor>& slots) {
  const OpSpan span("adam_step", step_cost(weight, grad, slots));
  backend(weight.device())
      .adam_step(weight, grad, slots[0], slots[1], rate_, options_.beta1, options_.beta2,
                 options_.eps, options_.weight_decay, steps_);
}

Adadelta::Adadelta(std::vector<StateEntry> parameters, const AdadeltaOptions& options)
    : Optimizer(std::move(parameters), options.rate), options_(options) {
  make_slots({"square_average", "delta_average"});
}

void Adadelta::update(Tensor& weight, const Tensor& grad, std::vector<Tensor>& slots) {
  const OpSpan span("adadelta_step", step_cost(weight, grad, slots));
  backend(weight.device())
      .adadelta_step(weight, grad, slots[0], slots[1], rate_, options_.rho, options_.eps,
                     options_.weight_decay);
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
