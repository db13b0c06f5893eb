#pragma once
#include <vector>

#include "tensor/backend.h"
#include "tensor/tensor.h"

/// Functions on tensors without gradients. Each checks its arguments (ShapeError or Error, naming
/// op, shapes and rule), allocates its output and hands both to the device's backend. Operands of
/// one call share dtype and device. Axes count from the back where negative.
namespace kintsugi::ops {

// ---- elementwise --------------------------------------------------------------------------------
Tensor negate(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor square(const Tensor& x);
Tensor reciprocal(const Tensor& x);
Tensor abs(const Tensor& x);
Tensor sign(const Tensor& x);  ///< −1, 0 or 1
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);   ///< 1 / (1 + exp(−x))
Tensor softplus(const Tensor& x);  ///< log(1 + exp(x))
Tensor relu(const Tensor& x);      ///< max(x, 0)
Tensor leaky_relu(const Tensor& x, double slope);
Tensor clamp(const Tensor& x, double low, double high);      ///< min(max(x, low), high)
Tensor in_range(const Tensor& x, double low, double high);   ///< low < x < high ? 1 : 0
Tensor affine(const Tensor& x, double scale, double shift);  ///< scale·x + shift
Tensor cast(const Tensor& x, DType dtype);                   ///< x itself where it has the dtype

// ---- elementwise with broadcasting (NumPy's rule) -----------------------------------------------
Tensor add(const Tensor& a, const Tensor& b);
Tensor subtract(const Tensor& a, const Tensor& b);
Tensor multiply(const Tensor& a, const Tensor& b);
Tensor divide(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor equal(const Tensor& a, const Tensor& b);       ///< a == b ? 1 : 0
Tensor greater(const Tensor& a, const Tensor& b);     ///< a > b ? 1 : 0
Tensor relu_grad(const Tensor& dy, const Tensor& y);  ///< y > 0 ? dy : 0
Tensor leaky_relu_grad(const Tensor& dy, const Tensor& y, double slope);
/// condition ≠ 0 ? a : b, all three broadcast.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

// ---- reductions ---------------------------------------------------------------------------------
/// Over the given axes (all axes where the list is empty), in any order, without repeats. The axes
/// stay as extents of 1 where `keep_axes`. max of no element is an error.
Tensor sum(const Tensor& x, const std::vector<int>& axes = {}, bool keep_axes = false);
Tensor mean(const Tensor& x, const std::vector<int>& axes = {}, bool keep_axes = false);
Tensor max(const Tensor& x, const std::vector<int>& axes = {}, bool keep_axes = false);
/// Over the last axis: exp(x) / Σ exp(x), and its logarithm.
Tensor softmax(const Tensor& x);
Tensor log_softmax(const Tensor& x);
/// Sums x over the axes along which `shape` broadcasts to x's shape: the transpose of
/// broadcast_to.
Tensor sum_to(const Tensor& x, const Shape& shape);

// ---- losses -------------------------------------------------------------------------------------
/// mean over all elements of w·ℓ(x, t), as a scalar: LossInput has the shapes.
Tensor loss(const char* name, LossTerm term, const LossInput& in);
/// Its gradient by x, times dy, one element: dy·w·∂ℓ/∂x / n.
Tensor loss_grad(const char* name, LossTerm term, const LossInput& in, const Tensor& dy);

// ---- shape --------------------------------------------------------------------------------------
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// Axis i of the result is axis axes[i] of x.
Tensor permute(const Tensor& x, const std::vector<int>& axes);
/// The last two axes exchanged.
Tensor transpose(const Tensor& x);
/// Entries start … start + length − 1 of one axis.
Tensor slice(const Tensor& x, int axis, int64_t start, int64_t length);
/// Zeros of extent `extent` on `axis`, with x at `start`: the transpose of slice.
Tensor slice_grad(const Tensor& x, int axis, int64_t start, int64_t extent);
Tensor concat(const std::vector<Tensor>& parts, int axis);
Tensor flip(const Tensor& x, int axis);
/// Top-left pixel of a patch.
struct Corner {
  int64_t row = 0, column = 0;
};
/// Those of one patch of height × width in each of the pictures [N, H, W, C], as crop_patches
/// takes them: [N, 2]. Throws ShapeError where a patch leaves its picture.
Tensor patch_corners(const std::vector<Corner>& corners, const Shape& pictures, int64_t height,
                     int64_t width, TensorOptions options = {});
/// One patch of each picture: y[n] = x[n, row … row + height − 1, column … column + width − 1],
/// x [N, H, W, C], (row, column) = corners[n] [N, 2] → [N, height, width, C]. The corners are
/// numbers on the device, so that work can be repeated there with others (Backend::record): a patch
/// that would leave its picture is moved inside.
Tensor crop_patches(const Tensor& x, const Tensor& corners, int64_t height, int64_t width);
/// The transpose: zeros [N, height, width, C] with the patches dy laid in at their corners.
Tensor crop_patches_grad(const Tensor& dy, const Tensor& corners, int64_t height, int64_t width);

// ---- products -----------------------------------------------------------------------------------
struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
};
/// a [..., M, K] · b [..., K, N] → [..., M, N]; the leading axes must agree. Transposed operands
/// are given as [..., K, M] and [..., N, K].
Tensor matmul(const Tensor& a, const Tensor& b, MatmulOptions options = {});

// ---- convolution family -------------------------------------------------------------------------
/// OH = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1; ShapeError where that is < 1.
int64_t conv_output_size(const char* op, int64_t input, int64_t kernel, const Window& window);
/// x [N, H, W, in], w [kh, kw, in, out] → [N, OH, OW, out]. Window's kernel is read off w here and
/// below; the epilogue's bias is float32 where x and w are bfloat16.
Tensor conv2d(const Tensor& x, const Tensor& w, Window window, const Epilogue& epilogue = {},
              KeptWeights* kept = nullptr);
/// dy [N, OH, OW, out], w [kh, kw, in, out] → [N, height, width, in], the size of conv2d's input.
Tensor conv2d_input_grad(const Tensor& dy, const Tensor& w, Window window, int64_t height,
                         int64_t width, const Epilogue& epilogue = {}, KeptWeights* kept = nullptr);
/// x [N, H, W, in], dy [N, OH, OW, out] → [kernel_h, kernel_w, in, out]
Tensor conv2d_weight_grad(const Tensor& x, const Tensor& dy, Window window);

// ---- pooling and resizing, [N, H, W, C] ---------------------------------------------------------
struct MaxPool {
  Tensor y;
  Tensor index;  ///< row·W + column of each maximum, in the dtype of x
};
MaxPool max_pool2d(const Tensor& x, Window window);  ///< padding never wins; first maximum on ties
Tensor max_pool2d_gather(const Tensor& x, const Tensor& index);
Tensor max_pool2d_grad(const Tensor& dy, const Tensor& index, int64_t height, int64_t width);
Tensor avg_pool2d(const Tensor& x, Window window);  ///< padding counts as zeros
Tensor avg_pool2d_grad(const Tensor& dy, Window window, int64_t height, int64_t width);
/// Row i (and column likewise) of the result shows row (i + ½)·scale − ½ of x, between two rows
/// interpolated (bilinear), or row ⌊i·scale⌋ (nearest), scale = H / height: PyTorch's interpolate
/// with align_corners = false.
Tensor resize2d(const Tensor& x, int64_t height, int64_t width, Interpolation mode);
Tensor resize2d_grad(const Tensor& dy, int64_t height, int64_t width, Interpolation mode);

// ---- normalisation over the middle axis of [G, M, C] --------------------------------------------
// Beside a bfloat16 map everything that there is one number a channel of is float32.
struct NormStatistics {
  Tensor mean, variance, rstd;  ///< [G, C]; variance biased, rstd = 1/√(variance + eps)
};
NormStatistics norm_statistics(const Tensor& x, double eps);
Tensor norm_apply(const Tensor& x, const NormStatistics& statistics, const Tensor& gamma,
                  const Tensor& beta, bool relu);
/// [2, G, C]: Σ dy and Σ dy·x̂; y undefined, or the output of a fused ReLU that masks dy.
Tensor norm_grad_sums(const Tensor& dy, const Tensor& x, const NormStatistics& statistics,
                      const Tensor& y);
Tensor norm_grad_input(const Tensor& dy, const Tensor& x, const NormStatistics& statistics,
                       const Tensor& gamma, const Tensor& sums, const Tensor& y);

}  // namespace kintsugi::ops
