#include "tensor/precision.h"

#include "tensor/error.h"

namespace kintsugi {
namespace {

Precision current = Precision::tf32;

}  // namespace

std::string to_string(Precision precision) {
  switch (precision) {
    case Precision::float32:
      return "float32";
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
  }
  return "";
}

Precision precision_from_string(const std::string& name) {
  for (Precision precision : {Precision::float32, Precision::tf32, Precision::bf16})
    if (name == to_string(precision)) return precision;
  throw Error("precision: '" + name + "' is not one; there are float32, tf32 and bf16");
}

void set_precision(Precision precision) { current = precision; }

Precision precision() { return current; }

}  // namespace kintsugi
