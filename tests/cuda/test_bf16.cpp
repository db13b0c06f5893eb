// Kernels that take bfloat16: stored in 16 bits, computed and summed up in float32, rounded once.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "cuda/conv_rungs.h"
#include "cuda/conv_scratch.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/cuda/bfloat16.h"
#include "tests/tensor/conv_algorithm_guard.h"

using namespace kintsugi;

namespace {

struct ConvCase {
  Shape x, w;
  Window window;
};

const ConvCase kConvCases[] = {
    {{2, 9, 7, 4}, {5, 5, 4, 8}, {5, 5, 1, 2, 1}},     // four channels, 8 bytes
    {{1, 6, 6, 8}, {4, 4, 8, 16}, {4, 4, 2, 1, 1}},    // backwards: a deconvolution
    {{1, 7, 8, 16}, {3, 3, 16, 72}, {3, 3, 1, 4, 4}},  // dilated, blocks of 128 × 128
    {{2, 5, 5, 3}, {3, 3, 3, 5}, {3, 3, 2, 1, 1}},     // channels that no access joins
    {{1, 4, 5, 8}, {1, 1, 8, 3}, {1, 1, 1, 0, 1}},     // a matrix product
    {{0, 4, 4, 8}, {3, 3, 8, 8}, {3, 3, 1, 1, 1}},     // an empty batch
};

}  // namespace

// ---- moving and casting -------------------------------------------------------------------------

TEST_CASE("a cast to bfloat16 takes the nearest number, of two the even, on both devices") {
  // In [1, 2) bfloat16 counts in steps of 2⁻⁷; float32's largest number is nearer to infinity.
  const double step = 1.0 / 128, half = step / 2, bit = std::ldexp(1, -20);
  const double huge = std::ldexp(1.5, 127), largest = std::numeric_limits<float>::max();
  const std::vector<double> numbers{
      1 + half, 1 + 3 * half, 1 + half + bit, 1 + 3 * half - bit, -1 - half,
      0,        huge,         largest,        -INFINITY};
  const std::vector<double> wanted{1, 1 + 2 * step, 1 + step, 1 + step, -1,
                                   0, huge,         INFINITY, -INFINITY};
  for (const DType dtype : {DType::float32, DType::float64})
    for (const Device device : {Device::cpu, Device::cuda}) {
      const TensorOptions options{.dtype = dtype, .device = device};
      const Tensor y = Tensor::from(numbers, {9}, options).to(DType::bfloat16);
      CHECK(y.bytes() == 18);
      CHECK(y.to_vector() == wanted);
      const Tensor nan = Tensor::full({1}, NAN, options);
      CHECK(std::isnan(nan.to(DType::bfloat16).item()));
    }
}

TEST_CASE("bfloat16 tensors are filled, copied, moved and read on both devices") {
  for (const Device device : {Device::cpu, Device::cuda}) {
    const TensorOptions options{.dtype = DType::bfloat16, .device = device};
    CHECK(Tensor::full({3}, -2.5, options).to_vector() == std::vector<double>{-2.5, -2.5, -2.5});
    const Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3}, options);
    CHECK(x.dtype() == DType::bfloat16);
    CHECK(x.clone().to_vector() == x.to_vector());
    CHECK(x.to(Device::cpu).to(Device::cuda).to_vector() == x.to_vector());
    CHECK(x.to(DType::float64).to_vector() == x.to_vector());
    CHECK(ops::transpose(x).to_vector() == std::vector<double>{1, 4, 2, 5, 3, 6});
    CHECK(ops::slice(x, 1, 1, 2).to_vector() == std::vector<double>{2, 3, 5, 6});
    CHECK(Tensor::zeros({0}, options).to_vector().empty());
  }
}

TEST_CASE("what does not compute in bfloat16 says so") {
  const Tensor x = Tensor::zeros({2, 2}, kBfloat16OnCuda);
  CHECK_THROWS_WITH_AS(ops::exp(x), doctest::Contains("cast to float32 first"), Error);
  CHECK_THROWS_WITH_AS(ops::relu(x.to(Device::cpu)), doctest::Contains("cast to float32 first"),
                       Error);
  CHECK_THROWS_WITH_AS(
      ops::conv2d(Tensor::zeros({1, 2, 2, 1}, kBfloat16OnCuda),
                  Tensor::zeros({1, 1, 1, 1}, kBfloat16OnCuda), {},
                  {.bias = Tensor::zeros({1}, kBfloat16OnCuda)}),
      "conv2d: beside a bfloat16 map, what there is one of a channel must be float32, not bfloat16",
      Error);
}

// ---- kernels ------------------------------------------------------------------------------------

TEST_CASE("what stands between layers computes in bfloat16") {
  const Tensor a = rounded_random({5, 7, 8}, 1), b = rounded_random({7, 8}, 2),
               c = rounded_random({5, 7, 8}, 3);
  check_rounded(ops::relu(halved(a)), ops::relu(a));
  check_rounded(ops::leaky_relu(halved(a), 0.1), ops::leaky_relu(a, 0.1));
  check_rounded(ops::add(halved(a), halved(b)), ops::add(a, b));
  check_rounded(ops::add(halved(a), halved(c)), ops::add(a, c));
  check_rounded(ops::relu_grad(halved(a), halved(c)), ops::relu_grad(a, c));
  check_rounded(ops::leaky_relu_grad(halved(a), halved(c), 0.1), ops::leaky_relu_grad(a, c, 0.1));
}

TEST_CASE("sums of many bfloat16 numbers are made in float32, and rounded once") {
  const Tensor ones = Tensor::full({4000, 3}, 1);  // bfloat16 would stay at 256
  CHECK(ops::sum(halved(ones), {0}).to_vector() == std::vector<double>{4000, 4000, 4000});
  const Tensor x = rounded_random({40, 9, 5}, 1);
  check_rounded(ops::sum(halved(x), {1}), ops::sum(x, {1}));
}

TEST_CASE("a matrix product of bfloat16 numbers, transposed or not, is rounded once") {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true}) {
      const Tensor a = rounded_random(transpose_a ? Shape{2, 300, 9} : Shape{2, 9, 300}, 1);
      const Tensor b = rounded_random(transpose_b ? Shape{2, 7, 300} : Shape{2, 300, 7}, 2);
      check_rounded(ops::matmul(halved(a), halved(b), {transpose_a, transpose_b}),
                    ops::matmul(a, b, {transpose_a, transpose_b}));
    }
}

TEST_CASE("bfloat16 convolutions by each rung that knows them, all three passes") {
  for (const ConvAlgorithm rung :
       {ConvAlgorithm::naive, ConvAlgorithm::patches, ConvAlgorithm::implicit}) {
    const ConvAlgorithmGuard guard(rung);
    CAPTURE(to_string(rung));
    // Patches rounds products before bias or taps are added, too.
    const double tolerance = rung == ConvAlgorithm::patches ? 2 * kRounding : kRounding;
    for (const ConvCase& c : kConvCases) {
      CAPTURE(c.x.str());
      const Tensor x = rounded_random(c.x, 1), w = rounded_random(c.w, 2);
      const Tensor bias_y = random_tensor({c.w[3]}, DType::float32, 3);
      const Tensor bias_x = random_tensor({c.w[2]}, DType::float32, 4);
      const Tensor y = ops::conv2d(x, w, c.window, {bias_y, true});
      check_rounded(ops::conv2d(halved(x), halved(w), c.window, {on_cuda(bias_y), true}), y,
                    tolerance);
      const Tensor dy = rounded_random(y.shape(), 5);
      check_rounded(ops::conv2d_input_grad(halved(dy), halved(w), c.window, c.x[1], c.x[2],
                                           {on_cuda(bias_x), true}),
                    ops::conv2d_input_grad(dy, w, c.window, c.x[1], c.x[2], {bias_x, true}),
                    tolerance);
      check_rounded(ops::conv2d_weight_grad(halved(x), halved(dy), c.window),
                    ops::conv2d_weight_grad(x, dy, c.window), tolerance);
    }
  }
}

TEST_CASE("a weight gradient of many pixels is summed up in float32, parts of it, too") {
  // 2000 products of 1 for each weight; bfloat16 would stay at 256.
  const Tensor x = halved(Tensor::full({5, 22, 22, 8}, 1));
  const Tensor dy = halved(Tensor::full({5, 20, 20, 8}, 1));
  const int64_t scratch = cuda::conv_scratch_bytes();
  cuda::set_conv_scratch_bytes(1 << 16);  // so that patches come in several blocks
  for (const ConvAlgorithm rung :
       {ConvAlgorithm::naive, ConvAlgorithm::patches, ConvAlgorithm::implicit}) {
    const ConvAlgorithmGuard guard(rung);
    const Tensor dw = ops::conv2d_weight_grad(x, dy, {3, 3});
    CHECK(dw.to_vector() == std::vector<double>(3 * 3 * 8 * 8, 2000));
  }
  cuda::set_conv_scratch_bytes(scratch);
}

TEST_CASE("Winograd's transforms refuse bfloat16") {
  CHECK_FALSE(cuda::winograd::can_run({3, 3, 1, 1, 1}, DType::bfloat16));
}

TEST_CASE("normalisation of bfloat16 maps has float32 statistics, and rounds maps once") {
  for (const Shape& shape : {Shape{1, 60, 16}, Shape{3, 20, 5}}) {
    const Tensor x = rounded_random(shape, 1), dy = rounded_random(shape, 2);
    const Tensor gamma = random_tensor({shape[2]}, DType::float32, 3);
    const Tensor beta = random_tensor({shape[2]}, DType::float32, 4);
    const ops::NormStatistics expected = ops::norm_statistics(x, 1e-5);
    const ops::NormStatistics got = ops::norm_statistics(halved(x), 1e-5);
    check_close(got.mean, expected.mean);
    check_close(got.variance, expected.variance);
    check_close(got.rstd, expected.rstd);
    const Tensor device_gamma = on_cuda(gamma), device_beta = on_cuda(beta);
    for (const bool relu : {false, true}) {
      const Tensor y = ops::norm_apply(x, expected, gamma, beta, relu);
      const Tensor device_y = ops::norm_apply(halved(x), got, device_gamma, device_beta, relu);
      check_rounded(device_y, y);
      const Tensor mask = relu ? y : Tensor(), device_mask = relu ? device_y : Tensor();
      const Tensor sums = ops::norm_grad_sums(dy, x, expected, mask);
      const Tensor device_sums = ops::norm_grad_sums(halved(dy), halved(x), got, device_mask);
      check_close(device_sums, sums);
      check_rounded(
          ops::norm_grad_input(halved(dy), halved(x), got, device_gamma, device_sums, device_mask),
          ops::norm_grad_input(dy, x, expected, gamma, sums, mask));
    }
  }
}
