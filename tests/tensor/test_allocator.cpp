#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "tensor/allocator.h"
#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using naive::sentence_of;

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
  CHECK(after.reserved >= after.peak);
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
  std::string name() const override { return "small device"; }
  size_t capacity() const override { return capacity_; }
  void* allocate(size_t bytes) override {
    if (used_ + bytes > capacity_) return nullptr;
    used_ += bytes;
    ++grants_;
    return cpu_backend().allocate(bytes);
  }
  void deallocate(void* block, size_t bytes) override {
    used_ -= bytes;
    cpu_backend().deallocate(block, bytes);
  }
  size_t used() const { return used_; }
  /// How often it gave memory away.
  int grants() const { return grants_; }

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
  void loss(LossTerm, const LossInput&, Tensor&) override {}
  void loss_grad(LossTerm, const LossInput&, const Tensor&, Tensor&) override {}
  void matmul(const Tensor&, bool, const Tensor&, bool, Tensor&) override {}
  void conv2d(const Tensor&, const Tensor&, const Window&, const Epilogue&, KeptWeights*,
              Tensor&) override {}
  void conv2d_input_grad(const Tensor&, const Tensor&, const Window&, const Epilogue&, KeptWeights*,
                         Tensor&) override {}
  void conv2d_weight_grad(const Tensor&, const Tensor&, const Window&, Tensor&) override {}
  void max_pool2d(const Tensor&, const Window&, Tensor&, Tensor&) override {}
  void max_pool2d_gather(const Tensor&, const Tensor&, Tensor&) override {}
  void max_pool2d_grad(const Tensor&, const Tensor&, Tensor&) override {}
  void avg_pool2d(const Tensor&, const Window&, Tensor&) override {}
  void avg_pool2d_grad(const Tensor&, const Window&, Tensor&) override {}
  void resize2d(const Tensor&, Interpolation, Tensor&) override {}
  void resize2d_grad(const Tensor&, Interpolation, Tensor&) override {}
  void crop_patches(const Tensor&, const Tensor&, Tensor&) override {}
  void crop_patches_grad(const Tensor&, const Tensor&, Tensor&) override {}
  void norm_statistics(const Tensor&, double, Tensor&, Tensor&, Tensor&) override {}
  void norm_apply(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, bool,
                  Tensor&) override {}
  void norm_grad_sums(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                      Tensor&) override {}
  void norm_grad_input(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                       const Tensor&, const Tensor&, Tensor&) override {}
  void sgd_step(std::span<const ParameterStep>, double, double, double) override {}
  void adam_step(std::span<const ParameterStep>, double, double, double, double, double,
                 int64_t) override {}
  void adadelta_step(std::span<const ParameterStep>, double, double, double, double) override {}
  void average_step(std::span<const ParameterStep>, double) override {}

 private:
  size_t capacity_, used_ = 0;
  int grants_ = 0;
};

constexpr size_t kMebibyte = size_t{1} << 20;
constexpr size_t kSpare = 1024;  // for the guards behind blocks where a sanitizer watches

/// Whole mebibytes in use.
size_t mebibytes_of(const SmallDevice& device) { return device.used() / kMebibyte; }

/// One step of a training loop: activations of many sizes, each made with a larger workspace, then
/// given back one by one while gradients come and go.
void training_step(CachingAllocator& allocator) {
  const auto size = [](size_t layer) { return kMebibyte / 8 * (3 + layer * 29 % 41); };
  std::vector<void*> activations;
  for (size_t layer = 0; layer < 40; ++layer) {
    void* workspace = allocator.allocate(2 * size(layer) + layer);
    activations.push_back(allocator.allocate(size(layer)));
    allocator.deallocate(workspace, 2 * size(layer) + layer);
  }
  for (size_t layer = 40; layer-- > 0;) {
    void* gradient = allocator.allocate(size(layer) * 3 / 2);
    allocator.deallocate(activations[layer], size(layer));
    allocator.deallocate(gradient, size(layer) * 3 / 2);
  }
}

}  // namespace

TEST_CASE("memory that was freed in one size serves others, cut apart and put together") {
  SmallDevice device(64 * kMebibyte);
  CachingAllocator allocator(device, Device::cpu);
  void* whole = allocator.allocate(12 * kMebibyte);
  allocator.deallocate(whole, 12 * kMebibyte);
  std::vector<void*> parts;
  for (int part = 0; part < 3; ++part) parts.push_back(allocator.allocate(4 * kMebibyte));
  CHECK(parts[0] == whole);
  for (int order : {0, 2, 1}) allocator.deallocate(parts[size_t(order)], 4 * kMebibyte);
  CHECK(allocator.allocate(12 * kMebibyte) == whole);
  CHECK(device.grants() == 1);
  CHECK(allocator.statistics().reserved == 16 * kMebibyte);
  allocator.deallocate(whole, 12 * kMebibyte);
  allocator.release_cache();
  CHECK(device.used() == 0);
}

TEST_CASE("the smallest block that is large enough is taken") {
  SmallDevice device(128 * kMebibyte);
  CachingAllocator allocator(device, Device::cpu);
  void* large = allocator.allocate(40 * kMebibyte);
  void* middle = allocator.allocate(20 * kMebibyte);
  void* small = allocator.allocate(17 * kMebibyte);
  allocator.deallocate(large, 40 * kMebibyte);
  allocator.deallocate(middle, 20 * kMebibyte);
  allocator.deallocate(small, 17 * kMebibyte);
  CHECK(allocator.allocate(18 * kMebibyte) == middle);
  CHECK(allocator.allocate(18 * kMebibyte) == large);
  CHECK(allocator.allocate(17 * kMebibyte) == small);
  allocator.deallocate(small, 17 * kMebibyte);
  for (void* block : {middle, large}) allocator.deallocate(block, 18 * kMebibyte);
}

TEST_CASE("a small block leaves a large free one whole, as long as there is other memory") {
  SmallDevice device(128 * kMebibyte);
  CachingAllocator allocator(device, Device::cpu);
  void* large = allocator.allocate(100 * kMebibyte);
  allocator.deallocate(large, 100 * kMebibyte);
  void* first = allocator.allocate(2 * kMebibyte);  // in a segment of 16 MiB, as the next
  void* second = allocator.allocate(2 * kMebibyte);
  CHECK(allocator.allocate(100 * kMebibyte) == large);
  CHECK(device.grants() == 2);
  for (void* block : {first, second}) allocator.deallocate(block, 2 * kMebibyte);
  allocator.deallocate(large, 100 * kMebibyte);
  CHECK(allocator.allocate(60 * kMebibyte) == large);
  void* rest = allocator.allocate(40 * kMebibyte);
  CHECK(rest == static_cast<std::byte*>(large) + 60 * kMebibyte);
  void* others[] = {allocator.allocate(16 * kMebibyte), allocator.allocate(12 * kMebibyte)};
  allocator.deallocate(rest, 40 * kMebibyte);
  void* cut = allocator.allocate(kMebibyte);  // 128 MiB are taken
  CHECK(cut == rest);
  CHECK(device.grants() == 3);
  allocator.deallocate(cut, kMebibyte);
  allocator.deallocate(large, 60 * kMebibyte);
  allocator.deallocate(others[0], 16 * kMebibyte);
  allocator.deallocate(others[1], 12 * kMebibyte);
}

TEST_CASE("a loop that repeats itself soon asks the device for nothing, and reserves little") {
  SmallDevice device(1024 * kMebibyte);
  CachingAllocator allocator(device, Device::cpu);
  for (int step = 0; step < 3; ++step) training_step(allocator);
  const int grants = device.grants();
  const size_t used = device.used();
  for (int step = 0; step < 5; ++step) training_step(allocator);
  CHECK(device.grants() == grants);
  CHECK(device.used() == used);
  const MemoryStatistics statistics = allocator.statistics();
  CHECK(statistics.reserved == used);
  CHECK(statistics.current == 0);
  CHECK(statistics.reserved * 4 < statistics.peak * 5);
}

TEST_CASE("cached memory that is too small goes back where use sets a record, and only there") {
  SmallDevice device(256 * kMebibyte);
  CachingAllocator allocator(device, Device::cpu);
  const auto use = [&](std::initializer_list<size_t> mebibytes) {
    std::vector<std::pair<void*, size_t>> blocks;
    for (size_t size : mebibytes)
      blocks.emplace_back(allocator.allocate(size * kMebibyte), size * kMebibyte);
    for (const auto& [block, bytes] : blocks) allocator.deallocate(block, bytes);
  };
  use({20, 20});
  CHECK(mebibytes_of(device) == 40);
  use({30});  // no record: the two of 20 will be wanted again
  CHECK(mebibytes_of(device) == 70);
  use({20, 20});
  CHECK(device.grants() == 3);
  use({60});
  CHECK(mebibytes_of(device) == 60);
  CHECK(allocator.statistics().reserved == device.used());
}

TEST_CASE("where memory runs out the cache is released before giving up") {
  SmallDevice device(4 * kMebibyte + kSpare);
  CachingAllocator allocator(device, Device::cpu);
  void* small = allocator.allocate(kMebibyte);
  void* large = allocator.allocate(2 * kMebibyte);
  allocator.deallocate(large, 2 * kMebibyte);
  CHECK(mebibytes_of(device) == 3);
  void* largest = allocator.allocate(3 * kMebibyte);  // only fits without the cached block
  CHECK(largest != nullptr);
  CHECK(mebibytes_of(device) == 4);
  allocator.deallocate(largest, 3 * kMebibyte);
  allocator.deallocate(small, kMebibyte);
  allocator.release_cache();
  CHECK(device.used() == 0);
}

TEST_CASE("running out of memory is an error that names the sizes, and leaves the counts alone") {
  SmallDevice device(4 * kMebibyte + kSpare);
  CachingAllocator allocator(device, Device::cpu);
  void* block = allocator.allocate(3 * kMebibyte);
  CHECK(sentence_of<Error>([&] { allocator.allocate(2 * kMebibyte); }) ==
        "out of memory on device cpu: 2.0 MiB asked for, while 3.0 MiB are in use and 3.0 MiB "
        "reserved, of 4.0 MiB in all");
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
