#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

struct Case {
  Shape map;
  Window window;
};

/// Windows apart and overlapping, with gaps, padding and dilation, larger than a stride and
/// smaller; channels that fill warps and that do not.
const Case kCases[] = {
    {{2, 8, 8, 32}, {.kernel_h = 2, .kernel_w = 2, .stride = 2}},
    {{1, 9, 7, 5}, {.kernel_h = 3, .kernel_w = 3, .stride = 2, .padding = 1}},
    {{2, 7, 11, 3}, {.kernel_h = 3, .kernel_w = 2}},
    {{1, 12, 10, 1}, {.kernel_h = 2, .kernel_w = 3, .stride = 3, .dilation = 2}},
    {{3, 9, 9, 4}, {.kernel_h = 3, .kernel_w = 3, .stride = 1, .padding = 2, .dilation = 2}},
    {{2, 6, 5, 33}, {.kernel_h = 6, .kernel_w = 5}},
    {{1, 5, 5, 300}, {.kernel_h = 1, .kernel_w = 1, .stride = 2}},
    {{1, 1, 1, 1}, {}},
    {{0, 4, 4, 3}, {.kernel_h = 2, .kernel_w = 2, .stride = 2}},
    {{2, 4, 4, 0}, {.kernel_h = 2, .kernel_w = 2, .stride = 2}},
};

void check_max_pool(const Tensor& x, const Window& window) {
  const ops::MaxPool wanted = ops::max_pool2d(x, window);
  const ops::MaxPool got = ops::max_pool2d(on_cuda(x), window);
  check_same(got.y, wanted.y);
  check_same(got.index, wanted.index);
}

void check_gradients(const Tensor& x, const Window& window) {
  const Tensor index = ops::max_pool2d(x, window).index;
  const Tensor dy = random_tensor(index.shape(), x.dtype(), 7);
  check_close(ops::max_pool2d_grad(on_cuda(dy), on_cuda(index), x.size(1), x.size(2)),
              ops::max_pool2d_grad(dy, index, x.size(1), x.size(2)));
  check_same(ops::max_pool2d_gather(on_cuda(x), on_cuda(index)), ops::max_pool2d_gather(x, index));
  check_close(ops::avg_pool2d(on_cuda(x), window), ops::avg_pool2d(x, window));
  check_close(ops::avg_pool2d_grad(on_cuda(dy), window, x.size(1), x.size(2)),
              ops::avg_pool2d_grad(dy, window, x.size(1), x.size(2)));
}

}  // namespace

TEST_CASE("cuda: pooling and its gradients are the CPU's") {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Case& c : kCases) {
      CAPTURE(c.map.str());
      const Tensor x = random_tensor(c.map, dtype, 1);
      check_max_pool(x, c.window);
      check_gradients(x, c.window);
    }
}

TEST_CASE("cuda: pooling of random maps by random windows is the CPU's") {
  CHECK(rc::check([] {
    const Window window{.kernel_h = *rc::gen::inRange(1, 4),
                        .kernel_w = *rc::gen::inRange(1, 4),
                        .stride = *rc::gen::inRange(1, 4),
                        .padding = *rc::gen::inRange(0, 2),
                        .dilation = *rc::gen::inRange(1, 3)};
    RC_PRE(window.padding < window.kernel_h && window.padding < window.kernel_w);
    const Shape map{*rc::gen::inRange(1, 3), *rc::gen::inRange(5, 9), *rc::gen::inRange(5, 9),
                    *rc::gen::element(1, 3, 21)};
    const Tensor x = random_tensor(map, DType::float64, *rc::gen::inRange<uint64_t>(0, 1000));
    check_max_pool(x, window);
    check_gradients(x, window);
  }));
}

TEST_CASE("cuda: of equal numbers the first is the maximum, and a NaN beats every number") {
  const Window window{.kernel_h = 3, .kernel_w = 3, .stride = 2, .padding = 1};
  check_max_pool(Tensor::zeros({1, 7, 7, 3}), window);
  std::vector<double> values(49, 2);
  values[0] = values[24] = values[25] = std::numeric_limits<double>::quiet_NaN();
  values[48] = -INFINITY;
  check_max_pool(Tensor::from(values, {1, 7, 7, 1}), window);
  check_max_pool(Tensor::full({1, 5, 5, 2}, -INFINITY), window);
}

TEST_CASE("cuda: an element that many outputs chose gets the sum of their gradients, each time") {
  const Tensor index = Tensor::full({2, 9, 9, 3}, 4);
  const Tensor dy = random_tensor(index.shape(), DType::float32, 3);
  const Tensor dx = ops::max_pool2d_grad(on_cuda(dy), on_cuda(index), 3, 3);
  check_close(dx, ops::max_pool2d_grad(dy, index, 3, 3));
  check_same(ops::max_pool2d_grad(on_cuda(dy), on_cuda(index), 3, 3), dx);
}
