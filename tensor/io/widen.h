#pragma once
#include <cstddef>
#include <string_view>

#include "tensor/tensor.h"

namespace kintsugi {

/// A number format that files may hold, and the dtype it is read into.
struct ElementType {
  std::string_view name;  ///< as safetensors calls it: "F32", "BF16", "I64"
  size_t bytes;           ///< of one element
  DType dtype;            ///< float32 for F32, F16, BF16; float64 for F64, integers and booleans
};

/// nullptr for a name that is not known.
const ElementType* element_type(std::string_view name);

/// True of F32 and F64: a tensor holds the very bytes of the file.
bool is_read_as_it_is(const ElementType& type);

/// The numbers in `data`, little-endian and row-major, as a tensor of type.dtype.
/// data.size() = shape.numel()·type.bytes.
Tensor widen(const ElementType& type, std::string_view data, const Shape& shape);

}  // namespace kintsugi
