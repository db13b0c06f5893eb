#include "glcic/picture_metrics.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace kintsugi {
namespace {

void check_comparable(const char* op, const Tensor& a, const Tensor& b, const Tensor& mask) {
  check_shape(a.rank() == 3 && a.shape() == b.shape() && mask.shape() == a.shape().with(2, 1),
              "{}: pictures {} and {} and mask {} do not fit together", op, a.shape(), b.shape(),
              mask.shape());
}

/// Sums of |a − b| and (a − b)² over values, and how many there were.
struct Differences {
  double absolute = 0.0, squares = 0.0, count = 0.0;

  void add(double difference) {
    absolute += std::abs(difference);
    squares += difference * difference;
    count += 1.0;
  }
  double l1() const { return absolute / count; }
  double l2() const { return squares / count; }
  double psnr() const {
    constexpr double kLeast = 1e-10;  // 100 dB
    return -10.0 * std::log10(std::max(l2(), kLeast));
  }
};

struct HoleAndPicture {
  Differences hole, picture;
};

HoleAndPicture differences(const char* op, const Tensor& a, const Tensor& b, const Tensor& mask) {
  check_comparable(op, a, b, mask);
  const Tensor x = a.to(DType::float64), y = b.to(DType::float64), m = mask.to(DType::float64);
  const double *left = x.data<double>(), *right = y.data<double>(), *hole = m.data<double>();
  const int64_t pixels = m.numel(), channels = a.size(2);
  HoleAndPicture sums;
  for (int64_t i = 0; i < pixels; ++i)
    for (int64_t k = i * channels; k < (i + 1) * channels; ++k) {
      const double difference = left[k] - right[k];
      sums.picture.add(difference);
      if (hole[i] != 0.0) sums.hole.add(difference);
    }
  check(sums.hole.count > 0.0, "{}: the mask is empty", op);
  return sums;
}

/// A mean of numbers that come one by one.
struct Mean {
  double sum = 0.0, count = 0.0;

  void add(double value) {
    sum += value;
    count += 1.0;
  }
  double value() const { return sum / count; }
};

struct Similarity {
  double hole, picture;
};

Similarity mean_similarity(const Tensor& a, const Tensor& b, const Tensor& mask) {
  const int64_t height = a.size(0), width = a.size(1), border = kSsimWindow / 2;
  if (std::min(height, width) < kSsimWindow) return {std::nan(""), std::nan("")};
  const Tensor similarity = ssim_map(a, b), m = mask.to(DType::float64);
  const double *map = similarity.data<double>(), *hole = m.data<double>();
  Mean in_hole, inside;
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const double value = map[y * width + x];
      if (hole[y * width + x] != 0.0) in_hole.add(value);
      if (y >= border && y < height - border && x >= border && x < width - border)
        inside.add(value);
    }
  return {in_hole.value(), inside.value()};
}

}  // namespace

const FigureInfo& figure_info(Figure figure) {
  const std::string hole = "over the hole's pixels", picture = "over the picture";
  const std::string l1 = "mean absolute error ", l2 = "mean squared error ",
                    psnr = "10 log10(1 / L2), at most 100, with L2 ",
                    ssim =
                        "mean of the SSIM map (Wang et al. 2004: Gaussian window 11 x 11, σ "
                        "1.5, K1 0.01, K2 0.03, by channel) ";
  static const PerFigure<FigureInfo> infos = [&] {
    PerFigure<FigureInfo> all;
    all[Figure::hole_l1] = {"hole_l1", "hole L1", l1 + hole, 4};
    all[Figure::hole_l2] = {"hole_l2", "hole L2", l2 + hole, 4};
    all[Figure::hole_psnr] = {"hole_psnr_db", "hole PSNR, dB", psnr + hole, 2};
    all[Figure::hole_ssim] = {"hole_ssim", "hole SSIM", ssim + hole, 4};
    all[Figure::picture_l1] = {"picture_l1", "picture L1", l1 + picture, 4};
    all[Figure::picture_l2] = {"picture_l2", "picture L2", l2 + picture, 4};
    all[Figure::picture_psnr] = {"picture_psnr_db", "picture PSNR, dB", psnr + picture, 2};
    all[Figure::picture_ssim] = {"picture_ssim", "picture SSIM",
                                 ssim + picture + " but 5 pixels along its border", 4};
    return all;
  }();
  return infos[figure];
}

Figures measure(const Tensor& completed, const Tensor& original, const Tensor& mask) {
  const HoleAndPicture sums = differences("measure", completed, original, mask);
  const Similarity similarity = mean_similarity(completed, original, mask);
  Figures figures;
  figures[Figure::hole_l1] = sums.hole.l1();
  figures[Figure::hole_l2] = sums.hole.l2();
  figures[Figure::hole_psnr] = sums.hole.psnr();
  figures[Figure::hole_ssim] = similarity.hole;
  figures[Figure::picture_l1] = sums.picture.l1();
  figures[Figure::picture_l2] = sums.picture.l2();
  figures[Figure::picture_psnr] = sums.picture.psnr();
  figures[Figure::picture_ssim] = similarity.picture;
  return figures;
}

double hole_psnr(const Tensor& a, const Tensor& b, const Tensor& mask) {
  return differences("hole_psnr", a, b, mask).hole.psnr();
}

double hole_l1(const Tensor& a, const Tensor& b, const Tensor& mask) {
  return differences("hole_l1", a, b, mask).hole.l1();
}

}  // namespace kintsugi
