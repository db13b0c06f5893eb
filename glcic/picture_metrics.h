#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "tensor/tensor.h"

/// How close a completed picture comes to the original. Pictures are [H, W, C] with values in
/// [0, 1], masks [H, W, 1] with 1 = hole; all on the CPU. These functions run on the calling thread
/// alone where others run beside it.
namespace kintsugi {

/// What is measured: four figures, over the hole's pixels alone and over the whole picture.
enum class Figure {
  hole_l1,
  hole_l2,
  hole_psnr,
  hole_ssim,
  picture_l1,
  picture_l2,
  picture_psnr,
  picture_ssim,
};
inline constexpr std::array kFigures{Figure::hole_l1,      Figure::hole_l2,     Figure::hole_psnr,
                                     Figure::hole_ssim,    Figure::picture_l1,  Figure::picture_l2,
                                     Figure::picture_psnr, Figure::picture_ssim};

/// How a figure is called and told.
struct FigureInfo {
  std::string key;      ///< in files: "hole_psnr_db"
  std::string title;    ///< in tables: "hole PSNR, dB"
  std::string meaning;  ///< one phrase
  int decimals = 4;     ///< in tables
};
const FigureInfo& figure_info(Figure figure);

/// A value for each figure.
template <class T>
class PerFigure {
 public:
  T& operator[](Figure figure) { return values_[static_cast<size_t>(figure)]; }
  const T& operator[](Figure figure) const { return values_[static_cast<size_t>(figure)]; }

 private:
  std::array<T, kFigures.size()> values_{};
};
using Figures = PerFigure<double>;

/// All figures of one picture:
///   L1    mean |a − b|
///   L2    mean (a − b)²
///   PSNR  10·log10(1 / L2) in dB, at most 100 dB, for pictures that agree
///   SSIM  mean of ssim_map
/// over the hole's pixels and all channels, then over the whole picture; SSIM over the picture
/// leaves out the 5 pixels along its border, whose windows do not lie inside it, and where a side
/// is under 11 pixels both are NaN. `mask` in any dtype. Throws ShapeError where the shapes
/// disagree, Error for an empty mask.
Figures measure(const Tensor& completed, const Tensor& original, const Tensor& mask);

/// The figures of the hole above, one at a time, for pictures of any size.
double hole_psnr(const Tensor& a, const Tensor& b, const Tensor& mask);
double hole_l1(const Tensor& a, const Tensor& b, const Tensor& mask);

/// The side of SSIM's window in pixels.
inline constexpr int64_t kSsimWindow = 11;

/// Structural similarity (Wang et al., "Image quality assessment: from error visibility to
/// structural similarity", IEEE TIP 2004, eq. 13) at each pixel, averaged over the channels:
///   (2·μa·μb + C1)(2·σab + C2) / ((μa² + μb² + C1)(σa² + σb² + C2)),   C1 = 0.01², C2 = 0.03²,
/// with means, variances and covariance under a Gaussian window of 11 × 11, σ = 1.5; beyond the
/// border the picture is mirrored (… b a | a b …). a, b [H, W, C] → [H, W] float64. The figures are
/// those of scikit-image's structural_similarity with gaussian_weights=True, sigma=1.5,
/// use_sample_covariance=False, data_range=1. Throws ShapeError where the shapes disagree or a side
/// is under 11 pixels.
Tensor ssim_map(const Tensor& a, const Tensor& b);

}  // namespace kintsugi
