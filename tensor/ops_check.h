#pragma once
#include "tensor/error.h"
#include "tensor/tensor.h"

namespace kintsugi::ops {

inline void check_defined(const char* op, const Tensor& x) {
  check(x.defined(), "{}: a tensor is undefined", op);
}

inline void check_same_device(const char* op, const Tensor& a, const Tensor& b) {
  check(a.device() == b.device(), "{}: devices {} and {} differ; move one with to()", op,
        to_string(a.device()), to_string(b.device()));
}

/// Throws Error unless both are defined and share dtype and device.
inline void check_alike(const char* op, const Tensor& a, const Tensor& b) {
  check_defined(op, a);
  check_defined(op, b);
  check(a.dtype() == b.dtype(), "{}: dtypes {} and {} differ; convert one with to()", op,
        to_string(a.dtype()), to_string(b.dtype()));
  check_same_device(op, a, b);
}

/// The dtype of what there is one number a channel of (statistics, their sums, scales, biases)
/// beside maps of `dtype`: float32 beside bfloat16, else the same.
inline DType channel_dtype(DType dtype) {
  return dtype == DType::bfloat16 ? DType::float32 : dtype;
}

/// Throws Error unless both are defined, on one device, and `numbers`, one for each channel of the
/// map x, have channel_dtype.
inline void check_channel_numbers(const char* op, const Tensor& x, const Tensor& numbers) {
  check_defined(op, x);
  check_defined(op, numbers);
  const DType wanted = channel_dtype(x.dtype());
  check(numbers.dtype() == wanted,
        "{}: beside a {} map, what there is one of a channel must be {}, not {}", op,
        to_string(x.dtype()), to_string(wanted), to_string(numbers.dtype()));
  check_same_device(op, x, numbers);
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
