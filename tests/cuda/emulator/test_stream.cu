#include <string_view>

#include "tests/cuda/emulator/device_array.h"

/// Streams, events, graphs, and what the runtime says of itself.
namespace emulator {
namespace {

__global__ void add(float* x, float amount) { x[threadIdx.x] += amount; }
__global__ void scale(float* x, float factor) { x[threadIdx.x] *= factor; }

struct Stream {
  Stream() { REQUIRE(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking) == cudaSuccess); }
  ~Stream() { static_cast<void>(cudaStreamDestroy(handle)); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t handle = nullptr;
};

struct Event {
  Event() { REQUIRE(cudaEventCreate(&handle) == cudaSuccess); }
  ~Event() { static_cast<void>(cudaEventDestroy(handle)); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t handle = nullptr;
};

void begin(const Stream& stream) {
  REQUIRE(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeGlobal) == cudaSuccess);
}

cudaStreamCaptureStatus status(const Stream& stream) {
  cudaStreamCaptureStatus status{};
  REQUIRE(cudaStreamIsCapturing(stream.handle, &status) == cudaSuccess);
  return status;
}

/// What EndCapture says of a capture in which `call` was made.
template <class F>
cudaError_t end_after(F&& call) {
  const Stream stream;
  begin(stream);
  call(stream.handle);
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream.handle, &graph);
  CHECK((graph != nullptr) == (ended == cudaSuccess));
  if (graph != nullptr) CHECK(cudaGraphDestroy(graph) == cudaSuccess);
  CHECK(status(stream) == cudaStreamCaptureStatusNone);
  static_cast<void>(cudaGetLastError());
  return ended;
}

}  // namespace

// ---- streams and events -------------------------------------------------------------------------

TEST_CASE("work on a stream is done when it has been waited for") {
  const Stream stream;
  const DeviceArray<float> x(std::vector<float>{1, 2});
  CHECK(launch({.threads = 2, .stream = stream.handle}, add, x.data(), 3.0f) == cudaSuccess);
  CHECK(cudaStreamSynchronize(stream.handle) == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
  CHECK(x.values() == std::vector<float>{4, 5});
}

TEST_CASE("a handle that was never made, or was destroyed, is refused") {
  cudaStream_t stream = nullptr;
  REQUIRE(cudaStreamCreate(&stream) == cudaSuccess);
  CHECK(cudaStreamDestroy(stream) == cudaSuccess);
  CHECK(cudaStreamDestroy(stream) == cudaErrorInvalidResourceHandle);
  CHECK(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
  CHECK(launch({.stream = stream}, scale, nullptr, 1.0f) == cudaErrorInvalidResourceHandle);
  CHECK(cudaPeekAtLastError() == cudaErrorInvalidResourceHandle);
  CHECK(cudaGetLastError() == cudaErrorInvalidResourceHandle);
  CHECK(cudaGetLastError() == cudaSuccess);
  cudaEvent_t event = nullptr;
  CHECK(cudaEventRecord(event) == cudaErrorInvalidResourceHandle);
  CHECK(cudaEventSynchronize(event) == cudaErrorInvalidResourceHandle);
  CHECK(cudaGraphLaunch(nullptr, nullptr) == cudaErrorInvalidValue);
  CHECK(cudaStreamCreateWithFlags(&stream, 7) == cudaErrorInvalidValue);
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("the time between two events is not negative, and asks for events with a time") {
  const Event first, second;
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, first.handle, second.handle) ==
        cudaErrorInvalidResourceHandle);
  CHECK(cudaEventRecord(first.handle) == cudaSuccess);
  CHECK(cudaEventRecord(second.handle) == cudaSuccess);
  CHECK(cudaEventQuery(second.handle) == cudaSuccess);
  CHECK(cudaEventElapsedTime(&milliseconds, first.handle, second.handle) == cudaSuccess);
  CHECK(milliseconds >= 0);
  cudaEvent_t untimed = nullptr;
  REQUIRE(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming) == cudaSuccess);
  CHECK(cudaEventRecord(untimed) == cudaSuccess);
  CHECK(cudaEventElapsedTime(&milliseconds, first.handle, untimed) ==
        cudaErrorInvalidResourceHandle);
  CHECK(cudaEventDestroy(untimed) == cudaSuccess);
  static_cast<void>(cudaGetLastError());
}

// ---- graphs -------------------------------------------------------------------------------------

TEST_CASE(
    "a captured stream does nothing until its graph is launched, then all in order, each time") {
  const Stream stream;
  const DeviceArray<float> x(std::vector<float>{1, 1}), y(2);
  begin(stream);
  CHECK(launch({.threads = 2, .stream = stream.handle}, add, x.data(), 1.0f) == cudaSuccess);
  CHECK(launch({.threads = 2, .stream = stream.handle}, scale, x.data(), 10.0f) == cudaSuccess);
  CHECK(cudaMemcpyAsync(y.data(), x.data(), 8, cudaMemcpyDeviceToDevice, stream.handle) ==
        cudaSuccess);
  CHECK(cudaMemsetAsync(x.data(), 0, 4, stream.handle) == cudaSuccess);
  CHECK(status(stream) == cudaStreamCaptureStatusActive);
  cudaGraph_t graph = nullptr;
  REQUIRE(cudaStreamEndCapture(stream.handle, &graph) == cudaSuccess);
  CHECK(x.values() == std::vector<float>{1, 1});

  size_t count = 0;
  CHECK(cudaGraphGetNodes(graph, nullptr, &count) == cudaSuccess);
  CHECK(count == 4);
  cudaGraphExec_t runnable = nullptr;
  REQUIRE(cudaGraphInstantiate(&runnable, graph) == cudaSuccess);
  CHECK(cudaGraphDestroy(graph) == cudaSuccess);
  CHECK(cudaGraphLaunch(runnable, stream.handle) == cudaSuccess);
  CHECK(y.values() == std::vector<float>{20, 20});
  CHECK(cudaGraphLaunch(runnable, stream.handle) == cudaSuccess);
  CHECK(y.values() == std::vector<float>{10, 210});
  CHECK(x.values() == std::vector<float>{0, 210});
  CHECK(cudaGraphExecDestroy(runnable) == cudaSuccess);
  CHECK(cudaGraphLaunch(runnable, stream.handle) == cudaErrorInvalidValue);
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("a stream that waits for a captured one is captured with it, and has to be waited for") {
  const DeviceArray<float> x(std::vector<float>{1});
  const Stream other;
  const Event fork, join;
  const auto fork_work = [&](cudaStream_t stream) {
    CHECK(cudaEventRecord(fork.handle, stream) == cudaSuccess);
    CHECK(cudaStreamWaitEvent(other.handle, fork.handle) == cudaSuccess);
    CHECK(status(other) == cudaStreamCaptureStatusActive);
    CHECK(launch({.stream = other.handle}, add, x.data(), 1.0f) == cudaSuccess);
  };
  CHECK(end_after(fork_work) == cudaErrorStreamCaptureUnjoined);
  CHECK(end_after([&](cudaStream_t stream) {
          fork_work(stream);
          CHECK(cudaEventRecord(join.handle, other.handle) == cudaSuccess);
          CHECK(cudaStreamWaitEvent(stream, join.handle) == cudaSuccess);
        }) == cudaSuccess);
  CHECK(status(other) == cudaStreamCaptureStatusNone);
  CHECK(cudaEventSynchronize(join.handle) == cudaErrorCapturedEvent);
  CHECK(x.values()[0] == 1);
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("allocating, waiting and the default stream fail during a capture and spoil it") {
  const DeviceArray<float> x(std::vector<float>{1});
  const Event outside;
  REQUIRE(cudaEventRecord(outside.handle) == cudaSuccess);
  const auto spoiled_by = [](cudaError_t expected, auto&& call) {
    CHECK(end_after([&](cudaStream_t stream) {
            CHECK(call(stream) == expected);
            CHECK(launch({.stream = stream}, scale, nullptr, 1.0f) ==
                  cudaErrorStreamCaptureInvalidated);
          }) == cudaErrorStreamCaptureInvalidated);
  };
  constexpr cudaError_t kUnsupported = cudaErrorStreamCaptureUnsupported;
  void* block = nullptr;
  float host = 0;
  spoiled_by(kUnsupported, [&](cudaStream_t) { return cudaMalloc(&block, 4); });
  spoiled_by(kUnsupported, [&](cudaStream_t) { return cudaFree(x.data()); });
  spoiled_by(kUnsupported, [&](cudaStream_t stream) { return cudaStreamSynchronize(stream); });
  spoiled_by(kUnsupported, [&](cudaStream_t) { return cudaDeviceSynchronize(); });
  spoiled_by(kUnsupported, [&](cudaStream_t) { return launch({}, scale, x.data(), 1.0f); });
  spoiled_by(kUnsupported,
             [&](cudaStream_t) { return cudaMemcpy(&host, x.data(), 4, cudaMemcpyDeviceToHost); });
  spoiled_by(cudaErrorStreamCaptureIsolation,
             [&](cudaStream_t stream) { return cudaStreamWaitEvent(stream, outside.handle); });
  CHECK(end_after([](cudaStream_t) {}) == cudaSuccess);
  CHECK(x.values()[0] == 1);
}

TEST_CASE("a relaxed capture lets the program allocate") {
  const Stream stream;
  REQUIRE(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeRelaxed) == cudaSuccess);
  void* block = nullptr;
  CHECK(cudaMalloc(&block, 4) == cudaSuccess);
  CHECK(cudaFree(block) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  CHECK(cudaStreamEndCapture(stream.handle, &graph) == cudaSuccess);
  CHECK(cudaGraphDestroy(graph) == cudaSuccess);
  CHECK(cudaStreamEndCapture(stream.handle, &graph) == cudaErrorIllegalState);
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("a fault in a graph is thrown where the graph is launched") {
  const Stream stream;
  const DeviceArray<float> x(1);
  begin(stream);
  CHECK(launch({.threads = 1, .stream = stream.handle}, add, x.data(), 1.0f) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  REQUIRE(cudaStreamEndCapture(stream.handle, &graph) == cudaSuccess);
  cudaGraphExec_t runnable = nullptr;
  REQUIRE(cudaGraphInstantiate(&runnable, graph) == cudaSuccess);
  CHECK_CONTAINS(fault_of([&] { cudaGraphLaunch(runnable, stream.handle); }), "which nobody wrote");
  CHECK(cudaGraphExecDestroy(runnable) == cudaSuccess);
  CHECK(cudaGraphDestroy(graph) == cudaSuccess);
}

// ---- the device and its errors ------------------------------------------------------------------

TEST_CASE("the device and its errors carry CUDA's names and numbers") {
  cudaDeviceProp properties;
  REQUIRE(cudaGetDeviceProperties(&properties, 0) == cudaSuccess);
  CHECK(std::string_view(properties.name) == "CUDA emulator");
  CHECK(properties.major == 8);
  CHECK(properties.multiProcessorCount == 2);
  int value = 0;
  CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, 0) == cudaSuccess);
  CHECK(value == 32);
  CHECK(cudaSetDevice(1) == cudaErrorInvalidDevice);
  CHECK(cudaGetDeviceProperties(&properties, 1) == cudaErrorInvalidDevice);
  static_cast<void>(cudaGetLastError());
  CHECK(std::string_view(cudaGetErrorName(cudaErrorIllegalAddress)) == "cudaErrorIllegalAddress");
  CHECK(std::string_view(cudaGetErrorString(cudaErrorIllegalAddress)) ==
        "an illegal memory access was encountered");
  CHECK(std::string_view(cudaGetErrorString(static_cast<cudaError_t>(12345))) ==
        "unrecognized error code");
}

}  // namespace emulator
