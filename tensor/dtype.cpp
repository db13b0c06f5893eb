#include "tensor/dtype.h"

#include "tensor/error.h"

namespace kintsugi {

size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return 4;
    case DType::float64:
      return 8;
    case DType::bfloat16:
      return 2;
  }
  return 0;
}

std::string to_string(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "float32";
    case DType::float64:
      return "float64";
    case DType::bfloat16:
      return "bfloat16";
  }
  return "";
}

void refuse_dtype(DType dtype) {
  throw Error("dtype " + to_string(dtype) + " is for convolutions, products and normalisation " +
              "on the device cuda; cast to float32 first");
}

}  // namespace kintsugi
