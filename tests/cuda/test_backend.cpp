#include <doctest/doctest.h>

#include <functional>

#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/cuda/compare.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using naive::sentence_of;

TEST_CASE("the CUDA device has a name and memory") {
  const Backend& device = backend(Device::cuda);
  CHECK_FALSE(device.name().empty());
  CHECK(device.name() != "cpu");
  CHECK(device.capacity() > 0);
}

TEST_CASE("numbers come back from the device as they went, small uploads and large ones") {
  constexpr int64_t kManyBuffers = 6'000'001;  // 24 MB: more than the pinned buffers hold at once
  for (const DType dtype : {DType::float32, DType::float64})
    for (const int64_t size : {0L, 1L, 1000L, 16383L, 16384L, 70001L, kManyBuffers}) {
      CAPTURE(size);
      const Tensor x = random_tensor({size}, dtype, 1);
      const Tensor there = on_cuda(x);
      CHECK(there.device() == Device::cuda);
      CHECK(there.shape() == x.shape());
      check_same(there, x);
      if (size == kManyBuffers) break;
    }
}

TEST_CASE("what is uploaded may change at once") {
  for (const int64_t size : {100, 100'000}) {
    Tensor x = random_tensor({size}, DType::float32, 1);
    const Tensor before = x.clone(), there = on_cuda(x);
    for (int64_t i = 0; i < size; ++i) x.data<float>()[i] = -7;
    check_same(there, before);
  }
}

TEST_CASE("a tensor that is on the device already is not copied") {
  const Tensor x = on_cuda(random_tensor({5}, DType::float32, 1));
  CHECK(x.to(Device::cuda).shares_storage_with(x));
  CHECK_FALSE(x.clone().shares_storage_with(x));
  check_same(x.clone(), x);
}

TEST_CASE("the only element of a device tensor is read by item()") {
  CHECK(Tensor::scalar(2.5, {.device = Device::cuda}).item() == 2.5);
  const Tensor sum = ops::sum(on_cuda(Tensor::from({1, 2, 3}, {3})));
  CHECK(sum.device() == Device::cuda);
  CHECK(sum.item() == 6);
  CHECK_THROWS_AS(on_cuda(Tensor::zeros({2})).item(), ShapeError);
}

TEST_CASE("results live where their operands do") {
  const Tensor x = on_cuda(random_tensor({1, 4, 4, 2}, DType::float32, 1));
  const Tensor w = on_cuda(random_tensor({3, 3, 2, 3}, DType::float32, 2));
  for (const Tensor& y : {ops::relu(x), ops::add(x, x), ops::max(x), ops::permute(x, {3, 0, 1, 2}),
                          ops::conv2d(x, w, {.kernel_h = 3, .kernel_w = 3}), x.to(DType::float64)})
    CHECK(y.device() == Device::cuda);
}

TEST_CASE("an op on tensors of two devices is refused with a sentence") {
  const Tensor here = random_tensor({1, 4, 4, 2}, DType::float32, 1), there = on_cuda(here);
  const Tensor w = random_tensor({3, 3, 2, 3}, DType::float32, 2);
  const Window window{.kernel_h = 3, .kernel_w = 3};
  const Tensor matrix = random_tensor({2, 2}, DType::float32, 3);
  CHECK(sentence_of<Error>([&] { ops::add(there, here); }) ==
        "add: devices cuda and cpu differ; move one with to()");
  const Tensor channels = random_tensor({2}, DType::float32, 4);
  const Tensor groups = there.reshape({1, 16, 2});
  const ops::NormStatistics statistics = ops::norm_statistics(groups, 1e-5);
  const std::function<void()> mixtures[] = {
      [&] { ops::where(here, there, there); },
      [&] { ops::where(there, there, here); },
      [&] { ops::matmul(matrix, on_cuda(matrix)); },
      [&] {
        ops::concat({there, here}, 0);
      },
      [&] { ops::conv2d(there, w, window); },
      [&] {
        ops::conv2d(there, on_cuda(w), window, {.bias = random_tensor({3}, DType::float32, 5)});
      },
      [&] { ops::conv2d_input_grad(there, on_cuda(w), window, 6, 6); },
      [&] { ops::conv2d_weight_grad(there, here, window); },
      [&] { ops::norm_apply(groups, statistics, channels, on_cuda(channels), false); },
      [&] {
        ops::norm_apply(here.reshape({1, 16, 2}), statistics, channels, channels, false);
      },
      [&] { ops::max_pool2d_gather(there, here); },
  };
  for (const auto& mixture : mixtures) CHECK_THROWS_AS(mixture(), Error);
}

TEST_CASE("wrong shapes and dtypes get the sentences that they get on the CPU") {
  const Tensor x = on_cuda(random_tensor({2, 3}, DType::float32, 1));
  const Tensor wide = on_cuda(random_tensor({2, 3}, DType::float64, 1));
  CHECK(sentence_of<ShapeError>([&] {
          ops::add(x, on_cuda(Tensor::zeros({2, 4})));
        }) == "add: shapes [2, 3] and [2, 4] do not broadcast: axis -1 has 3 against 4");
  CHECK(sentence_of<Error>([&] { ops::add(x, wide); }) ==
        "add: dtypes float32 and float64 differ; convert one with to()");
  CHECK_THROWS_AS(ops::matmul(x, x), ShapeError);
  CHECK_THROWS_AS(x.data<double>(), Error);
}
