#include "autograd/node.h"

#include <atomic>
#include <utility>

#include "tensor/profiler.h"

namespace kintsugi {

namespace {

std::atomic<uint64_t> next_sequence{0};

struct Estate {
  Variables inputs;
  Backward backward;
  Remake remake;
  std::vector<Hook> hooks;
  Variable grad;
};

}  // namespace

Node::Node(std::string op_name, Tensor node_value, bool wants_grad)
    : op(std::move(op_name)),
      value(std::move(node_value)),
      shape(value.shape()),
      requires_grad(wants_grad),
      sequence(next_sequence++),
      scope(Profiler::current_scope()) {}

Node::~Node() {
  if (inputs.empty() && !backward && !remake && hooks.empty() && !grad.defined()) return;
  thread_local std::vector<Estate>* estates = nullptr;
  Estate mine{std::move(inputs), std::move(backward), std::move(remake), std::move(hooks),
              std::move(grad)};
  if (estates != nullptr) {
    estates->push_back(std::move(mine));
    return;
  }
  std::vector<Estate> list;
  estates = &list;
  list.push_back(std::move(mine));
  while (!list.empty()) {
    // Moved out first: destroying it may append to the list.
    Estate estate = std::move(list.back());
    list.pop_back();
  }
  estates = nullptr;
}

}  // namespace kintsugi
