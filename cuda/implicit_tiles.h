#pragma once
#include <cuda_pipeline.h>

#include "cuda/launch.h"

/// The pieces of both operands that a block multiplies at a time, and their way into shared memory.
namespace kintsugi::cuda::implicit {

/// The piece of the output that a block computes: kRows × kColumns, one warp for each
/// kWarpRows × kWarpColumns of it.
template <int kWarpsDown, int kWarpsAcross, int kWarpRows_, int kWarpColumns_>
struct BlockShape {
  static constexpr int kWarpRows = kWarpRows_;
  static constexpr int kWarpColumns = kWarpColumns_;
  static constexpr int kRows = kWarpsDown * kWarpRows;
  static constexpr int kColumns = kWarpsAcross * kWarpColumns;
  static constexpr int kWarps = kWarpsDown * kWarpsAcross;
  static constexpr int kThreads = kWarps * kWarp;

  /// Where the calling thread's warp begins.
  __device__ static int first_row() {
    return static_cast<int>(threadIdx.x) / kWarp / kWarpsAcross * kWarpRows;
  }
  __device__ static int first_column() {
    return static_cast<int>(threadIdx.x) / kWarp % kWarpsAcross * kWarpColumns;
  }
};

/// The depth of a tile is 64 bytes: four loads of 16.
template <class T>
constexpr int kTileDepth = 64 / sizeof(T);

/// kRows × kTileDepth elements of an operand in shared memory, in the order of the operand's own
/// memory, so that pieces of 16 bytes stay whole. Lines are padded: the threads of a warp, which
/// read down a column, then meet different banks.
template <class T, int kRows_, bool kDepthInner_>
struct alignas(128) OperandTile {
  using Element = T;
  static constexpr int kRows = kRows_;
  static constexpr int kDepth = kTileDepth<T>;
  static constexpr bool kDepthInner = kDepthInner_;
  static constexpr int kLines = kDepthInner ? kRows : kDepth;
  static constexpr int kLineLength = kDepthInner ? kDepth : kRows;
  static constexpr int kStride =
      kLineLength + (kDepthInner ? 16 : 32) / static_cast<int>(sizeof(T));
  T values[kLines * kStride];

  __device__ static constexpr int index(int row, int depth) {
    return kDepthInner ? row * kStride + depth : depth * kStride + row;
  }
  __device__ T* at(int row, int depth) { return values + index(row, depth); }
  __device__ const T* at(int row, int depth) const { return values + index(row, depth); }
};

/// kSize elements that are read and written in one access.
template <class T, int kSize>
struct alignas(kSize * sizeof(T)) Chunk {
  T values[kSize];
};

/// Begins to copy a chunk into shared memory (done when the thread has waited for its pipeline);
/// zeros where there is no source.
template <int kSize, class T>
__device__ void copy_chunk(const T* from, T* to) {
  constexpr int kBytes = kSize * static_cast<int>(sizeof(T));
  auto* chunk = reinterpret_cast<Chunk<T, kSize>*>(to);
  if (from == nullptr)
    *chunk = Chunk<T, kSize>{};
  else if constexpr (kBytes >= 4)  // what the hardware copies by itself
    __pipeline_memcpy_async(to, from, kBytes);
  else
    *chunk = *reinterpret_cast<const Chunk<T, kSize>*>(from);
}

/// Begins to copy the operand's elements from (row, depth) on into `tile`, kSize at a time.
/// Neighbouring threads copy neighbouring chunks.
template <int kSize, int kThreads, class Operand, class Tile>
__device__ void copy_tile_by(const Operand& operand, int row, int depth, Tile& tile) {
  constexpr int kChunksOfLine = Tile::kLineLength / kSize;
  constexpr int kLinesAtOnce = kThreads / kChunksOfLine;
  constexpr int kTurns = (Tile::kLines + kLinesAtOnce - 1) / kLinesAtOnce;
  static_assert(kThreads % kChunksOfLine == 0);
  const int thread = static_cast<int>(threadIdx.x);
  const int within = thread % kChunksOfLine * kSize, first = thread / kChunksOfLine;
#pragma unroll(kSize == 1 ? 1 : kSize * sizeof(typename Tile::Element) < 16 ? 2 : kTurns)
  for (int turn = 0; turn < kTurns; ++turn) {
    const int line = first + turn * kLinesAtOnce;
    if (Tile::kLines % kLinesAtOnce != 0 && line >= Tile::kLines) break;
    const int i = Tile::kDepthInner ? line : within, k = Tile::kDepthInner ? within : line;
    copy_chunk<kSize>(operand.at(operand.row(row + i), operand.depth(depth + k)), tile.at(i, k));
  }
}

/// 16 bytes at a time where they may be read so; of bfloat16 else 8, the four channels of a picture
/// and its mask.
template <int kThreads, class Operand, class Tile>
__device__ void copy_tile(const Operand& operand, int row, int depth, Tile& tile) {
  constexpr int kSize = sizeof(typename Tile::Element);
  if (operand.aligned(16)) return copy_tile_by<16 / kSize, kThreads>(operand, row, depth, tile);
  if constexpr (kSize == 2)
    if (operand.aligned(8)) return copy_tile_by<8 / kSize, kThreads>(operand, row, depth, tile);
  copy_tile_by<1, kThreads>(operand, row, depth, tile);
}

}  // namespace kintsugi::cuda::implicit
