#pragma once
#include <array>
#include <initializer_list>
#include <vector>

#include "autograd/variable.h"
#include "tensor/ops.h"

/// Differentiable functions. Shapes, broadcasting and errors are those of the functions of the
/// same name in tensor/ops.h; the file autograd/ops/NAME.cpp has each one's mathematics, its
/// derivative, and the samples that it is checked on.
namespace kintsugi {

// ---- arithmetic, broadcasting: ops/add.cpp, ops/multiply.cpp, ... -----------------------------
Variable add(const Variable& a, const Variable& b);
Variable subtract(const Variable& a, const Variable& b);
Variable multiply(const Variable& a, const Variable& b);
Variable divide(const Variable& a, const Variable& b);
Variable maximum(const Variable& a, const Variable& b);  ///< on ties the gradient goes to a
Variable minimum(const Variable& a, const Variable& b);  ///< on ties the gradient goes to a
/// condition ≠ 0 ? a : b; the condition gets no gradient.
Variable where(const Tensor& condition, const Variable& a, const Variable& b);

inline Variable operator+(const Variable& a, const Variable& b) { return add(a, b); }
inline Variable operator-(const Variable& a, const Variable& b) { return subtract(a, b); }
inline Variable operator*(const Variable& a, const Variable& b) { return multiply(a, b); }
inline Variable operator/(const Variable& a, const Variable& b) { return divide(a, b); }

// ---- elementwise --------------------------------------------------------------------------------
Variable affine(const Variable& x, double scale, double shift);  ///< scale·x + shift
Variable negate(const Variable& x);
Variable exp(const Variable& x);
Variable log(const Variable& x);
Variable sqrt(const Variable& x);
Variable square(const Variable& x);
Variable reciprocal(const Variable& x);
Variable abs(const Variable& x);
Variable tanh(const Variable& x);
Variable sigmoid(const Variable& x);
Variable softplus(const Variable& x);
Variable relu(const Variable& x);
Variable relu_grad(const Variable& dy, const Variable& y);  ///< y > 0 ? dy : 0
Variable leaky_relu(const Variable& x, double slope = 0.01);
Variable leaky_relu_grad(const Variable& dy, const Variable& y, double slope);
Variable clamp(const Variable& x, double low, double high);
Variable cast(const Variable& x, DType dtype);  ///< the nearest numbers of the dtype

inline Variable operator*(double scale, const Variable& x) { return affine(x, scale, 0); }
inline Variable operator+(const Variable& x, double shift) { return affine(x, 1, shift); }
inline Variable operator-(const Variable& x, double shift) { return affine(x, 1, -shift); }
inline Variable operator-(const Variable& x) { return negate(x); }

// ---- reductions ---------------------------------------------------------------------------------
Variable sum(const Variable& x, const std::vector<int>& axes = {}, bool keep_axes = false);
Variable mean(const Variable& x, const std::vector<int>& axes = {}, bool keep_axes = false);
/// Where several elements are the maximum, each gets an equal part of the gradient.
Variable max(const Variable& x, const std::vector<int>& axes = {}, bool keep_axes = false);
Variable sum_to(const Variable& x, const Shape& shape);
Variable softmax(const Variable& x);      ///< over the last axis
Variable log_softmax(const Variable& x);  ///< over the last axis

// ---- losses: means over all elements of w·ℓ(x, t) -----------------------------------------------
// Targets have x's shape; weights too, or one channel [..., 1], or are left out (1). One element.
/// ℓ = (x − t)²
Variable mse_loss(const Variable& x, const Variable& target, const Tensor& weights = {});
/// ℓ = |x − t|
Variable l1_loss(const Variable& x, const Variable& target, const Tensor& weights = {});
/// ℓ = −t·log σ(x) − (1 − t)·log(1 − σ(x)): x is the logit, so that nothing overflows or cancels; t
/// in [0, 1], one number for all or one each.
Variable bce_with_logits(const Variable& logits, double target);
Variable bce_with_logits(const Variable& logits, const Variable& target);

// ---- shape --------------------------------------------------------------------------------------
Variable reshape(const Variable& x, const Shape& shape);
/// One extent may be −1 and is worked out.
Variable reshape(const Variable& x, std::initializer_list<int64_t> extents);
Variable broadcast_to(const Variable& x, const Shape& shape);
Variable permute(const Variable& x, const std::vector<int>& axes);
Variable transpose(const Variable& x);
Variable slice(const Variable& x, int axis, int64_t start, int64_t length);
Variable slice_grad(const Variable& x, int axis, int64_t start, int64_t extent);
Variable concat(const Variables& parts, int axis);
Variable flip(const Variable& x, int axis);
/// corners [N, 2], by ops::patch_corners.
Variable crop_patches(const Variable& x, const Tensor& corners, int64_t height, int64_t width);
Variable crop_patches_grad(const Variable& dy, const Tensor& corners, int64_t height,
                           int64_t width);
enum class PadMode { zero, reflect };
/// `before` and `after` new entries on an axis; reflect mirrors without repeating the edge and
/// needs before, after < extent.
Variable pad(const Variable& x, int axis, int64_t before, int64_t after,
             PadMode mode = PadMode::zero);

// ---- products -----------------------------------------------------------------------------------
struct MatmulTranspose {
  bool a = false;
  bool b = false;
};
Variable matmul(const Variable& a, const Variable& b, MatmulTranspose transposed = {});
/// Every channel's map times a matrix of its own, which joins all places of the map (Pathak et al.,
/// "Context Encoders", 2016, §3.1): x [N, H, W, C], weight [C, H·W, H·W] → [N, H, W, C],
/// y[n, q, c] = Σ_p x[n, p, c]·weight[c, p, q] for places p, q = row·W + column.
/// Throws ShapeError where channels or places disagree.
Variable channelwise_linear(const Variable& x, const Variable& weight);

// ---- the convolution family: closed under differentiation ---------------------------------------
struct Conv2dOptions {
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
};
struct ConvTranspose2dOptions {
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
  int64_t output_padding = 0;
};
/// input [N, H, W, in], weight [kh, kw, in, out], bias [out] or undefined → [N, OH, OW, out],
/// OH = ⌊(H + 2·padding − dilation·(kh − 1) − 1) / stride⌋ + 1.
/// Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, §2.
/// With bfloat16 maps and weights the bias is float32, here and below.
Variable conv2d(const Variable& input, const Variable& weight, const Variable& bias = {},
                const Conv2dOptions& options = {});
/// The gradient of conv2d by its input (Dumoulin & Visin 2016, §4): input [N, H, W, in],
/// weight [kh, kw, out, in], bias [out] or undefined → [N, OH, OW, out],
/// OH = (H − 1)·stride − 2·padding + dilation·(kh − 1) + output_padding + 1.
/// Throws ShapeError where the channels disagree or output_padding ≥ max(stride, dilation).
Variable conv_transpose2d(const Variable& input, const Variable& weight, const Variable& bias = {},
                          const ConvTranspose2dOptions& options = {});
/// The gradient of conv2d by its weight: input [N, H, W, in], dy [N, OH, OW, out] →
/// [kernel_h, kernel_w, in, out].
Variable conv2d_weight_grad(const Variable& input, const Variable& dy,
                            std::array<int64_t, 2> kernel, const Conv2dOptions& options = {});

// ---- pooling and resizing, [N, H, W, C] ---------------------------------------------------------
struct PoolOptions {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t padding = 0;
};
Variable max_pool2d(const Variable& x, const PoolOptions& options = {});
Variable avg_pool2d(const Variable& x, const PoolOptions& options = {});
Variable resize2d(const Variable& x, int64_t height, int64_t width,
                  Interpolation mode = Interpolation::bilinear);

// ---- normalisation ------------------------------------------------------------------------------
/// What a normalisation in training gives beside its output.
struct Normalised {
  Variable y;
  Tensor mean, variance;  ///< biased; [C], or [G, C] of G ghost batches, or of G pictures
};
/// Ioffe & Szegedy 2015, over all axes but the last: y = (x − mean(x))/√(var(x) + eps)·gamma +
/// beta, then max(y, 0) where `relu`. x [..., C], gamma and beta [C]. Each of the `ghost_batches`
/// equal parts of the first axis is normalised by its own statistics (Hoffer et al. 2017, alg. 1).
/// With bfloat16 maps, whose gradients cannot be differentiated again, gamma, beta and the
/// statistics are float32. Throws ShapeError where the parts would not be equal.
Normalised batch_norm(const Variable& x, const Variable& gamma, const Variable& beta,
                      double eps = 1e-5, bool relu = false, int64_t ghost_batches = 1);
/// The same with given statistics, mean and variance [C]: batch norm at inference.
Variable batch_norm_inference(const Variable& x, const Variable& gamma, const Variable& beta,
                              const Tensor& mean, const Tensor& variance, double eps = 1e-5);
/// Ulyanov et al. 2016, over H and W of each picture: x [N, H, W, C], gamma and beta [C].
Normalised instance_norm(const Variable& x, const Variable& gamma, const Variable& beta,
                         double eps = 1e-5, bool relu = false);

}  // namespace kintsugi
