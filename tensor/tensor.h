#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tensor/storage.h"

namespace kintsugi {

/// What a new tensor is made of; float32 on the CPU unless said otherwise.
struct TensorOptions {
  DType dtype = DType::float32;
  Device device = Device::cpu;
};

/// An n-dimensional array of numbers, without gradients. A value: copying shares the storage.
/// Always contiguous and row-major, without strides, so every kernel is a flat loop; reshape
/// shares the storage, everything that reorders (permute, slice) copies.
///
///   Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3});
///   Tensor y = ops::relu(x);                               // [2, 3]
class Tensor {
 public:
  /// No tensor at all (defined() is false): an absent bias, a gradient that is not needed.
  Tensor() = default;

  /// Contents not initialised.
  static Tensor empty(const Shape& shape, TensorOptions options = {});
  static Tensor zeros(const Shape& shape, TensorOptions options = {});
  static Tensor full(const Shape& shape, double value, TensorOptions options = {});
  /// Rank 0.
  static Tensor scalar(double value, TensorOptions options = {});
  /// Row-major values; throws ShapeError where their number is not shape.numel().
  static Tensor from(std::span<const double> values, const Shape& shape,
                     TensorOptions options = {});
  static Tensor from(std::initializer_list<double> values, const Shape& shape,
                     TensorOptions options = {});

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int64_t size(int axis) const { return shape_[axis]; }
  int64_t numel() const { return shape_.numel(); }
  DType dtype() const { return dtype_; }
  Device device() const;
  TensorOptions options() const { return {dtype_, device()}; }
  size_t bytes() const { return static_cast<size_t>(numel()) * size_of(dtype_); }

  /// The numbers in place; throws Error where T is not the dtype. Where the device is not the CPU
  /// this is a device pointer.
  template <class T>
  T* data() const {
    check_dtype(dtype_of<T>);
    return static_cast<T*>(raw());
  }
  void* raw() const;

  /// The same numbers under another shape, sharing the storage; one extent may be −1 and is
  /// worked out. Throws ShapeError where the number of elements differs.
  Tensor reshape(std::initializer_list<int64_t> extents) const;
  Tensor reshape(const Shape& shape) const;

  Tensor clone() const;
  /// This tensor where it already is there, else a copy.
  Tensor to(Device device) const;
  Tensor to(DType dtype) const;

  /// The only element; throws ShapeError where there are more or fewer.
  double item() const;
  /// All elements in row-major order, from any device and dtype.
  std::vector<double> to_vector() const;

  bool shares_storage_with(const Tensor& other) const { return storage_ == other.storage_; }
  /// True where no other tensor looks at this storage, so that writing into it is unseen.
  bool is_unique() const { return storage_.use_count() == 1; }

 private:
  Tensor(std::shared_ptr<Storage> storage, const Shape& shape, DType dtype)
      : storage_(std::move(storage)), shape_(shape), dtype_(dtype) {}
  void check_dtype(DType wanted) const;

  std::shared_ptr<Storage> storage_;
  Shape shape_;
  DType dtype_ = DType::float32;
};

}  // namespace kintsugi
