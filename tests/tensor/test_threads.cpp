#include <doctest/doctest.h>

#include <functional>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

struct Computation {
  const char* name;
  std::function<std::vector<Tensor>()> run;
};

/// Every family of kernels, on inputs large enough for several pieces.
std::vector<Computation> computations(DType dtype) {
  const Tensor x = random({3, 61, 67, 20}, dtype, 1), y = random({3, 61, 67, 20}, dtype, 2);
  const Tensor column = random({3, 61, 67, 1}, dtype, 3), row = random({20}, dtype, 4);
  const Tensor rows = x.reshape({1, -1, 20}), dy = y.reshape({1, -1, 20});
  const Tensor weight = random({3, 3, 20, 17}, dtype, 5);
  const Window window{.kernel_h = 3, .kernel_w = 3, .stride = 2, .padding = 1};
  const TensorOptions options{dtype, test_device()};
  return {
      {"unary",
       [=] {
         return std::vector{ops::exp(x), ops::tanh(x), ops::relu(x)};
       }},
      {"binary",
       [=] {
         return std::vector{ops::add(x, y), ops::multiply(x, row), ops::divide(x, column)};
       }},
      {"where", [=] { return std::vector{ops::where(ops::relu(x), x, y)}; }},
      {"sum",
       [=] {
         return std::vector{ops::sum(x), ops::sum(x, {0, 1, 2}), ops::sum(x, {3}), ops::sum(x, {0}),
                            ops::max(x, {1, 2})};
       }},
      {"softmax",
       [=] {
         return std::vector{ops::softmax(x), ops::log_softmax(x)};
       }},
      {"loss",
       [=] {
         const LossInput in{.x = x, .targets = y};
         return std::vector{ops::loss("loss", LossTerm::bce_with_logits, in),
                            ops::loss_grad("loss", LossTerm::bce_with_logits, in, ops::sum(row))};
       }},
      {"matmul",
       [=] {
         const Tensor a = x.reshape({-1, 20});
         return std::vector{ops::matmul(a, a, {.transpose_a = true}),
                            ops::matmul(a, ops::slice(a, 0, 0, 50), {.transpose_b = true})};
       }},
      {"convolution",
       [=] {
         const Tensor z = ops::conv2d(x, weight, window);
         return std::vector{z, ops::conv2d_input_grad(z, weight, window, 61, 67),
                            ops::conv2d_weight_grad(x, z, window)};
       }},
      {"normalisation",
       [=] {
         const ops::NormStatistics s = ops::norm_statistics(rows, 1e-5);
         const Tensor z = ops::norm_apply(rows, s, row, row, true);
         const Tensor sums = ops::norm_grad_sums(dy, rows, s, z);
         return std::vector{s.mean, s.variance, s.rstd,
                            z,      sums,       ops::norm_grad_input(dy, rows, s, row, sums, z)};
       }},
      {"pooling",
       [=] {
         const ops::MaxPool max = ops::max_pool2d(x, window);
         return std::vector{max.y, max.index, ops::max_pool2d_grad(max.y, max.index, 61, 67),
                            ops::avg_pool2d(x, window),
                            ops::avg_pool2d_grad(max.y, window, 61, 67)};
       }},
      {"resize",
       [=] {
         return std::vector{ops::resize2d(x, 90, 40, Interpolation::bilinear),
                            ops::resize2d_grad(x, 90, 40, Interpolation::bilinear)};
       }},
      {"copies",
       [=] {
         return std::vector{ops::permute(x, {3, 1, 0, 2}), ops::flip(x, 2)};
       }},
      {"random",
       [=] {
         Generator generator{.seed = 8};
         return std::vector{uniform({100001}, 0, 1, generator, options),
                            normal({100001}, 0, 1, generator, options)};
       }},
      {"optimisers",
       [=] {
         Tensor w = x.clone(), a = Tensor::zeros(x.shape(), options), b = a.clone();
         const ParameterStep parameter{.weight = w, .grad = y, .slots = {a, b}};
         backend(test_device()).adadelta_step({&parameter, 1}, 1, 0.9, 1e-6, 0);
         return std::vector{w, a, b};
       }},
  };
}

}  // namespace

TEST_CASE("every kernel gives the same bits for one, two and three threads") {
  const int threads_before = num_threads();
  for (DType dtype : kDTypes)
    for (const Computation& computation : computations(dtype)) {
      CAPTURE(computation.name);
      set_num_threads(1);
      const std::vector<Tensor> expected = computation.run();
      for (int threads : {2, 3}) {
        set_num_threads(threads);
        CHECK(num_threads() == threads);
        const std::vector<Tensor> got = computation.run();
        for (size_t i = 0; i < got.size(); ++i) {
          CAPTURE(i);
          CHECK(same_bits(got[i], expected[i]));
        }
      }
    }
  set_num_threads(threads_before);
}

TEST_CASE("a number of threads below one is refused") {
  CHECK(sentence_of<Error>([] { set_num_threads(0); }) ==
        "set_num_threads: 0 is not a number of threads; it takes at least 1");
}
