#include <doctest/doctest.h>

#include <cstring>
#include <thread>

#include "tensor/allocator.h"
#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using naive::sentence_of;

TEST_CASE("a released block is handed out again") {
  void* first = nullptr;
  {
    const Tensor x = Tensor::empty({1000, 1000});
    first = x.raw();
  }
  CHECK(Tensor::empty({1000, 1000}).raw() == first);
  CHECK(Tensor::empty({1000, 999}).raw() == first);  // rounded up to the same size
}

TEST_CASE("a block is at least as large as asked for and at most an eighth larger") {
  for (size_t bytes = 1; bytes < (size_t{1} << 40); bytes += bytes / 7 + 1) {
    const size_t size = CachingAllocator::block_size(bytes);
    CHECK(size >= bytes);
    CHECK(size <= bytes + std::max<size_t>(bytes / 8, 64));
    CHECK(size % 64 == 0);
    CHECK(CachingAllocator::block_size(size) == size);
  }
}

TEST_CASE("blocks are aligned to cache lines") {
  for (int64_t size : {1, 3, 100, 5000, 3000000})
    CHECK(reinterpret_cast<uintptr_t>(Tensor::empty({size}).raw()) % 64 == 0);
}

TEST_CASE("current, peak and reserved bytes are counted") {
  release_cached_memory(Device::cpu);
  reset_peak_memory(Device::cpu);
  const MemoryStatistics before = memory_statistics(Device::cpu);
  CHECK(before.peak == before.current);
  CHECK(before.reserved >= before.current);
  {
    const Tensor a = Tensor::empty({1 << 20});
    {
      const Tensor b = Tensor::empty({1 << 20}, {.dtype = DType::float64});
      CHECK(memory_statistics(Device::cpu).current == before.current + (12u << 20));
    }
    const Tensor view = a.reshape({1 << 10, 1 << 10});
    CHECK(memory_statistics(Device::cpu).current == before.current + (4u << 20));
  }
  MemoryStatistics after = memory_statistics(Device::cpu);
  CHECK(after.current == before.current);
  CHECK(after.peak == before.current + (12u << 20));
  CHECK(after.reserved == before.reserved + (12u << 20));
  reset_peak_memory(Device::cpu);
  release_cached_memory(Device::cpu);
  after = memory_statistics(Device::cpu);
  CHECK(after.peak == after.current);
  CHECK(after.reserved == before.reserved);
}

namespace {

/// A device with little memory, which counts what it is asked for.
class SmallDevice final : public Backend {
 public:
  explicit SmallDevice(size_t capacity) : capacity_(capacity) {}
  void* allocate(size_t bytes) override {
    if (used_ + bytes > capacity_) return nullptr;
    used_ += bytes;
    return cpu_backend().allocate(bytes);
  }
  void deallocate(void* block, size_t bytes) override {
    used_ -= bytes;
    cpu_backend().deallocate(block, bytes);
  }
  size_t used() const { return used_; }

  void copy_to_host(const void*, void*, size_t) override {}
  void copy_from_host(const void*, void*, size_t) override {}
  void copy(const Tensor&, Tensor&) override {}
  void fill(Tensor&, double) override {}
  void cast(const Tensor&, Tensor&) override {}
  void copy_strided(const Tensor&, const StridedView&, Tensor&, const StridedView&,
                    const Shape&) override {}
  void uniform(Tensor&, double, double, const Generator&) override {}
  void normal(Tensor&, double, double, const Generator&) override {}
  void unary(Unary, const Tensor&, double, double, Tensor&) override {}
  void binary(Binary, const Tensor&, const Tensor&, double, Tensor&) override {}
  void where(const Tensor&, const Tensor&, const Tensor&, Tensor&) override {}
  void reduce(Reduction, const Tensor&, int64_t, int64_t, int64_t, Tensor&) override {}
  void softmax(const Tensor&, bool, Tensor&) override {}
  void matmul(const Tensor&, bool, const Tensor&, bool, Tensor&) override {}
  void conv2d(const Tensor&, const Tensor&, const Window&, const Epilogue&, Tensor&) override {}
  void conv2d_input_grad(const Tensor&, const Tensor&, const Window&, const Epilogue&,
                         Tensor&) override {}
  void conv2d_weight_grad(const Tensor&, const Tensor&, const Window&, Tensor&) override {}
  void max_pool2d(const Tensor&, const Window&, Tensor&, Tensor&) override {}
  void max_pool2d_gather(const Tensor&, const Tensor&, Tensor&) override {}
  void max_pool2d_grad(const Tensor&, const Tensor&, Tensor&) override {}
  void avg_pool2d(const Tensor&, const Window&, Tensor&) override {}
  void avg_pool2d_grad(const Tensor&, const Window&, Tensor&) override {}
  void resize2d(const Tensor&, Interpolation, Tensor&) override {}
  void resize2d_grad(const Tensor&, Interpolation, Tensor&) override {}
  void norm_statistics(const Tensor&, double, Tensor&, Tensor&, Tensor&) override {}
  void norm_apply(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, bool,
                  Tensor&) override {}
  void norm_grad_sums(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                      Tensor&) override {}
  void norm_grad_input(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                       const Tensor&, const Tensor&, Tensor&) override {}
  void sgd_step(Tensor&, const Tensor&, Tensor&, double, double, double) override {}
  void adam_step(Tensor&, const Tensor&, Tensor&, Tensor&, double, double, double, double, double,
                 int64_t) override {}
  void adadelta_step(Tensor&, const Tensor&, Tensor&, Tensor&, double, double, double,
                     double) override {}

 private:
  size_t capacity_, used_ = 0;
};

constexpr size_t kMebibyte = size_t{1} << 20;

}  // namespace

TEST_CASE("where memory runs out the cache is released before giving up") {
  SmallDevice device(4 * kMebibyte);
  CachingAllocator allocator(device, Device::cpu);
  void* small = allocator.allocate(kMebibyte);
  void* large = allocator.allocate(2 * kMebibyte);
  allocator.deallocate(large, 2 * kMebibyte);
  CHECK(device.used() == 3 * kMebibyte);
  void* largest = allocator.allocate(3 * kMebibyte);  // only fits without the cached block
  CHECK(largest != nullptr);
  CHECK(device.used() == 4 * kMebibyte);
  allocator.deallocate(largest, 3 * kMebibyte);
  allocator.deallocate(small, kMebibyte);
  allocator.release_cache();
  CHECK(device.used() == 0);
}

TEST_CASE("running out of memory is an error that names the sizes, and leaves the counts alone") {
  SmallDevice device(4 * kMebibyte);
  CachingAllocator allocator(device, Device::cpu);
  void* block = allocator.allocate(3 * kMebibyte);
  CHECK(sentence_of<Error>([&] { allocator.allocate(2 * kMebibyte); }) ==
        "out of memory on device cpu: 2.0 MiB asked for, while 3.0 MiB are in use");
  CHECK(allocator.statistics().current == 3 * kMebibyte);
  allocator.deallocate(block, 3 * kMebibyte);
  allocator.release_cache();
  CHECK(allocator.statistics().reserved == 0);
}

TEST_CASE("a tensor larger than any memory is an error, not a crash") {
  CHECK(sentence_of<Error>([] {
          Tensor::empty({int64_t{1} << 57});
        }).starts_with("out of memory on device cpu: "));
  CHECK(sentence_of<Error>([] {
          Tensor::empty({int64_t{1} << 62}, {.dtype = DType::float64});
        }).starts_with("out of memory on device cpu: "));
}

TEST_CASE("threads allocate and release at the same time without mixing their blocks") {
  const size_t before = memory_statistics(Device::cpu).current;
  std::array<bool, 4> intact{};
  std::vector<std::thread> threads;
  for (size_t number = 0; number < intact.size(); ++number)
    threads.emplace_back([&intact, number] {
      bool all = true;
      for (int64_t round = 0; round < 500; ++round) {
        const Tensor x = Tensor::empty({64 + round % 7 * 100});
        std::memset(x.raw(), static_cast<int>(number), x.bytes());
        const auto* bytes = static_cast<const unsigned char*>(x.raw());
        for (size_t i = 0; i < x.bytes(); ++i) all = all && bytes[i] == number;
      }
      intact[number] = all;
    });
  for (std::thread& thread : threads) thread.join();
  for (bool all : intact) CHECK(all);
  CHECK(memory_statistics(Device::cpu).current == before);
}
