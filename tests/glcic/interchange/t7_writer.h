#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace kintsugi {

/// Writes what torch.save writes: each call one value, or the front of one.
class T7Writer {
 public:
  const std::string& bytes() const { return bytes_; }

  template <class T>
  T7Writer& raw(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  T7Writer& letters(const std::string& text) {
    raw(static_cast<int32_t>(text.size()));
    bytes_ += text;
    return *this;
  }

  T7Writer& nil() { return raw<int32_t>(0); }
  T7Writer& number(double value) { return raw<int32_t>(1).raw(value); }
  T7Writer& text(const std::string& value) { return raw<int32_t>(2).letters(value); }
  T7Writer& boolean(bool value) { return raw<int32_t>(5).raw<int32_t>(value ? 1 : 0); }
  /// Followed by `count` keys and values, in turn.
  T7Writer& table(int32_t count) { return object(3).raw(count); }
  /// Followed by a table with its fields.
  T7Writer& instance(const std::string& class_name) {
    return object(4).letters("V 1").letters(class_name);
  }
  /// A function with code and, to follow, its upvalues.
  T7Writer& function(const std::string& code) { return object(8).letters(code); }
  /// The object that was the `index`-th to be written, from 1.
  T7Writer& reference(int32_t index) { return raw<int32_t>(3).raw(index); }

  T7Writer& view(const std::string& class_name, const std::vector<int64_t>& sizes,
                 const std::vector<int64_t>& strides, int64_t offset) {
    instance(class_name).raw(static_cast<int32_t>(sizes.size()));
    for (const int64_t size : sizes) raw(size);
    for (const int64_t stride : strides) raw(stride);
    return raw(offset);
  }
  template <class T>
  T7Writer& storage(const std::string& class_name, const std::vector<T>& numbers) {
    instance(class_name).raw(static_cast<int64_t>(numbers.size()));
    for (const T number : numbers) raw(number);
    return *this;
  }
  /// A contiguous torch.FloatTensor of this shape.
  T7Writer& tensor(const Tensor& tensor) {
    const auto strides = contiguous_strides(tensor.shape());
    const std::vector<double> numbers = tensor.to_vector();
    return view("torch.FloatTensor", {tensor.shape().begin(), tensor.shape().end()},
                {strides.begin(), strides.begin() + tensor.rank()}, 1)
        .storage("torch.FloatStorage", std::vector<float>(numbers.begin(), numbers.end()));
  }

 private:
  T7Writer& object(int32_t type) { return raw(type).raw(++objects_); }

  std::string bytes_;
  int32_t objects_ = 0;
};

}  // namespace kintsugi
