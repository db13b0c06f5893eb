#pragma once
#include "tensor/error.h"
#include "tensor/tensor.h"

namespace kintsugi::ops {

inline void check_defined(const char* op, const Tensor& x) {
  check(x.defined(), "{}: a tensor is undefined", op);
}

/// Throws Error unless both are defined and share dtype and device.
inline void check_alike(const char* op, const Tensor& a, const Tensor& b) {
  check_defined(op, a);
  check_defined(op, b);
  check(a.dtype() == b.dtype(), "{}: dtypes {} and {} differ; convert one with to()", op,
        to_string(a.dtype()), to_string(b.dtype()));
  check(a.device() == b.device(), "{}: devices {} and {} differ; move one with to()", op,
        to_string(a.device()), to_string(b.device()));
}

/// Throws ShapeError unless x is defined and has the rank of `layout`, which is named.
inline void check_rank(const char* op, const char* name, const Tensor& x, int rank,
                       const char* layout) {
  check_defined(op, x);
  check_shape(x.rank() == rank, "{}: {} {} must have {} axes, {}", op, name, x.shape(), rank,
              layout);
}

/// Throws ShapeError unless x is defined and has the shape.
inline void check_has_shape(const char* op, const char* name, const Tensor& x, const Shape& shape) {
  check_defined(op, x);
  check_shape(x.shape() == shape, "{}: {} has shape {}, but must have {}", op, name, x.shape(),
              shape);
}

}  // namespace kintsugi::ops
