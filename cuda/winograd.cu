// Rung 4: a tile of m x m outputs by n² = (m + 2)² products a channel instead of 9·m². Summed over
// channels, the products are n² matrix products, which cuBLAS computes as one batch.
#include <algorithm>

#include "cuda/conv_rungs.h"
#include "cuda/conv_scratch.h"
#include "cuda/gemm.h"
#include "cuda/winograd_transforms.h"
#include "tensor/precision.h"

namespace kintsugi::cuda::winograd {
namespace {

int64_t products(int outputs) { return int64_t{outputs + 2} * (outputs + 2); }

/// cut(m) for F(4x4) or F(2x2), whichever takes fewer products. Where operands are rounded to TF32
/// always F(2x2): with normal random numbers its error is 1.6 times that of plain sums (root mean
/// square), that of F(4x4) 10 times.
template <class CutTiles>
Tiles choose_tiles(DType dtype, CutTiles&& cut) {
  const Tiles large = cut(4), small = cut(2);
  if (dtype == DType::float32 && precision() != Precision::float32) return small;
  return products(4) * large.count() <= products(2) * small.count() ? large : small;
}

/// body(block, v, m) for all tiles, as many at a time as the scratch memory holds;
/// v [n², block.count, from], m [n², block.count, to].
template <class T, class Body>
void for_blocks(const Tiles& tiles, int from, int to, Body&& body) {
  const int64_t row = products(tiles.outputs) * (int64_t{from} + to);
  const int64_t length = conv_block_rows(tiles.count(), row * static_cast<int64_t>(sizeof(T)));
  const Tensor scratch =
      Tensor::empty({length, row}, {.dtype = dtype_of<T>, .device = Device::cuda});
  T* v = scratch.data<T>();
  T* m = v + products(tiles.outputs) * length * from;
  for (int64_t first = 0; first < tiles.count(); first += length)
    body(TileBlock{static_cast<int>(first),
                   static_cast<int>(std::min(length, tiles.count() - first))},
         v, m);
}

/// U [n², in, out] of the weights [3, 3, in, out], from `kept` where it is there.
template <class T>
Tensor transformed_weights(const Tensor& w, int outputs, bool reversed, KeptWeights* kept) {
  const auto make = [&] {
    const int64_t matrix = w.size(2) * w.size(3);
    Tensor u = Tensor::empty({products(outputs), w.size(2), w.size(3)}, w.options());
    transform_weights(outputs, w.data<T>(), matrix, reversed, u.data<T>());
    return u;
  };
  return kept ? kept->get({outputs, reversed}, make) : make();
}

/// target = finish(source convolved), with U [n², in, out], or its matrices transposed.
template <class T>
void convolve(const Tiles& tiles, const Tensor& source, const Tensor& u, bool transposed,
              const Epilogue& epilogue, Tensor& target) {
  const auto from = static_cast<int>(source.size(3)), to = static_cast<int>(target.size(3));
  for_blocks<T>(tiles, from, to, [&](TileBlock block, T* v, T* m) {
    transform_input(tiles, block, source.data<T>(), from, v);
    multiply<T>({.batch = products(tiles.outputs),
                 .rows = block.count,
                 .columns = to,
                 .depth = from,
                 .a = v,
                 .b = u.data<T>(),
                 .transpose_b = transposed,
                 .c = m});
    transform_output(tiles, block, m, to, Finish<T>(epilogue), target.data<T>());
  });
}

}  // namespace

bool can_run(const Window& window, DType dtype) {
  return (dtype == DType::float32 || dtype == DType::float64) && window.kernel_h == 3 &&
         window.kernel_w == 3 && window.stride == 1;
}

void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             KeptWeights* kept, Tensor& y) {
  const ConvShape s = conv_shape(x.shape(), y.shape(), window);
  const Tiles tiles = choose_tiles(y.dtype(), [&](int m) { return Tiles::forward(s, m); });
  dispatch(y.dtype(), [&]<class T>(T) {
    const Tensor u = transformed_weights<T>(w, tiles.outputs, false, kept);
    convolve<T>(tiles, x, u, false, epilogue, y);
  });
}

void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                KeptWeights* kept, Tensor& dx) {
  const ConvShape s = conv_shape(dx.shape(), dy.shape(), window);
  const Tiles tiles = choose_tiles(dx.dtype(), [&](int m) { return Tiles::input_grad(s, m); });
  dispatch(dx.dtype(), [&]<class T>(T) {
    const Tensor u = transformed_weights<T>(w, tiles.outputs, true, kept);
    convolve<T>(tiles, dy, u, true, epilogue, dx);
  });
}

/// dw = Σ over tiles of Gᵀ [ (Bᵀ d B) ⊙ (A dY Aᵀ) ] G: the sum over tiles is a matrix product.
void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw) {
  const ConvShape s = conv_shape(x.shape(), dy.shape(), window);
  const Tiles tiles = choose_tiles(dw.dtype(), [&](int m) { return Tiles::forward(s, m); });
  dispatch(dw.dtype(), [&]<class T>(T) {
    const Tensor u = Tensor::empty({products(tiles.outputs), s.in, s.out}, dw.options());
    for_blocks<T>(tiles, s.in, s.out, [&](TileBlock block, T* v, T* e) {
      transform_input(tiles, block, x.data<T>(), s.in, v);
      transform_cotangent(tiles, block, dy.data<T>(), s.out, e);
      multiply<T>({.batch = products(tiles.outputs),
                   .rows = s.in,
                   .columns = s.out,
                   .depth = block.count,
                   .a = v,
                   .transpose_a = true,
                   .b = e,
                   .c = u.data<T>(),
                   .accumulate = block.first > 0});
    });
    transform_products(tiles.outputs, u.data<T>(), int64_t{s.in} * s.out, dw.data<T>());
  });
}

}  // namespace kintsugi::cuda::winograd
