#pragma once
#include "tensor/precision.h"

namespace kintsugi {

/// Sets the precision of products as long as it lives, then what it was before.
class PrecisionGuard {
 public:
  explicit PrecisionGuard(Precision wanted) : before_(precision()) { set_precision(wanted); }
  ~PrecisionGuard() { set_precision(before_); }
  PrecisionGuard(const PrecisionGuard&) = delete;
  PrecisionGuard& operator=(const PrecisionGuard&) = delete;

 private:
  Precision before_;
};

}  // namespace kintsugi
