#include "tensor/tensor.h"

#include <array>
#include <limits>

#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {

Tensor Tensor::empty(const Shape& shape, TensorOptions options) {
  const auto numel = static_cast<size_t>(shape.numel());
  const size_t element = size_of(options.dtype);
  check(numel <= std::numeric_limits<size_t>::max() / element,
        "out of memory on device {}: a {} tensor {} does not fit any address space",
        to_string(options.device), to_string(options.dtype), shape);
  return {std::make_shared<Storage>(numel * element, options.device), shape, options.dtype};
}

Tensor Tensor::zeros(const Shape& shape, TensorOptions options) { return full(shape, 0, options); }

Tensor Tensor::full(const Shape& shape, double value, TensorOptions options) {
  Tensor result = empty(shape, options);
  backend(options.device).fill(result, value);
  return result;
}

Tensor Tensor::scalar(double value, TensorOptions options) { return full({}, value, options); }

Tensor Tensor::from(std::span<const double> values, const Shape& shape, TensorOptions options) {
  check_shape(static_cast<int64_t>(values.size()) == shape.numel(),
              "tensor: {} values do not fill the shape {}, which has {} elements", values.size(),
              shape, shape.numel());
  if (options.dtype == DType::bfloat16)
    return from(values, shape, {.device = options.device}).to(options.dtype);
  Tensor result = empty(shape, {options.dtype, Device::cpu});
  dispatch(options.dtype, [&]<class T>(T) {
    T* to = result.data<T>();
    for (double value : values) *to++ = static_cast<T>(value);
  });
  return result.to(options.device);
}

Tensor Tensor::from(std::initializer_list<double> values, const Shape& shape,
                    TensorOptions options) {
  return from(std::span<const double>(values.begin(), values.size()), shape, options);
}

Device Tensor::device() const {
  check(defined(), "tensor: an undefined tensor has no device");
  return storage_->device();
}

void* Tensor::raw() const {
  check(defined(), "tensor: an undefined tensor has no data");
  return storage_->data();
}

void Tensor::check_dtype(DType wanted) const {
  if (dtype_ == wanted) return;  // asked in inner loops, where the words would cost more
  throw Error(fmt::format("tensor: data of dtype {} asked of a tensor {} of dtype {}",
                          to_string(wanted), shape_, to_string(dtype_)));
}

Tensor Tensor::reshape(const Shape& shape) const {
  check(defined(), "reshape: the tensor is undefined");
  check_shape(shape.numel() == numel(), "reshape: {} has {} elements, {} has {}", shape_, numel(),
              shape, shape.numel());
  return {storage_, shape, dtype_};
}

Tensor Tensor::reshape(std::initializer_list<int64_t> extents) const {
  check_shape(extents.size() <= Shape::kMaxRank, "reshape: {} extents, but there are at most {}",
              extents.size(), Shape::kMaxRank);
  std::array<int64_t, Shape::kMaxRank> wanted{};
  int64_t known = 1;
  int unknown = -1, axis = 0;
  for (int64_t extent : extents) {
    check_shape(extent != -1 || unknown < 0, "reshape: of {}, more than one extent is -1", shape_);
    if (extent == -1)
      unknown = axis;
    else
      known *= extent;
    wanted[static_cast<size_t>(axis++)] = extent;
  }
  if (unknown >= 0) {
    check_shape(known > 0 && numel() % known == 0,
                "reshape: {} has {} elements, which cannot be divided by {} to find the extent -1",
                shape_, numel(), known);
    wanted[static_cast<size_t>(unknown)] = numel() / known;
  }
  return reshape(Shape(std::span<const int64_t>(wanted.data(), extents.size())));
}

Tensor Tensor::clone() const {
  Tensor result = empty(shape_, options());
  backend(device()).copy(*this, result);
  return result;
}

Tensor Tensor::to(Device device) const {
  if (device == this->device()) return *this;
  Tensor result = empty(shape_, {dtype_, device});
  if (device == Device::cpu)
    backend(this->device()).copy_to_host(raw(), result.raw(), bytes());
  else
    backend(device).copy_from_host(raw(), result.raw(), bytes());
  return result;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  Tensor result = empty(shape_, {dtype, device()});
  backend(device()).cast(*this, result);
  return result;
}

double Tensor::item() const {
  check_shape(defined() && numel() == 1, "item: {} has {} elements, not one", shape_,
              defined() ? numel() : 0);
  return to_vector().front();
}

std::vector<double> Tensor::to_vector() const {
  if (dtype_ == DType::bfloat16) return to(DType::float32).to_vector();
  const Tensor here = to(Device::cpu);
  return dispatch(dtype_, [&]<class T>(T) {
    const T* from = here.data<T>();
    return std::vector<double>(from, from + numel());
  });
}

}  // namespace kintsugi
