#pragma once
#include <functional>

#include "tensor/tensor.h"

namespace kintsugi {

/// Is shown what each op made, one after the other, in forward and backward passes alike:
/// gradients are made of the same ops. `op` is its name.
using OpObserver = std::function<void(const char* op, const Tensor& output)>;

/// Puts an observer in place for as long as it lives, for this thread.
class ObserverGuard {
 public:
  explicit ObserverGuard(OpObserver observer);
  ~ObserverGuard();
  ObserverGuard(const ObserverGuard&) = delete;
  ObserverGuard& operator=(const ObserverGuard&) = delete;
};

}  // namespace kintsugi
