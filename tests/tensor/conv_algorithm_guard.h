#pragma once
#include "tensor/backend.h"

namespace kintsugi {

/// Forces an algorithm on all convolutions as long as it lives, then what was in force before.
class ConvAlgorithmGuard {
 public:
  explicit ConvAlgorithmGuard(ConvAlgorithm algorithm) : before_(conv_algorithm()) {
    set_conv_algorithm(algorithm);
  }
  ~ConvAlgorithmGuard() { set_conv_algorithm(before_); }
  ConvAlgorithmGuard(const ConvAlgorithmGuard&) = delete;
  ConvAlgorithmGuard& operator=(const ConvAlgorithmGuard&) = delete;

 private:
  ConvAlgorithm before_;
};

}  // namespace kintsugi
