#include <utility>

#include "cuda/check.h"
#include "cuda/context.h"
#include "tensor/error.h"

namespace kintsugi::cuda {
namespace {

constexpr int kOldestMajor = 7, kOldestMinor = 5;  // Turing

void check_device_is_there() {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status == cudaSuccess && devices > 0) return;
  static_cast<void>(cudaGetLastError());  // else the next call reports it again
  throw Error(fmt::format("device cuda: there is no CUDA device ({}); use the device cpu",
                          status == cudaSuccess ? "none is found" : cudaGetErrorString(status)));
}

Context make_context() {
  check_device_is_there();
  Context made{};
  check(cudaSetDevice(0), "cudaSetDevice");
  check(cudaGetDeviceProperties(&made.properties, 0), "cudaGetDeviceProperties");
  const cudaDeviceProp& gpu = made.properties;
  kintsugi::check(std::pair(gpu.major, gpu.minor) >= std::pair(kOldestMajor, kOldestMinor),
                  "device cuda: {} has compute capability {}.{}, but {}.{} is the oldest that "
                  "Kintsugi runs on; use the device cpu",
                  gpu.name, gpu.major, gpu.minor, kOldestMajor, kOldestMinor);
  check(cudaStreamCreateWithFlags(&made.stream, cudaStreamNonBlocking), "cudaStreamCreate");
  check(cudaStreamCreateWithFlags(&made.copy_stream, cudaStreamNonBlocking), "cudaStreamCreate");
  check(cublasCreate(&made.cublas), "cublasCreate");
  check(cublasSetStream(made.cublas, made.stream), "cublasSetStream");
  // Sums of parts of a bfloat16 product stay in float32.
  check(cublasSetMathMode(made.cublas, static_cast<cublasMath_t>(
                                           CUBLAS_DEFAULT_MATH |
                                           CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION)),
        "cublasSetMathMode");
  // Its scratch memory from the start: a graph may not be the first to ask for it.
  constexpr size_t kWorkspace = size_t{32} << 20;
  void* workspace = nullptr;
  check(cudaMalloc(&workspace, kWorkspace), "cudaMalloc");
  check(cublasSetWorkspace(made.cublas, workspace, kWorkspace), "cublasSetWorkspace");
  return made;
}

}  // namespace

const Context& context() {
  static const Context& instance = *new Context(make_context());  // outlives every tensor
  return instance;
}

}  // namespace kintsugi::cuda
