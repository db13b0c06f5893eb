#include "cuda/backend.h"
#include "cuda/check.h"
#include "cuda/context.h"
#include "cuda/recording.h"
#include "cuda/upload.h"
#include "tensor/error.h"

#ifdef KINTSUGI_CUDA_EMULATOR
#include "cuda/emulator/memory.h"
#endif

namespace kintsugi {

using cuda::check;
using cuda::context;

namespace {

/// Smaller uploads take their turn among the kernels: a second stream would cost more than it
/// hides.
constexpr size_t kLeastBesideKernels = size_t{64} << 10;

/// A graph replays what the device did. What the host gave or took meanwhile is not in it.
void refuse_while_capturing(const char* what) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(context().stream, &status), "cudaStreamIsCapturing");
  check(status == cudaStreamCaptureStatusNone,
        "device cuda: {} while work is being captured as a graph; do it before or after", what);
}

}  // namespace

std::string CudaBackend::name() const {
#ifdef KINTSUGI_CUDA_EMULATOR
  return "CUDA emulator";
#else
  const cudaDeviceProp& gpu = context().properties;
  return fmt::format("{} (compute capability {}.{})", gpu.name, gpu.major, gpu.minor);
#endif
}

size_t CudaBackend::capacity() const { return context().properties.totalGlobalMem; }

void* CudaBackend::allocate(size_t bytes) {
  void* block = nullptr;
  const cudaError_t status = cudaMalloc(&block, bytes);
  if (status == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());  // else the next call reports it again
    return nullptr;
  }
  check(status, "cudaMalloc");
  return block;
}

void CudaBackend::deallocate(void* block, size_t) { check(cudaFree(block), "cudaFree"); }

#ifdef KINTSUGI_CUDA_EMULATOR
size_t CudaBackend::guard_bytes() const { return 64; }
void CudaBackend::block_taken(void* block, size_t bytes) { emulator::block_taken(block, bytes); }
void CudaBackend::block_returned(void* block, size_t bytes) {
  emulator::block_returned(block, bytes);
}
#else
size_t CudaBackend::guard_bytes() const { return 0; }
void CudaBackend::block_taken(void*, size_t) {}
void CudaBackend::block_returned(void*, size_t) {}
#endif

// A block that comes back may still be read by kernels that are queued, and is handed out again at
// once. That is right because all kernels run on one stream, in the order of their launches: the
// next owner's come after them. Uploads run on another stream, and keep the order by events
// (cuda/upload.cu).
void CudaBackend::copy_to_host(const void* from, void* to, size_t bytes) {
  if (bytes == 0) return;
  refuse_while_capturing("numbers were asked for");
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, context().stream),
        "cudaMemcpyAsync");
  check(cudaStreamSynchronize(context().stream), "cudaStreamSynchronize");
}

void CudaBackend::copy_from_host(const void* from, void* to, size_t bytes) {
  if (bytes >= kLeastBesideKernels) {
    start_upload(from, to, bytes);
    finish_uploads();
    return;
  }
  if (bytes == 0) return;
  refuse_while_capturing("numbers were uploaded");
  // From memory that is not pinned: CUDA has made its own copy when this returns.
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, context().stream),
        "cudaMemcpyAsync");
}

void CudaBackend::start_upload(const void* from, void* to, size_t bytes) {
  refuse_while_capturing("numbers were uploaded");
  cuda::uploader().start(from, to, bytes);
}

void CudaBackend::finish_uploads() {
  refuse_while_capturing("an upload was waited for");
  cuda::uploader().finish();
}

std::unique_ptr<Recording> CudaBackend::record(const std::function<void()>& work) {
  return cuda::record_graph(work);
}

void CudaBackend::synchronize() {
  check(cudaStreamSynchronize(context().stream), "cudaStreamSynchronize");
}

Backend& cuda_backend() {
  context();                                        // throws where there is no device
  static CudaBackend& instance = *new CudaBackend;  // outlives every tensor
  return instance;
}

}  // namespace kintsugi
