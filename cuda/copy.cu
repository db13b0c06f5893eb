#include "cuda/backend.h"
#include "cuda/broadcast.h"
#include "cuda/elementwise.h"

namespace kintsugi {
namespace {

using namespace cuda;

template <class T>
struct Constant {
  T value;
  __device__ T operator()() const { return value; }
};

struct Identity {
  template <class T>
  __device__ T operator()(T v) const {
    return v;
  }
};

// Strided copies: operand 0 of the axes is the source, operand 1 the target.
constexpr size_t kFrom = 0, kTo = 1;

// ---- packs or single elements in the order of the axes ------------------------------------------

/// `index` counts packs of kSize neighbours, `count` of them.
template <int kSize, class T, class Integer>
__global__ void copy_kernel(const T* from, T* to, StridedIndex<2, Integer> index, Integer count) {
  const Integer stride = static_cast<Integer>(index_stride());
  for (Integer i = static_cast<Integer>(first_index()); i < count; i += stride) {
    const Array<Integer, 2> at = index(i);
    store_pack(to + at[kTo], load_pack<kSize>(from + at[kFrom]));
  }
}

template <int kSize, class T>
void copy_in_order(const T* from, T* to, const StridedAxes<2>& axes) {
  const StridedAxes<2> packs = axes.in_packs(kSize);
  with_index(packs, [&]<class Integer>(const StridedIndex<2, Integer>& index) {
    launch(copy_kernel<kSize, T, Integer>, grid_for(packs.numel()), from, to, index,
           static_cast<Integer>(packs.numel()));
  });
}

/// Whether source and target are made of whole packs: lines that begin at a multiple of 16 bytes.
template <class T>
bool is_made_of_packs(const T* from, const T* to, const StridedAxes<2>& axes) {
  const auto begins_pack = [](const T* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; };
  bool fits = begins_pack(from) && begins_pack(to) && axes.inner_stride(kFrom) == 1 &&
              axes.inner_stride(kTo) == 1 && axes.inner_extent() % kPackSize<T> == 0;
  for (size_t outer = 0; fits && outer + 1 < static_cast<size_t>(axes.rank); ++outer)
    fits = axes.strides[kFrom][outer] % kPackSize<T> == 0 &&
           axes.strides[kTo][outer] % kPackSize<T> == 0;
  return fits;
}

// ---- transpositions, through tiles in shared memory ---------------------------------------------

constexpr int kTile = 32;      // rows and columns
constexpr int kTileRows = 8;   // that the threads of a block move at once
constexpr int kShortLine = 8;  // a matrix with less rows or columns leaves most of a tile empty

/// One column more than there are, so that the elements of a column lie in different banks.
template <class T>
struct Tile {
  T values[kTile][kTile + 1];
};

/// to[r·to_row + c] = from[r + c·from_column], 0 ≤ r < rows, 0 ≤ c < columns.
struct Transposition {
  int64_t rows = 1, columns = 1;
  int64_t from_column = 0, to_row = 0;

  __host__ __device__ unsigned row_tiles() const { return static_cast<unsigned>(tiles(rows)); }
  __host__ __device__ unsigned column_tiles() const {
    return static_cast<unsigned>(tiles(columns));
  }
  __host__ __device__ static int64_t tiles(int64_t extent) { return (extent + kTile - 1) / kTile; }
};

/// One tile of one matrix by each block, [kTileRows, kTile] threads. Neighbouring threads read
/// neighbours in a column of the target, and write neighbours in a row of it.
template <class T, class Integer>
__global__ void transpose_kernel(const T* from, T* to, Transposition matrix,
                                 StridedIndex<2, Integer> matrices) {
  Tile<T>& tile = shared_memory<Tile<T>>();
  const unsigned column_tile = blockIdx.x % matrix.column_tiles();
  const unsigned above = blockIdx.x / matrix.column_tiles();
  const Array<Integer, 2> at = matrices(static_cast<Integer>(above / matrix.row_tiles()));
  from += at[kFrom];
  to += at[kTo];
  const int64_t row = int64_t{above % matrix.row_tiles()} * kTile;
  const int64_t column = int64_t{column_tile} * kTile;
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);

  for (int c = y; c < kTile; c += kTileRows)
    if (row + x < matrix.rows && column + c < matrix.columns)
      tile.values[c][x] = from[row + x + (column + c) * matrix.from_column];
  __syncthreads();
  for (int r = y; r < kTile; r += kTileRows)
    if (row + r < matrix.rows && column + x < matrix.columns)
      to[(row + r) * matrix.to_row + column + x] = tile.values[x][r];
}

/// The outer axis along which the source is contiguous, where the target is along the innermost one
/// and the source is not; −1 where there is none, or where the matrix of both is narrow.
int transposed_axis(const StridedAxes<2>& axes) {
  if (axes.inner_stride(kTo) != 1 || axes.inner_extent() < kShortLine) return -1;
  for (int axis = 0; axis + 1 < axes.rank; ++axis) {
    const auto i = static_cast<size_t>(axis);
    if (axes.strides[kFrom][i] == 1 && axes.extents[i] >= kShortLine) return axis;
  }
  return -1;
}

template <class T>
void copy_transposed(const T* from, T* to, const StridedAxes<2>& axes, int row_axis) {
  Transposition matrix;
  StridedAxes<2> matrices;
  for (int axis = 0; axis < axes.rank; ++axis) {
    const auto i = static_cast<size_t>(axis);
    if (axis == row_axis) {
      matrix.rows = axes.extents[i];
      matrix.to_row = axes.strides[kTo][i];
    } else if (axis == axes.rank - 1) {
      matrix.columns = axes.extents[i];
      matrix.from_column = axes.strides[kFrom][i];
    } else {
      matrices.add(axes.extents[i], {axes.strides[kFrom][i], axes.strides[kTo][i]});
    }
  }
  with_index(matrices, [&]<class Integer>(const StridedIndex<2, Integer>& index) {
    const Grid grid{.blocks = dim3(static_cast<unsigned>(matrices.numel()) * matrix.row_tiles() *
                                   matrix.column_tiles()),
                    .threads = dim3(kTile, kTileRows),
                    .shared_bytes = sizeof(Tile<T>)};
    launch(transpose_kernel<T, Integer>, grid, from, to, matrix, index);
  });
}

template <class T>
void copy_axes(const T* from, T* to, const StridedAxes<2>& axes) {
  if (const int axis = transposed_axis(axes); axis >= 0)
    copy_transposed(from, to, axes, axis);
  else if (is_made_of_packs(from, to, axes))
    copy_in_order<kPackSize<T>>(from, to, axes);
  else
    copy_in_order<1>(from, to, axes);
}

}  // namespace

void CudaBackend::copy(const Tensor& from, Tensor& to) {
  if (from.bytes() == 0) return;
  check(cudaMemcpyAsync(to.raw(), from.raw(), from.bytes(), cudaMemcpyDeviceToDevice,
                        context().stream),
        "cudaMemcpyAsync");
}

void CudaBackend::fill(Tensor& x, double value) {
  dispatch_cuda(x.dtype(), [&]<class T>(T) {
    using A = Accumulate<T>;
    map(Constant<A>{static_cast<A>(value)}, x.numel(), x.data<T>());
  });
}

void CudaBackend::cast(const Tensor& x, Tensor& y) {
  dispatch_cuda(x.dtype(), [&]<class From>(From) {
    dispatch_cuda(y.dtype(),
                  [&]<class To>(To) { map(Identity{}, x.numel(), y.data<To>(), x.data<From>()); });
  });
}

void CudaBackend::copy_strided(const Tensor& from, const StridedView& from_view, Tensor& to,
                               const StridedView& to_view, const Shape& extent) {
  dispatch_cuda(to.dtype(), [&]<class T>(T) {
    copy_axes<T>(from.data<T>() + from_view.offset, to.data<T>() + to_view.offset,
                 StridedAxes<2>(extent, {from_view.strides, to_view.strides}));
  });
}

}  // namespace kintsugi
