#include <doctest/doctest.h>

#include <vector>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/upload.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

constexpr int64_t kLarge = 200'000;  // elements: goes through the pinned buffers

Tensor numbers(uint64_t seed) { return random_tensor({kLarge}, DType::float32, seed); }

}  // namespace

TEST_CASE("bytes on the CUDA device are counted, and given back") {
  const MemoryStatistics before = memory_statistics(Device::cuda);
  {
    const Tensor x = Tensor::empty({1 << 18}, {.device = Device::cuda});
    CHECK(memory_statistics(Device::cuda).current == before.current + (1u << 20));
    CHECK(memory_statistics(Device::cuda).reserved >= memory_statistics(Device::cuda).current);
  }
  CHECK(memory_statistics(Device::cuda).current == before.current);
  release_cached_memory(Device::cuda);
  CHECK(memory_statistics(Device::cuda).reserved <= before.reserved);
}

TEST_CASE("memory that was freed is used again") {
  const void* first = Tensor::empty({kLarge}, {.device = Device::cuda}).raw();
  CHECK(Tensor::empty({kLarge}, {.device = Device::cuda}).raw() == first);
}

TEST_CASE("memory may be freed, and used again, while kernels that read it are queued") {
  const Tensor a = numbers(1), b = numbers(2);
  for (int round = 0; round < 5; ++round) {
    Tensor x = on_cuda(a);
    const void* place = x.raw();
    Tensor y = x;
    for (int i = 0; i < 5; ++i) y = ops::affine(y, 0.5, 1);  // five kernels behind one another
    const Tensor z = ops::add(y, x);
    x = Tensor();
    const Tensor next = on_cuda(b);  // an upload into the memory that the last kernel reads
    CHECK(next.raw() == place);
    Tensor expected = a;
    for (int i = 0; i < 5; ++i) expected = ops::affine(expected, 0.5, 1);
    check_close(z, ops::add(expected, a));
    check_same(next, b);
  }
}

TEST_CASE("an upload arrives while the device computes something else") {
  const Tensor a = numbers(1), b = numbers(2);
  const Tensor x = on_cuda(a);
  Upload upload(b, Device::cuda);
  const Tensor y = ops::add(x, x);
  const Tensor there = upload.tensor();
  check_same(there, b);
  check_same(upload.tensor(), b);
  check_same(y, ops::add(a, a));
}

TEST_CASE("several uploads may be under way, and one may be left without being asked for") {
  const Tensor a = numbers(1), b = numbers(2), c = numbers(3);
  { const Upload abandoned(a, Device::cuda); }
  Upload first(b, Device::cuda);
  Upload second(c, Device::cuda);
  Upload moved(std::move(first));
  check_same(second.tensor(), c);
  check_same(moved.tensor(), b);
}

TEST_CASE("an upload to where the tensor is already is the tensor") {
  const Tensor here = numbers(1), there = on_cuda(here);
  CHECK(Upload(here, Device::cpu).tensor().shares_storage_with(here));
  CHECK(Upload(there, Device::cuda).tensor().shares_storage_with(there));
  check_same(Upload(there, Device::cpu).tensor(), here);
}

TEST_CASE("more memory than the device has is refused with the sizes, and leaves nothing behind") {
  const MemoryStatistics before = memory_statistics(Device::cuda);
  try {
    Tensor::empty({int64_t{1} << 50}, {.device = Device::cuda});
    FAIL("4 PiB were found");
  } catch (const Error& error) {
    const std::string sentence = error.what();
    CAPTURE(sentence);
    CHECK(sentence.starts_with("out of memory on device cuda: 4294967296.0 MiB asked for, while "));
    for (const char* part : {"MiB are in use and", "MiB reserved, of", "MiB in all"})
      CHECK(sentence.find(part) != std::string::npos);
  }
  CHECK(memory_statistics(Device::cuda).current == before.current);
  check_same(on_cuda(numbers(1)), numbers(1));  // and the device goes on working
}
