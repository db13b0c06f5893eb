#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {

/// Stands in for the CUDA backend where the library is built without it.
Backend& cuda_backend() {
  throw Error("device cuda: this Kintsugi was built without CUDA; use the device cpu");
}

}  // namespace kintsugi
