// Work that is recorded and replayed.
#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>

#include "tensor/backend.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"
#include "tests/cuda/compare.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

Backend& cuda() { return backend(Device::cuda); }

Tensor numbers(uint64_t seed) { return on_cuda(random_tensor({2, 6, 5, 3}, DType::float32, seed)); }

/// Kernels of several families, and a product of cuBLAS's.
Tensor work_on(const Tensor& x, const Tensor& w) {
  return ops::softmax(ops::matmul(ops::relu(ops::affine(x, 2, 1)).reshape({3, 60}), w));
}

}  // namespace

TEST_CASE("recorded work is not done before it is replayed") {
  Tensor x = numbers(1);
  const Tensor before = x.clone();
  const auto recording = cuda().record([&] { cuda().fill(x, 7); });
  REQUIRE(recording != nullptr);
  check_same(x, before);
  recording->replay();
  CHECK(x.to_vector() == std::vector<double>(180, 7));
}

TEST_CASE("a replay gives the numbers of the work done again, on the inputs of that moment") {
  Tensor x = numbers(1);
  const Tensor w = numbers(9).reshape({60, 3});
  Tensor y;
  const auto recording = cuda().record([&] { y = work_on(x, w); });
  for (const uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    cuda().copy(numbers(seed), x);
    recording->replay();
    check_same(y, work_on(x, w));
  }
}

TEST_CASE("replays of work in place add up") {
  Tensor x = Tensor::full({5}, 1, {.device = Device::cuda});
  const auto recording = cuda().record([&] {
    Tensor doubled = ops::affine(x, 2, 0);
    cuda().copy(doubled, x);
  });
  for (int i = 0; i < 3; ++i) recording->replay();
  CHECK(x.to_vector() == std::vector<double>(5, 8));
}

TEST_CASE("two recordings, and work that is not recorded, do not write into each other's memory") {
  const Tensor x = numbers(1), w = numbers(9).reshape({60, 3});
  Tensor first, second;
  const auto one = cuda().record([&] { first = work_on(x, w); });
  const auto other = cuda().record([&] { second = ops::square(ops::exp(x)); });
  one->replay();
  const Tensor third = work_on(ops::negate(x), w);
  other->replay();
  check_same(first, work_on(x, w));
  check_same(second, ops::square(ops::exp(x)));
  check_same(third, work_on(ops::negate(x), w));
}

TEST_CASE("tensors that are left of a recording outlive it") {
  const Tensor x = numbers(1);
  Tensor y;
  {
    const auto recording = cuda().record([&] { y = ops::square(x); });
    recording->replay();
  }
  for (uint64_t seed = 2; seed < 6; ++seed) numbers(seed);  // takes memory that is free
  check_same(y, ops::square(x));
}

// `passing` lies alone in its segment and comes back; then a tensor is asked for that does not fit
// into it. Where memory is not recorded, this is when the segment would be given back.
TEST_CASE("a recording keeps the memory that its work has given back") {
  constexpr int64_t kLargerThanSegment = int64_t{5} << 20;
  const Tensor x = numbers(1);
  Tensor y = Tensor::zeros(x.shape(), x.options()), large;
  const auto recording = cuda().record([&] {
    Tensor passing = ops::square(x);
    cuda().copy(passing, y);
    passing = Tensor();
    large = Tensor::empty({kLargerThanSegment}, x.options());
  });
  recording->replay();
  check_same(y, ops::square(x));
}

TEST_CASE("an exception in recorded work comes through, and the device goes on") {
  const Tensor x = numbers(1);
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_WITH_AS(cuda().record([&] {
      ops::square(x);
      throw std::out_of_range("of the work's own");
    }),
                         "of the work's own", std::out_of_range);
    check_close(ops::square(x), ops::square(x.to(Device::cpu)));
  }
  Tensor y;
  const auto recording = cuda().record([&] { y = ops::square(x); });
  recording->replay();
  check_same(y, ops::square(x));
}

TEST_CASE("recorded work may not read numbers back, upload any, or be recorded in another's") {
  const Tensor x = numbers(1), here = Tensor::full({3}, 1);
  const auto sentence = [](const std::function<void()>& work) {
    return sentence_of([&] { cuda().record(work); });
  };
  CHECK(sentence([&] { ops::sum(x).item(); }) ==
        "device cuda: numbers were asked for while work is being captured as a graph; do it before "
        "or after");
  CHECK(sentence([&] { on_cuda(here); }).find("numbers were uploaded while") != std::string::npos);
  CHECK(sentence([] { cuda().record([] {}); }).find("cudaStreamBeginCapture failed") !=
        std::string::npos);
  check_same(on_cuda(here), here);  // and the device goes on
}

TEST_CASE("a profiler waits for the device that it is told of, so that nothing can be recorded") {
  const Tensor x = numbers(1);
  const auto record_with = [&](Device device) {
    const Profiler profiler(device);
    return sentence_of([&] { cuda().record([&] { ops::square(x); }); });
  };
  CHECK(record_with(Device::cpu).empty());
  const std::string sentence = record_with(Device::cuda);
  CAPTURE(sentence);
  CHECK(sentence.find("capture") != std::string::npos);
  CHECK(record_with(Device::cpu).empty());
}
