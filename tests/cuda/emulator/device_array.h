#pragma once
#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "cuda/emulator/report.h"

/// What the tests of the emulator's checks share.
namespace emulator {

/// Device memory for `count` elements, freed with this object.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t count) : count_(count) {
    REQUIRE(cudaMalloc(&data_, count * sizeof(T)) == cudaSuccess);
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    REQUIRE(cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice) ==
            cudaSuccess);
  }
  ~DeviceArray() { static_cast<void>(cudaFree(data_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() const { return data_; }
  std::vector<T> values() const {
    std::vector<T> host(count_);
    const cudaError_t status =
        cudaMemcpy(host.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost);
    REQUIRE(status == cudaSuccess);
    return host;
  }

 private:
  T* data_ = nullptr;
  size_t count_;
};

struct Shape {
  unsigned blocks = 1, threads = 1;
  size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
};

template <class... P>
cudaError_t launch(const Shape& shape, void (*kernel)(P...), std::type_identity_t<P>... args) {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(shape.blocks);
  config.blockDim = dim3(shape.threads);
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = shape.stream;
  return cudaLaunchKernelEx(&config, kernel, args...);
}

/// The message of the Fault that f() ends with; "" where it comes to its end.
template <class F>
std::string fault_of(F&& f) {
  try {
    f();
  } catch (const Fault& fault) {
    return fault.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace emulator

#define CHECK_CONTAINS(text, part)          \
  do {                                      \
    const std::string whole = (text);       \
    CAPTURE(whole);                         \
    CHECK(emulator::contains(whole, part)); \
  } while (false)
