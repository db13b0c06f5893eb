#pragma once
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace kintsugi {

/// NumPy's .npy, versions 1.0 to 3.0, little-endian float32 or float64 in C order. Throws Error,
/// naming the file, for other types or orders, a damaged header, or data of another length.
Tensor read_npy(const std::string& path);
/// The same from memory; `path` stands for the file in messages.
Tensor parse_npy(std::string_view bytes, const std::string& path);
/// Version 1.0, data aligned to 64 bytes; the file appears whole or not at all.
void write_npy(const std::string& path, const Tensor& x);

}  // namespace kintsugi
