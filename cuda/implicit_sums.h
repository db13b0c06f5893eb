#pragma once
#include <mma.h>

#include "cuda/implicit_passes.h"
#include "cuda/implicit_tiles.h"

/// The block's piece of the product, spread over the registers of its threads, and the two ways to
/// add the product of two tiles to it. Both have multiply(left, right), and visit(exchange, f),
/// which calls f(row, column, sum) for each sum of the calling thread.
namespace kintsugi::cuda::implicit {

/// Tensor cores multiply TF32 and bfloat16 from compute capability 8.0 on.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
constexpr bool kHasTensorCores = true;
#else
constexpr bool kHasTensorCores = false;
#endif

/// Which kCount of a warp's kCount·kLanes rows (or columns) of a tile belong to a lane: such that
/// it reads them in as few accesses as the tile's order allows, and the lanes side by side.
template <class Tile, int kCount, int kLanes>
struct Share {
  using T = typename Tile::Element;
  static constexpr int kDepths = 16 / sizeof(T);  ///< read at a time
  static constexpr int kRun = Tile::kDepthInner ? 1 : kCount < kDepths ? kCount : kDepths;

  __device__ static int position(int lane, int i) {
    return (i / kRun * kLanes + lane) * kRun + i % kRun;
  }

  /// values[k][i] = element (first + position(lane, i), depth + k)
  __device__ static void read(const Tile& tile, int first, int lane, int depth,
                              Accumulate<T> (&values)[kDepths][kCount]) {
    if constexpr (Tile::kDepthInner) {
#pragma unroll
      for (int i = 0; i < kCount; ++i) {
        const auto chunk =
            *reinterpret_cast<const Chunk<T, kDepths>*>(tile.at(first + position(lane, i), depth));
#pragma unroll
        for (int k = 0; k < kDepths; ++k)
          values[k][i] = static_cast<Accumulate<T>>(chunk.values[k]);
      }
    } else {
#pragma unroll
      for (int k = 0; k < kDepths; ++k)
#pragma unroll
        for (int i = 0; i < kCount; i += kRun) {
          const auto chunk = *reinterpret_cast<const Chunk<T, kRun>*>(
              tile.at(first + position(lane, i), depth + k));
#pragma unroll
          for (int j = 0; j < kRun; ++j)
            values[k][i + j] = static_cast<Accumulate<T>>(chunk.values[j]);
        }
    }
  }
};

/// Each thread keeps a small matrix of sums and adds outer products to it: every number read from
/// shared memory serves for a whole row or column of products.
template <class Block, class LeftTile, class RightTile>
class FmaSums {
  using T = typename LeftTile::Element;
  static constexpr int kLanesDown = 8, kLanesAcross = 4;
  static constexpr int kRows = Block::kWarpRows / kLanesDown;
  static constexpr int kColumns = Block::kWarpColumns / kLanesAcross;
  using Rows = Share<LeftTile, kRows, kLanesDown>;
  using Columns = Share<RightTile, kColumns, kLanesAcross>;

 public:
  struct Exchange {};

  __device__ void multiply(const LeftTile& left, const RightTile& right) {
#pragma unroll 1
    for (int depth = 0; depth < LeftTile::kDepth; depth += Rows::kDepths) {
      Accumulate<T> a[Rows::kDepths][kRows], b[Rows::kDepths][kColumns];
      Rows::read(left, Block::first_row(), lane_row(), depth, a);
      Columns::read(right, Block::first_column(), lane_column(), depth, b);
#pragma unroll
      for (int k = 0; k < Rows::kDepths; ++k)
#pragma unroll
        for (int i = 0; i < kRows; ++i)
#pragma unroll
          for (int j = 0; j < kColumns; ++j) sums_[i][j] += a[k][i] * b[k][j];
    }
  }

  template <class F>
  __device__ void visit(Exchange*, F f) const {
#pragma unroll
    for (int i = 0; i < kRows; ++i)
#pragma unroll
      for (int j = 0; j < kColumns; ++j)
        f(Block::first_row() + Rows::position(lane_row(), i),
          Block::first_column() + Columns::position(lane_column(), j), sums_[i][j]);
  }

 private:
  __device__ static int lane_row() { return static_cast<int>(threadIdx.x) % kWarp / kLanesAcross; }
  __device__ static int lane_column() { return static_cast<int>(threadIdx.x) % kLanesAcross; }

  Accumulate<T> sums_[kRows][kColumns] = {};
};

template <Math kMath, class Block, class LeftTile, class RightTile>
struct SumsOf {
  using Type = FmaSums<Block, LeftTile, RightTile>;
};

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

/// A warp together keeps 16 × 16 sums in a fragment; tensor cores add the product of 16 rows and 16
/// columns. Operands are rounded to TF32 (float) or are bfloat16; sums are float.
template <class Block, class LeftTile, class RightTile>
class TensorCoreSums {
  using T = typename LeftTile::Element;
  static constexpr bool kTf32 = std::is_same_v<T, float>;
  static constexpr int kSide = 16, kStep = kTf32 ? 8 : 16;
  static constexpr int kDown = Block::kWarpRows / kSide, kAcross = Block::kWarpColumns / kSide;
  static constexpr int kExchangeStride = kSide + 4;

  using Element = std::conditional_t<kTf32, nvcuda::wmma::precision::tf32, T>;
  using RowMajor = nvcuda::wmma::row_major;
  using ColMajor = nvcuda::wmma::col_major;
  using LeftOrder = std::conditional_t<LeftTile::kDepthInner, RowMajor, ColMajor>;
  using RightOrder = std::conditional_t<RightTile::kDepthInner, ColMajor, RowMajor>;
  template <class Use, class... Order>
  using Fragment = nvcuda::wmma::fragment<Use, kSide, kSide, kStep, Order...>;
  using Left = Fragment<nvcuda::wmma::matrix_a, Element, LeftOrder>;
  using Right = Fragment<nvcuda::wmma::matrix_b, Element, RightOrder>;
  using Sums = Fragment<nvcuda::wmma::accumulator, float>;

 public:
  /// Where the lanes of a warp find each other's sums.
  struct Exchange {
    alignas(32) float sums[kSide * kExchangeStride];
  };

  __device__ TensorCoreSums() {
    for (auto& row : sums_)
      for (Sums& sums : row) nvcuda::wmma::fill_fragment(sums, 0.0f);
  }

  __device__ void multiply(const LeftTile& left, const RightTile& right) {
#pragma unroll
    for (int depth = 0; depth < LeftTile::kDepth; depth += kStep) {
      Left a[kDown];
      Right b[kAcross];
#pragma unroll
      for (int i = 0; i < kDown; ++i) read(left, Block::first_row() + i * kSide, depth, a[i]);
#pragma unroll
      for (int j = 0; j < kAcross; ++j) read(right, Block::first_column() + j * kSide, depth, b[j]);
#pragma unroll
      for (int i = 0; i < kDown; ++i)
#pragma unroll
        for (int j = 0; j < kAcross; ++j)
          nvcuda::wmma::mma_sync(sums_[i][j], a[i], b[j], sums_[i][j]);
    }
  }

  template <class F>
  __device__ void visit(Exchange* exchange, F f) const {
    const int warp = static_cast<int>(threadIdx.x) / kWarp;
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    float* sums = exchange[warp].sums;
#pragma unroll
    for (int i = 0; i < kDown; ++i)
#pragma unroll
      for (int j = 0; j < kAcross; ++j) {
        nvcuda::wmma::store_matrix_sync(sums, sums_[i][j], kExchangeStride,
                                        nvcuda::wmma::mem_row_major);
        __syncwarp();
        for (int at = lane; at < kSide * kSide; at += kWarp) {
          const int row = at / kSide, column = at % kSide;
          f(Block::first_row() + i * kSide + row, Block::first_column() + j * kSide + column,
            sums[row * kExchangeStride + column]);
        }
        __syncwarp();
      }
  }

 private:
  template <class Tile, class Fragment>
  __device__ static void read(const Tile& tile, int row, int depth, Fragment& fragment) {
    nvcuda::wmma::load_matrix_sync(fragment, tile.at(row, depth), Tile::kStride);
    if constexpr (kTf32)
      for (auto& value : fragment.x) value = nvcuda::wmma::__float_to_tf32(value);
  }

  Sums sums_[kDown][kAcross];
};

template <class Block, class LeftTile, class RightTile>
struct SumsOf<Math::tensor_cores, Block, LeftTile, RightTile> {
  using Type = TensorCoreSums<Block, LeftTile, RightTile>;
};

#endif

}  // namespace kintsugi::cuda::implicit
