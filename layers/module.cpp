#include "layers/module.h"

#include <algorithm>
#include <set>

#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

std::vector<int> disk_axes(int rank) {
  return rank == 4 ? std::vector<int>{3, 2, 0, 1} : std::vector<int>{1, 0};
}

/// The inverse of disk_axes.
std::vector<int> memory_axes(int rank) {
  return rank == 4 ? std::vector<int>{2, 3, 1, 0} : std::vector<int>{1, 0};
}

Shape viewed_shape(const DiskLayout& layout, const Shape& memory) {
  return layout.view.rank() > 0 ? layout.view : memory;
}

/// Puts other Variables in the places of parameters for as long as it lives.
class Replacement {
 public:
  Replacement(std::vector<Variable*> places, Variables replacements)
      : places_(std::move(places)), kept_(std::move(replacements)) {
    exchange();
  }
  ~Replacement() { exchange(); }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

 private:
  void exchange() {
    for (size_t i = 0; i < places_.size(); ++i) std::swap(*places_[i], kept_[i]);
  }

  std::vector<Variable*> places_;
  Variables kept_;
};

}  // namespace

Shape disk_shape(const DiskLayout& layout, const Shape& memory) {
  if (layout.order == DiskLayout::Order::same) return memory;
  Shape view = viewed_shape(layout, memory);
  if (view.rank() == memory.rank() && memory.rank() == 4)
    return {view[3], view[2], view[0], view[1]};
  return {memory[1], memory[0]};
}

Tensor to_disk(const Tensor& memory, const DiskLayout& layout) {
  if (layout.order == DiskLayout::Order::same) return memory;
  Tensor view = memory.reshape(viewed_shape(layout, memory.shape()));
  return ops::permute(view, disk_axes(view.rank())).reshape(disk_shape(layout, memory.shape()));
}

Tensor from_disk(const Tensor& disk, const DiskLayout& layout, const Shape& shape) {
  check_shape(disk.shape() == disk_shape(layout, shape), "load: shape {} where {} is expected",
              disk.shape(), disk_shape(layout, shape));
  if (layout.order == DiskLayout::Order::same) return disk;
  Shape view = viewed_shape(layout, shape);
  std::vector<int64_t> extents;
  for (int axis : disk_axes(view.rank())) extents.push_back(view[axis]);
  return ops::permute(disk.reshape(Shape(extents)), memory_axes(view.rank())).reshape(shape);
}

Tensor load_entry(const StateDict& saved, const std::string& name, const DiskLayout& layout,
                  const Tensor& like) {
  auto found = saved.find(name);
  check(found != saved.end(), "load: {} is missing", name);
  Shape expected = disk_shape(layout, like.shape());
  check_shape(found->second.shape() == expected, "load: {} has shape {} where {} is expected", name,
              found->second.shape(), expected);
  Tensor value = from_disk(found->second, layout, like.shape()).to(like.dtype()).to(like.device());
  return value.shares_storage_with(found->second) ? value.clone() : value;
}

Variable Module::operator()(const Variable& x) {
  const Scope scope(name_);
  return forward(x);
}

void Module::add_parameter(std::string name, Variable& member, Tensor value, DiskLayout layout) {
  member = Variable(std::move(value), true);
  own_.push_back({std::move(name), &member, layout, false});
}

void Module::add_buffer(std::string name, Variable& member, Tensor value) {
  member = Variable(std::move(value));
  own_.push_back({std::move(name), &member, {}, true});
}

void Module::collect_parameters(std::vector<Variable*>& places) {
  for (const Member& member : own_)
    if (!member.is_buffer) places.push_back(member.variable);
  for (const auto& [name, child] : children_) child->collect_parameters(places);
}

Variable Module::forward_with(const Variables& parameters, const Variable& x) {
  std::vector<Variable*> places;
  collect_parameters(places);
  check_shape(places.size() == parameters.size(),
              "forward_with: {} parameters are given to a module of {}", parameters.size(),
              places.size());
  for (size_t i = 0; i < places.size(); ++i)
    check_shape(parameters[i].shape() == places[i]->shape(),
                "forward_with: parameter {} has shape {} where {} is expected", i,
                parameters[i].shape(), places[i]->shape());
  Replacement replacement(std::move(places), parameters);
  return forward(x);
}

std::vector<StateEntry> Module::state() const {
  std::vector<StateEntry> entries;
  for (const Member& member : own_)
    entries.push_back({member.name, *member.variable, member.layout, member.is_buffer});
  for (const auto& [name, child] : children_)
    for (StateEntry entry : child->state()) {
      entry.name = name + "." + entry.name;
      entries.push_back(std::move(entry));
    }
  return entries;
}

std::vector<Variable> Module::parameters() const {
  std::vector<Variable> found;
  for (const StateEntry& entry : state())
    if (!entry.is_buffer) found.push_back(entry.variable);
  return found;
}

int64_t Module::parameter_count() const {
  int64_t count = 0;
  for (const Variable& parameter : parameters()) count += parameter.value().numel();
  return count;
}

void Module::train(bool training) {
  training_ = training;
  for (const auto& [name, child] : children_) child->train(training);
}

void Module::set_frozen(bool frozen) {
  frozen_ = frozen;
  for (const Member& member : own_)
    if (!member.is_buffer) member.variable->set_requires_grad(!frozen);
  for (const auto& [name, child] : children_) child->set_frozen(frozen);
}

void Module::set_ghost_batches(int64_t batches) {
  check(batches > 0, "{} ghost batches; there must be 1 or more", batches);
  ghost_batches_ = batches;
  for (const auto& [name, child] : children_) child->set_ghost_batches(batches);
}

void Module::to(Device device) {
  for (StateEntry& entry : state()) entry.variable.set_value(entry.variable.value().to(device));
}

void Module::to(DType dtype) {
  for (StateEntry& entry : state()) entry.variable.set_value(entry.variable.value().to(dtype));
}

void Module::zero_grad() {
  for (Variable& parameter : parameters()) parameter.zero_grad();
}

StateDict Module::save(const std::string& prefix) const {
  StateDict saved;
  for (const StateEntry& entry : state())
    saved[prefix + entry.name] = to_disk(entry.variable.value(), entry.layout);
  return saved;
}

void Module::load(const StateDict& saved, const std::string& prefix) {
  std::vector<std::pair<Variable, Tensor>> changes;
  std::set<std::string> known;
  for (const StateEntry& entry : state()) {
    std::string name = prefix + entry.name;
    known.insert(name);
    changes.emplace_back(entry.variable,
                         load_entry(saved, name, entry.layout, entry.variable.value()));
  }
  for (const auto& [name, tensor] : saved)
    check(!name.starts_with(prefix) || known.contains(name), "load: {} is not part of this network",
          name);
  for (auto& [variable, value] : changes) variable.set_value(value);
}

int64_t Module::multiply_adds(const Shape& input) const {
  int64_t sum = 0;
  Shape shape = input;
  for (const auto& [name, child] : children_) {
    sum += child->multiply_adds(shape);
    shape = child->output_shape(shape);
  }
  return sum;
}

std::vector<Footprint> Module::footprints() const {
  std::vector<Footprint> all;
  for (const auto& [name, child] : children_) {
    std::vector<Footprint> more = child->footprints();
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace kintsugi
