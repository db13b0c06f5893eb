#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "glcic/picture_metrics.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr int64_t kRadius = kSsimWindow / 2;
constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;

/// The Gaussian in one dimension; its product with itself is the window.
std::array<double, kSsimWindow> gaussian() {
  constexpr double kSigma = 1.5;
  std::array<double, kSsimWindow> weights;
  double sum = 0.0;
  for (int64_t t = 0; t < kSsimWindow; ++t) {
    const double distance = static_cast<double>(t - kRadius) / kSigma;
    sum += weights[static_cast<size_t>(t)] = std::exp(-0.5 * distance * distance);
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// −1 is 0, −2 is 1, …; n is n − 1, n + 1 is n − 2, …
int64_t mirrored(int64_t i, int64_t n) { return i < 0 ? -1 - i : i < n ? i : 2 * n - 1 - i; }

/// Two pictures [H, W, C], and the moments of their windows, row by row.
class WindowMoments {
 public:
  WindowMoments(const double* a, const double* b, int64_t height, int64_t width, int64_t channels)
      : a_(a), b_(b), height_(height), width_(width), channels_(channels) {
    for (auto& row : down_) row.resize(static_cast<size_t>((width + 2 * kRadius) * channels));
    for (auto& row : moments_) row.resize(static_cast<size_t>(width * channels));
  }

  /// For each pixel and channel of row y, the weighted means of a, b, a² + b² and a·b.
  const std::array<std::vector<double>, 4>& of_row(int64_t y) {
    filter_down(y);
    for (size_t m = 0; m < down_.size(); ++m) {
      mirror_ends(down_[m]);
      filter_across(down_[m], moments_[m]);
    }
    return moments_;
  }

 private:
  void filter_down(int64_t y) {
    std::array<double*, 4> to;
    for (size_t m = 0; m < to.size(); ++m) {
      std::fill(down_[m].begin(), down_[m].end(), 0.0);
      to[m] = down_[m].data() + kRadius * channels_;
    }
    const int64_t length = width_ * channels_;
    for (int64_t t = 0; t < kSsimWindow; ++t) {
      const int64_t row = mirrored(y + t - kRadius, height_);
      const double weight = weights_[static_cast<size_t>(t)];
      const double *a = a_ + row * length, *b = b_ + row * length;
#pragma omp simd
      for (int64_t k = 0; k < length; ++k) {
        to[0][k] += weight * a[k];
        to[1][k] += weight * b[k];
        to[2][k] += weight * (a[k] * a[k] + b[k] * b[k]);
        to[3][k] += weight * (a[k] * b[k]);
      }
    }
  }

  void mirror_ends(std::vector<double>& row) const {
    const auto pixel = [&](int64_t x) { return row.begin() + (x + kRadius) * channels_; };
    for (int64_t x = -kRadius; x < 0; ++x) {
      const int64_t right = width_ - 1 - x;
      std::copy_n(pixel(mirrored(x, width_)), channels_, pixel(x));
      std::copy_n(pixel(mirrored(right, width_)), channels_, pixel(right));
    }
  }

  void filter_across(const std::vector<double>& row, std::vector<double>& result) const {
    const double* from = row.data();
    double* to = result.data();
    const auto length = static_cast<int64_t>(result.size());
    std::fill(result.begin(), result.end(), 0.0);
    for (int64_t t = 0; t < kSsimWindow; ++t) {
      const double weight = weights_[static_cast<size_t>(t)];
#pragma omp simd
      for (int64_t k = 0; k < length; ++k) to[k] += weight * from[k + t * channels_];
    }
  }

  const double *a_, *b_;
  int64_t height_, width_, channels_;
  std::array<double, kSsimWindow> weights_ = gaussian();
  std::array<std::vector<double>, 4> down_;     // (W + 10)·C each: filtered along y alone
  std::array<std::vector<double>, 4> moments_;  // W·C each
};

}  // namespace

Tensor ssim_map(const Tensor& a, const Tensor& b) {
  check_shape(a.rank() == 3 && a.shape() == b.shape(),
              "ssim_map: pictures {} and {} do not fit together", a.shape(), b.shape());
  const int64_t height = a.size(0), width = a.size(1), channels = a.size(2);
  check_shape(std::min(height, width) >= kSsimWindow && channels > 0,
              "ssim_map: pictures {} are smaller than its window, {} x {}", a.shape(), kSsimWindow,
              kSsimWindow);
  const Tensor x = a.to(DType::float64), y = b.to(DType::float64);
  WindowMoments windows(x.data<double>(), y.data<double>(), height, width, channels);
  const Tensor map = Tensor::empty({height, width}, {.dtype = DType::float64});
  double* similarity = map.data<double>();
  for (int64_t row = 0; row < height; ++row) {
    const auto& moments = windows.of_row(row);
    for (int64_t column = 0; column < width; ++column) {
      double sum = 0.0;
      for (int64_t c = 0; c < channels; ++c) {
        const auto k = static_cast<size_t>(column * channels + c);
        const double mean_a = moments[0][k], mean_b = moments[1][k];
        const double product = mean_a * mean_b, squares = mean_a * mean_a + mean_b * mean_b;
        sum += (2.0 * product + kC1) * (2.0 * (moments[3][k] - product) + kC2) /
               ((squares + kC1) * (moments[2][k] - squares + kC2));
      }
      *similarity++ = sum / static_cast<double>(channels);
    }
  }
  return map;
}

}  // namespace kintsugi
