#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"
#include "tests/device.h"

using namespace kintsugi;

namespace {

/// A convolution's sizes, and the formula itself: seven loops over
///   y[n, oy, ox, o] += x[n, oy·stride + i·dilation − padding, ox·stride + …, c] · w[i, j, c, o].
struct Convolution {
  int64_t batch, height, width, in, out;
  Window window;

  int64_t output(int64_t size, int64_t kernel) const {
    const int64_t room = size + 2 * window.padding - window.dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / window.stride + 1;
  }
  Shape x() const { return {batch, height, width, in}; }
  Shape w() const { return {window.kernel_h, window.kernel_w, in, out}; }
  Shape y() const {
    return {batch, output(height, window.kernel_h), output(width, window.kernel_w), out};
  }

  /// Calls term(index into x, index into w, index into y) for every product in the sum.
  template <class Term>
  void for_each_term(Term&& term) const {
    const int64_t rows = y()[1], columns = y()[2];
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t oy = 0; oy < rows; ++oy)
        for (int64_t ox = 0; ox < columns; ++ox)
          for (int64_t i = 0; i < window.kernel_h; ++i)
            for (int64_t j = 0; j < window.kernel_w; ++j) {
              const int64_t sy = oy * window.stride + i * window.dilation - window.padding;
              const int64_t sx = ox * window.stride + j * window.dilation - window.padding;
              if (sy < 0 || sy >= height || sx < 0 || sx >= width) continue;
              for (int64_t c = 0; c < in; ++c)
                for (int64_t o = 0; o < out; ++o)
                  term(((n * height + sy) * width + sx) * in + c,
                       ((i * window.kernel_w + j) * in + c) * out + o,
                       ((n * rows + oy) * columns + ox) * out + o);
            }
  }
};

using Numbers = std::vector<double>;

/// The largest |a − b|, relative to the largest |b| or 1.
double difference(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0, scale = 1;
  for (size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::isnan(a[i]) ? INFINITY : std::abs(a[i] - b[i]));
    scale = std::max(scale, std::abs(b[i]));
  }
  return worst / scale;
}

double inner_product(const Tensor& a, const Tensor& b) {
  const Numbers x = a.to_vector(), y = b.to_vector();
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

/// The worst difference of conv2d and its two gradients from the seven loops.
double difference_from_loops(const Convolution& conv, DType dtype, uint64_t seed) {
  Generator generator{.seed = seed};
  const Tensor x = uniform(conv.x(), -1, 1, generator, {.dtype = dtype, .device = test_device()});
  const Tensor w = uniform(conv.w(), -1, 1, generator, {.dtype = dtype, .device = test_device()});
  const Tensor dy = uniform(conv.y(), -1, 1, generator, {.dtype = dtype, .device = test_device()});
  const Numbers xs = x.to_vector(), ws = w.to_vector(), dys = dy.to_vector();
  Numbers y(dys.size()), dx(xs.size()), dw(ws.size());
  conv.for_each_term([&](int64_t ix, int64_t iw, int64_t iy) {
    const auto a = static_cast<size_t>(ix), b = static_cast<size_t>(iw),
               c = static_cast<size_t>(iy);
    y[c] += xs[a] * ws[b];
    dx[a] += dys[c] * ws[b];
    dw[b] += dys[c] * xs[a];
  });
  const Window& window = conv.window;
  return std::max(
      {difference(ops::conv2d(x, w, window).to_vector(), y),
       difference(ops::conv2d_input_grad(dy, w, window, conv.height, conv.width).to_vector(), dx),
       difference(ops::conv2d_weight_grad(x, dy, window).to_vector(), dw)});
}

Convolution arbitrary_convolution() {
  auto between = [](int64_t low, int64_t high) { return *rc::gen::inRange(low, high + 1); };
  const int64_t channels = between(0, 4) == 0 ? 40 : 6;
  Convolution conv{between(1, 3),        between(1, 11),       between(1, 11),
                   between(1, channels), between(1, channels), {}};
  conv.window = {between(1, 5), between(1, 5), between(1, 3), between(0, 4), between(1, 4)};
  const Shape y = conv.y();
  RC_PRE(y[1] > 0 && y[2] > 0);
  return conv;
}

/// Sizes at which work is cut into blocks: many pixels, deep sums, many channels; layers of GLCIC.
const std::vector<Convolution> kBlockedConvolutions = {
    {2, 21, 19, 40, 70, {3, 3, 1, 1, 1}},  {1, 40, 33, 4, 33, {5, 5, 1, 2, 1}},
    {3, 17, 18, 24, 48, {4, 4, 2, 1, 1}},  {1, 20, 24, 36, 32, {3, 3, 1, 4, 4}},
    {4, 4, 4, 96, 300, {5, 5, 1, 2, 1}},   {2, 16, 16, 70, 130, {5, 5, 2, 2, 1}},
    {1, 30, 30, 300, 20, {1, 1, 1, 0, 1}}, {2, 40, 41, 32, 3, {3, 3, 1, 1, 1}},
    {16, 2, 2, 130, 64, {4, 4, 2, 1, 1}},
};

}  // namespace

TEST_CASE("conv2d and its gradients equal the seven loops for any sizes, in float64") {
  CHECK(rc::check([] {
    const Convolution conv = arbitrary_convolution();
    const double worst = difference_from_loops(conv, DType::float64, 1);
    RC_LOG() << conv.x().str() << " " << conv.w().str() << " stride " << conv.window.stride
             << " padding " << conv.window.padding << " dilation " << conv.window.dilation;
    RC_ASSERT(worst < 1e-12);
  }));
}

TEST_CASE("conv2d and its gradients equal the seven loops for any sizes, in float32") {
  CHECK(rc::check([] {
    const Convolution conv = arbitrary_convolution();
    RC_ASSERT(difference_from_loops(conv, DType::float32, 2) < 1e-5);
  }));
}

TEST_CASE("conv2d and its gradients equal the seven loops where work is cut into blocks") {
  for (const Convolution& conv : kBlockedConvolutions) {
    CAPTURE(conv.x().str());
    CAPTURE(conv.w().str());
    CHECK(difference_from_loops(conv, DType::float64, 3) < 1e-12);
    CHECK(difference_from_loops(conv, DType::float32, 4) < 1e-5);
  }
}

TEST_CASE("the gradients of conv2d are its adjoints") {
  for (const Convolution& conv : kBlockedConvolutions) {
    CAPTURE(conv.x().str());
    CAPTURE(conv.w().str());
    Generator generator{.seed = 5};
    const TensorOptions options{.dtype = DType::float64, .device = test_device()};
    const Tensor x = uniform(conv.x(), -1, 1, generator, options);
    const Tensor w = uniform(conv.w(), -1, 1, generator, options);
    const Tensor y = uniform(conv.y(), -1, 1, generator, options);
    const Window& window = conv.window;
    const double expected = inner_product(ops::conv2d(x, w, window), y);
    const Tensor dx = ops::conv2d_input_grad(y, w, window, conv.height, conv.width);
    CHECK(inner_product(x, dx) == doctest::Approx(expected).epsilon(1e-11));
    CHECK(inner_product(w, ops::conv2d_weight_grad(x, y, window)) ==
          doctest::Approx(expected).epsilon(1e-11));
  }
}

TEST_CASE("the convolution family gives the same bits for 1, 2 and 3 threads") {
  const int threads = num_threads();
  for (const Convolution& conv : kBlockedConvolutions) {
    CAPTURE(conv.x().str());
    CAPTURE(conv.w().str());
    Generator generator{.seed = 6};
    const Tensor x = uniform(conv.x(), -1, 1, generator);
    const Tensor w = uniform(conv.w(), -1, 1, generator);
    const Tensor dy = uniform(conv.y(), -1, 1, generator);
    std::vector<Numbers> forward, input, weight;
    for (const int count : {1, 2, 3}) {
      set_num_threads(count);
      forward.push_back(ops::conv2d(x, w, conv.window).to_vector());
      input.push_back(
          ops::conv2d_input_grad(dy, w, conv.window, conv.height, conv.width).to_vector());
      weight.push_back(ops::conv2d_weight_grad(x, dy, conv.window).to_vector());
    }
    for (const size_t other : {1, 2}) {
      CHECK(forward[0] == forward[other]);
      CHECK(input[0] == input[other]);
      CHECK(weight[0] == weight[other]);
    }
  }
  set_num_threads(threads);
}

TEST_CASE("the epilogue of a convolution equals adding the bias and clamping at zero afterwards") {
  for (const Convolution& conv : kBlockedConvolutions) {
    CAPTURE(conv.x().str());
    CAPTURE(conv.w().str());
    const TensorOptions options{.device = test_device()};
    Generator generator{.seed = 7};
    const Tensor x = uniform(conv.x(), -1, 1, generator, options);
    const Tensor w = uniform(conv.w(), -1, 1, generator, options);
    const Tensor dy = uniform(conv.y(), -1, 1, generator, options);
    const Tensor bias_y = uniform({conv.out}, -1, 1, generator, options);
    const Tensor bias_x = uniform({conv.in}, -1, 1, generator, options);
    for (const bool relu : {false, true}) {
      auto after = [&](const Tensor& y, const Tensor& bias) {
        const Tensor sum = ops::add(y, bias);
        return (relu ? ops::relu(sum) : sum).to_vector();
      };
      const Window& window = conv.window;
      CHECK(difference(ops::conv2d(x, w, window, {bias_y, relu}).to_vector(),
                       after(ops::conv2d(x, w, window), bias_y)) < 1e-6);
      auto transposed = [&](const Epilogue& epilogue) {
        return ops::conv2d_input_grad(dy, w, window, conv.height, conv.width, epilogue);
      };
      CHECK(difference(transposed({bias_x, relu}).to_vector(), after(transposed({}), bias_x)) <
            1e-6);
      CHECK(ops::conv2d(x, w, window, {{}, true}).to_vector() ==
            ops::relu(ops::conv2d(x, w, window)).to_vector());
    }
  }
}

TEST_CASE("a convolution of an empty batch is empty, and its weight gradient zero") {
  const TensorOptions options{.device = test_device()};
  const Tensor x = Tensor::zeros({0, 8, 8, 3}, options), w = Tensor::full({3, 3, 3, 5}, 1, options);
  const Window window{3, 3, 2, 1, 1};
  const Tensor y = ops::conv2d(x, w, window);
  CHECK(y.shape() == Shape{0, 4, 4, 5});
  CHECK(ops::conv2d_input_grad(y, w, window, 8, 8).shape() == x.shape());
  CHECK(ops::conv2d_weight_grad(x, y, window).to_vector() == Numbers(3 * 3 * 3 * 5, 0.0));
}

TEST_CASE("input pixels that no tap reaches get the epilogue of zero") {
  const TensorOptions options{.device = test_device()};
  const Tensor dy = Tensor::full({1, 2, 2, 1}, 1, options);
  const Tensor w = Tensor::full({1, 1, 1, 1}, 2, options);
  const Epilogue bias{Tensor::full({1}, 0.5, options), false};
  const Tensor dx = ops::conv2d_input_grad(dy, w, {1, 1, 2, 0, 1}, 4, 3, bias);
  CHECK(dx.to_vector() == Numbers{2.5, 0.5, 2.5, 0.5, 0.5, 0.5, 2.5, 0.5, 2.5, 0.5, 0.5, 0.5});
}
