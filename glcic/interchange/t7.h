#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

/// Files of Torch7's torch.save, binary, with 64-bit longs (torch7, File.lua): a tree of Lua
/// values, in which tables, functions and torch's objects are numbered, so that one may stand in
/// several places, in itself even.
namespace kintsugi {

/// The place of an object in its file.
struct T7Reference {
  size_t index = 0;
};
/// nil, a boolean, a number, a string, or an object.
using T7Value = std::variant<std::monostate, bool, double, std::string, T7Reference>;

struct T7Table {
  std::vector<std::pair<T7Value, T7Value>> entries;  ///< key, value; in the order of the file
};
/// A function: its code is passed over.
struct T7Function {
  T7Value upvalues;
};
/// torch.FloatStorage and its like: [n], as float32 where the numbers are floats or halves, else as
/// float64.
struct T7Storage {
  Tensor numbers;
};
/// torch.FloatTensor and its like: element i, j, … is at offset + i·strides[0] + j·strides[1] + …
/// of its storage.
struct T7Tensor {
  std::vector<int64_t> sizes, strides;
  int64_t offset = 0;
  T7Value storage;
};
/// An object of another class, "nn.SpatialConvolution".
struct T7Instance {
  std::string class_name;
  T7Value fields;
};
using T7Object = std::variant<T7Table, T7Function, T7Storage, T7Tensor, T7Instance>;

/// The contents of a file. References lead to `objects`: walks take care of circles.
struct T7File {
  std::string path;  ///< for messages
  T7Value root;
  std::vector<T7Object> objects;

  /// The class of an instance; "" for every other value.
  std::string_view class_of(const T7Value& value) const;
  /// The entry of a table, or the field of an instance, under this key; nil where there is none.
  const T7Value& field(const T7Value& value, std::string_view key) const;
  /// Entries 1, 2, … of a table up to the first that is nil.
  std::vector<T7Value> list(const T7Value& value) const;
  /// True for a tensor that tensor() takes, as far as the class tells.
  bool is_tensor(const T7Value& value) const;
  /// The numbers of a tensor, row-major. Throws Error that names the file, and the tensor by
  /// `name`, where the value is no tensor, its elements overlap or lie outside of its storage.
  Tensor tensor(const T7Value& value, const std::string& name) const;

 private:
  const T7Table* table(const T7Value& value) const;
};

/// The file is not trusted: lengths that run past its end, unknown types and references that go
/// astray are an Error that names it. Takes no recursion, and memory in proportion to the file.
T7File parse_t7(std::string_view bytes, const std::string& path);
T7File read_t7(const std::string& path);

}  // namespace kintsugi
