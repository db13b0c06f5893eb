#include "tensor/device.h"

#include "tensor/error.h"

namespace kintsugi {

Device device_from_string(const std::string& name) {
  check(name == "cpu" || name == "cuda", "device: '{}' is not one; there are cpu and cuda", name);
  return name == "cpu" ? Device::cpu : Device::cuda;
}

}  // namespace kintsugi
