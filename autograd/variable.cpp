#include "autograd/variable.h"

#include <utility>

#include "autograd/node.h"
#include "autograd/observer.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

thread_local bool recording = true;
thread_local OpObserver observer;

Node& node_of(const Variable& variable) {
  check(variable.defined(), "variable: used before it was given a value");
  return *variable.node();
}

}  // namespace

Variable::Variable(Tensor value, bool requires_grad)
    : node_(std::make_shared<Node>("leaf", std::move(value), requires_grad)) {}

const Tensor& Variable::value() const {
  Node& node = node_of(*this);
  if (!node.value.defined() && node.remake) node.value = node.remake();
  return node.value;
}

const Shape& Variable::shape() const { return node_of(*this).shape; }

void Variable::release_value() const {
  Node& node = node_of(*this);
  if (node.remake) node.value = {};
}

bool Variable::requires_grad() const { return defined() && node_->requires_grad; }

void Variable::set_requires_grad(bool requires_grad) {
  check(is_leaf(), "set_requires_grad: only leaves can change it, this is the output of {}", op());
  node_->requires_grad = requires_grad;
}

bool Variable::is_leaf() const {
  const Node& node = node_of(*this);
  return !node.backward && !node.freed;
}

const std::string& Variable::op() const { return node_of(*this).op; }

void Variable::set_value(Tensor value) {
  check(is_leaf(), "set_value: only leaves can change, this is the output of {}", op());
  check_shape(value.shape() == shape(), "set_value: shape {} in place of {}", value.shape(),
              shape());
  node_->value = std::move(value);
}

Variable Variable::grad() const { return node_of(*this).grad; }

void Variable::set_grad(Variable grad) {
  check_shape(!grad.defined() || grad.shape() == shape(),
              "set_grad: gradient of shape {} for a value of shape {}",
              grad.defined() ? grad.shape() : Shape{}, shape());
  node_of(*this).grad = std::move(grad);
}

void Variable::retain_grad() {
  check(requires_grad(), "retain_grad: {} {} does not require a gradient", op(), shape());
  node_->retains_grad = true;
}

void Variable::register_hook(Hook hook) {
  check(requires_grad(), "register_hook: {} {} does not require a gradient", op(), shape());
  node_->hooks.push_back(std::move(hook));
}

Variable Variable::detach() const { return Variable(value()); }

Variable record(const char* op, Tensor value, Variables inputs, Backward backward, Remake remake) {
  if (observer) observer(op, value);
  bool wanted = false;
  if (recording)
    for (const Variable& input : inputs) wanted = wanted || input.requires_grad();
  auto node = std::make_shared<Node>(op, std::move(value), wanted);
  if (wanted) {
    node->inputs = std::move(inputs);
    node->backward = std::move(backward);
    node->remake = std::move(remake);
  }
  return Variable(std::move(node));
}

bool is_recording() { return recording; }

RecordingGuard::RecordingGuard(bool wanted) : before_(std::exchange(recording, wanted)) {}
RecordingGuard::~RecordingGuard() { recording = before_; }

ObserverGuard::ObserverGuard(OpObserver wanted) { observer = std::move(wanted); }
ObserverGuard::~ObserverGuard() { observer = nullptr; }

}  // namespace kintsugi
