#pragma once
#include "cuda/implicit_operands.h"
#include "cuda/types.h"

/// The three passes of a convolution as matrix products. A pass falls into parts, each a product of
/// its own; all run in one launch.
namespace kintsugi::cuda::implicit {

/// y[i, j] = Σ_k left(i, k) · right(j, k), i < rows, j < columns, k < depth.
template <class Left, class Right>
struct Product {
  Left left;
  Right right;
  int rows, columns, depth;
};

/// y [N·OH·OW, out] = patches of x [N·OH·OW, kh·kw·in] · w [kh·kw·in, out]
template <class T>
struct ForwardPass {
  using Element = T;
  using Left = PatchRows<T>;
  using Right = MatrixColumns<T>;
  Product<Left, Right> whole;

  __host__ __device__ int parts() const { return 1; }
  __host__ __device__ const Product<Left, Right>& part(int) const { return whole; }
  /// The row of the output matrix that row i of the product is.
  __device__ int64_t output_row(const Product<Left, Right>&, int i) const { return i; }
};

/// dw [kh·kw·in, out] = patches of xᵀ [kh·kw·in, N·OH·OW] · dy [N·OH·OW, out]
template <class T>
struct WeightGradPass {
  using Element = T;
  using Left = PatchColumns<T>;
  using Right = MatrixColumns<T>;
  Product<Left, Right> whole;

  __host__ __device__ int parts() const { return 1; }
  __host__ __device__ const Product<Left, Right>& part(int) const { return whole; }
  __device__ int64_t output_row(const Product<Left, Right>&, int i) const { return i; }
};

__host__ __device__ inline int common_divisor(int a, int b) {
  while (b != 0) {
    const int rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/// dx [N·H·W, in] = patches of dy · w, turned round. Input position p takes part in output o by tap
/// t where p + padding = o·stride + t·dilation. So positions of one remainder by the stride share
/// their taps, every stride/gcd-th, and those read neighbouring outputs: each of the stride² pairs
/// of remainders is a part, a convolution of stride 1 without one useless product.
template <class T>
struct InputGradPass {
  using Element = T;
  using Left = PatchRows<T>;
  using Right = TapRows<T>;
  const T* dy;       ///< [batch, dy_height, dy_width, out]
  const T* weights;  ///< [kernel_h, kernel_w, in, out]
  int batch, height, width, dy_height, dy_width, in, out;
  int kernel_h, kernel_w, stride, padding, dilation;

  __host__ __device__ int parts() const { return stride * stride; }
  __host__ __device__ Product<Left, Right> part(int number) const {
    const Axis y = axis(number / stride, height, dy_height, kernel_h);
    const Axis x = axis(number % stride, width, dy_width, kernel_w);
    const Patches<T> patches(dy, batch, y, x, out);
    return {.left = {patches},
            .right = {weights, kernel_w, in, out, patches},
            .rows = patches.pixels,
            .columns = in,
            .depth = patches.size};
  }
  __device__ int64_t output_row(const Product<Left, Right>& part, int i) const {
    const auto [image, row, column] = part.left.pixel(i);
    const int y = part.left.y.first + row * stride, x = part.left.x.first + column * stride;
    return (int64_t{image} * height + y) * width + x;
  }

 private:
  /// Positions remainder, remainder + stride, … below `positions`, and what they read.
  __host__ __device__ Axis axis(int remainder, int positions, int size, int kernel) const {
    const int divisor = common_divisor(stride, dilation);
    Axis axis{.outputs = positions > remainder ? (positions - remainder - 1) / stride + 1 : 0,
              .first = remainder,
              .spacing = stride,
              .tap_spacing = stride / divisor,
              .size = size,
              .tap_step = -(dilation / divisor)};
    for (int tap = 0; tap < kernel && tap < axis.tap_spacing; ++tap) {
      const int shift = remainder + padding - tap * dilation;  // = stride · the output read first
      if (shift % stride != 0) continue;
      axis.first_tap = tap;
      axis.taps = (kernel - tap - 1) / axis.tap_spacing + 1;
      axis.origin = shift / stride;
    }
    return axis;
  }
};

/// Where the sums of a product go: values [numel / columns, columns] ← max(sum + bias, 0); or,
/// where the depth is split over several blocks, partial [splits, numel], to be added up after.
template <class T>
struct Output {
  T* values;
  int64_t numel;
  int columns;
  const Accumulate<T>* bias = nullptr;  ///< [columns], or nullptr
  bool relu = false;
  int splits = 1;
  Accumulate<T>* partial = nullptr;

  __device__ T finished(Accumulate<T> sum, int column) const {
    if (bias != nullptr) sum += bias[column];
    return static_cast<T>(relu && sum < 0 ? Accumulate<T>{0} : sum);
  }
  __device__ void write(int split, int64_t row, int column, Accumulate<T> sum) const {
    const int64_t at = row * columns + column;
    if (partial != nullptr)
      partial[split * numel + at] = sum;
    else
      values[at] = finished(sum, column);
  }
};

enum class Math {
  fma,           ///< exact products, sums in Accumulate<T>
  tensor_cores,  ///< of float, rounded to TF32, and bfloat16; from compute capability 8.0 on
};

/// Runs a pass of any element type; defined in implicit_kernel.h.
template <Math kMath, class Pass>
void multiply(const Pass& pass, const Output<typename Pass::Element>& output);

}  // namespace kintsugi::cuda::implicit
