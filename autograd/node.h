#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "tensor/profile.h"

namespace kintsugi {

/// What a Variable is a handle to. For the engine and its tools; everyone else uses Variable.
struct Node {
  Node(std::string op, Tensor value, bool requires_grad);
  /// Frees a chain of any length without recursion: what this node owned is handed to a list that
  /// the outermost destructor of the thread works off.
  ~Node();

  std::string op;
  Tensor value;  ///< undefined where it was let go, until it is made again
  Shape shape;
  bool requires_grad;
  bool retains_grad = false;
  bool freed = false;  ///< backward has walked through here and freed the graph
  uint64_t sequence;   ///< in order of creation: an input's is smaller than its output's
  ScopeId scope;       ///< the layer that it was recorded in, where a Profiler lives
  Variables inputs;
  Backward backward;  ///< empty for leaves
  Remake remake;      ///< empty where the value can't be made again; gone with the graph
  Variable grad;
  std::vector<Hook> hooks;
};

/// Called with each op's name, inputs and gradients in place of handing these straight on; tests
/// break a backward with it to see that the gradient check notices. Empty: nothing in between.
using BackwardInterceptor =
    std::function<void(const std::string& op, const Variables& inputs, Grads& grads)>;

/// Puts an interceptor in place for as long as it lives, for this thread.
class InterceptorGuard {
 public:
  explicit InterceptorGuard(BackwardInterceptor interceptor);
  ~InterceptorGuard();
  InterceptorGuard(const InterceptorGuard&) = delete;
  InterceptorGuard& operator=(const InterceptorGuard&) = delete;
};

}  // namespace kintsugi
