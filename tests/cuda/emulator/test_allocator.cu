// What the allocator tells the emulator, so that it knows each block within the larger ones that
// the device handed out.
#include <doctest/doctest.h>

#include "cuda/context.h"
#include "cuda/emulator/report.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/tensor.h"

using namespace kintsugi;

namespace {

const TensorOptions kCuda{.device = Device::cuda};

/// Limits the device's memory for as long as it lives.
class MemoryLimit {
 public:
  explicit MemoryLimit(size_t bytes) : before_(emulator::set_memory_limit(bytes)) {}
  ~MemoryLimit() { emulator::set_memory_limit(before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  size_t before_;
};

/// Captures what the stream of all kernels is given, and throws it away.
class Capture {
 public:
  Capture() { cudaStreamBeginCapture(cuda::context().stream, cudaStreamCaptureModeRelaxed); }
  ~Capture() {
    cudaGraph_t graph = nullptr;
    cudaStreamEndCapture(cuda::context().stream, &graph);
    cudaGraphDestroy(graph);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
};

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("reading a tensor that nobody wrote is a fault") {
  const Tensor x = Tensor::empty({100}, kCuda);
  CHECK_THROWS_AS(x.to_vector(), emulator::Fault);
  CHECK_THROWS_AS(ops::relu(x), emulator::Fault);
  Tensor::full({100}, 1, kCuda);  // written, and freed: the next tensor there is unwritten again
  CHECK_THROWS_AS(Tensor::empty({100}, kCuda).to_vector(), emulator::Fault);
}

TEST_CASE("bytes behind a tensor are not another tensor's") {
  const Tensor x = Tensor::full({16}, 1, kCuda), y = Tensor::full({16}, 1, kCuda);
  std::vector<float> numbers(17);
  Backend& device = backend(Device::cuda);
  CHECK_NOTHROW(device.copy_to_host(x.raw(), numbers.data(), 16 * sizeof(float)));
  CHECK_THROWS_AS(device.copy_to_host(x.raw(), numbers.data(), 17 * sizeof(float)),
                  emulator::Fault);
  CHECK_THROWS_AS(device.copy_from_host(numbers.data(), x.raw(), 17 * sizeof(float)),
                  emulator::Fault);
}

TEST_CASE("a tensor that was freed cannot be read, though its memory is still the allocator's") {
  const void* place = Tensor::full({16}, 1, kCuda).raw();
  float number = 0;
  CHECK_THROWS_AS(backend(Device::cuda).copy_to_host(place, &number, sizeof number),
                  emulator::Fault);
}

TEST_CASE("where device memory runs out the cache is given back first, then comes a sentence") {
  constexpr size_t kMebibyte = size_t{1} << 20;
  release_cached_memory(Device::cuda);
  const MemoryStatistics before = memory_statistics(Device::cuda);
  size_t free = 0, total = 0;  // cuBLAS has some of it too
  REQUIRE(cudaMemGetInfo(&free, &total) == cudaSuccess);
  const MemoryLimit limit(total - free + 64 * kMebibyte);
  const auto bytes = [](size_t mebibytes) {
    return Shape{static_cast<int64_t>(mebibytes * kMebibyte / sizeof(float))};
  };
  Tensor::empty(bytes(40), kCuda);                      // cached from here on
  const Tensor fits = Tensor::empty(bytes(50), kCuda);  // only without it
  const std::string sentence = error_of([&] { Tensor::empty(bytes(30), kCuda); });
  CAPTURE(sentence);
  CHECK(sentence.starts_with("out of memory on device cuda: 30.0 MiB asked for, while "));
  CHECK(memory_statistics(Device::cuda).current == before.current + fits.bytes());
}

TEST_CASE("numbers that go to or come from the host while a graph is captured are refused") {
  const Tensor small = Tensor::full({3}, 1), large = Tensor::full({100'000}, 1);
  const Tensor there = Tensor::full({3}, 1, kCuda);
  {
    const Capture capture;
    for (const Tensor& x : {small, large})
      CHECK(error_of([&] { x.to(Device::cuda); }) ==
            "device cuda: numbers were uploaded while work is being captured as a graph; do it "
            "before or after");
    CHECK(error_of([&] { there.to_vector(); }).starts_with("device cuda: numbers were asked for"));
  }
  CHECK(there.to_vector() == std::vector<double>{1, 1, 1});
  CHECK(large.to(Device::cuda).to_vector() == large.to_vector());
}
