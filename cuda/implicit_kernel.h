#pragma once
#include <algorithm>

#include "cuda/implicit_passes.h"
#include "cuda/implicit_sums.h"
#include "tensor/tensor.h"

/// The kernel of all three passes: a block goes along the depth of its piece of the product, tile
/// by tile; while it multiplies one, the next are on their way into shared memory.
namespace kintsugi::cuda::implicit {

/// What a block holds in shared memory: the tiles in flight and, when they are done with, what
/// threads need to exchange their sums.
template <Math kMath, class Block, class Pass>
struct BlockMemory {
  using T = typename Pass::Element;
  using LeftTile = OperandTile<T, Block::kRows, Pass::Left::kDepthInner>;
  using RightTile = OperandTile<T, Block::kColumns, Pass::Right::kDepthInner>;
  using Sums = typename SumsOf<kMath, Block, LeftTile, RightTile>::Type;
  static constexpr int kDepth = LeftTile::kDepth;
  static constexpr int kStages = kMath == Math::fma ? 2 : 3;  // fast products wait for more

  Product<typename Pass::Left, typename Pass::Right> product;  ///< where the block works it out

  struct Stage {
    LeftTile left;
    RightTile right;
  };
  union {
    Stage stages[kStages];
    typename Sums::Exchange exchange[Block::kWarps];
  };
};

/// Which piece of which part a block computes. Blocks that follow one another take the columns of
/// the same rows: the left operand, the larger one, is then read from memory once.
struct Piece {
  int part, row, column;
};
template <class Block>
__device__ Piece piece_of_block(int rows_of_pieces, int columns) {
  const int across = ceil_divide(columns, Block::kColumns);
  const int block = static_cast<int>(blockIdx.x), line = block / across;
  return {line / rows_of_pieces, line % rows_of_pieces * Block::kRows,
          block % across * Block::kColumns};
}

/// A part of the pass: what the kernel was given, or worked out by one thread into `place`.
template <class Pass, class Product>
__device__ const Product& product_of_part(const Pass& pass, int part, Product& place) {
  if constexpr (std::is_reference_v<decltype(pass.part(part))>) {
    return pass.part(part);
  } else {
    if (threadIdx.x == 0) place = pass.part(part);
    __syncthreads();
    return place;
  }
}

template <Math kMath, class Block, class Pass>
__device__ void multiply_piece(const Pass& pass, int rows_of_pieces,
                               const Output<typename Pass::Element>& output) {
  using Memory = BlockMemory<kMath, Block, Pass>;
  auto& memory = shared_memory<Memory>();
  const Piece piece = piece_of_block<Block>(rows_of_pieces, output.columns);
  const auto& product = product_of_part(pass, piece.part, memory.product);
  if (piece.row >= product.rows) return;

  const int steps = ceil_divide(product.depth, Memory::kDepth);
  const int split = static_cast<int>(blockIdx.y), share = ceil_divide(steps, output.splits);
  const int begin = split * share, end = min(begin + share, steps);
  const auto fetch = [&](int step, int stage) {
    if (step < end) {
      const int depth = step * Memory::kDepth;
      copy_tile<Block::kThreads>(product.left, piece.row, depth, memory.stages[stage].left);
      copy_tile<Block::kThreads>(product.right, piece.column, depth, memory.stages[stage].right);
    }
    __pipeline_commit();
  };

  typename Memory::Sums sums;
  constexpr int kAhead = Memory::kStages - 1;
  for (int i = 0; i < kAhead; ++i) fetch(begin + i, i);
  for (int step = begin, stage = 0, free = kAhead; step < end; ++step) {
    __pipeline_wait_prior(kAhead - 1);
    __syncthreads();  // this step's tiles are there; the last step's are no longer read
    fetch(step + kAhead, free);
    sums.multiply(memory.stages[stage].left, memory.stages[stage].right);
    free = stage;
    stage = stage + 1 == Memory::kStages ? 0 : stage + 1;
  }
  __syncthreads();
  sums.visit(memory.exchange, [&](int i, int j, Accumulate<typename Pass::Element> sum) {
    const int row = piece.row + i, column = piece.column + j;
    if (row < product.rows && column < product.columns)
      output.write(split, pass.output_row(product, row), column, sum);
  });
}

/// Blocks for which a multiprocessor shall have registers at once: with tensor cores two of 256
/// threads or three of 128; FMA takes as many registers as it wants.
template <Math kMath, class Block>
constexpr int kBlocksAtOnce = kMath == Math::fma      ? 1
                              : Block::kThreads > 128 ? 2
                                                      : 3;

template <Math kMath, class Block, class Pass>
__global__ void __launch_bounds__(Block::kThreads, kBlocksAtOnce<kMath, Block>)
    product_kernel(Pass pass, int rows_of_pieces, Output<typename Pass::Element> output) {
  if constexpr (kMath == Math::fma || kHasTensorCores)
    multiply_piece<kMath, Block>(pass, rows_of_pieces, output);
}

/// values = max(Σ_splits partial + bias, 0), always added in the same order.
template <class T>
__global__ void add_splits_kernel(Output<T> output) {
  for (int64_t i = first_index(); i < output.numel; i += index_stride()) {
    Accumulate<T> sum = 0;
    for (int split = 0; split < output.splits; ++split)
      sum += output.partial[split * output.numel + i];
    output.values[i] = output.finished(sum, static_cast<int>(i % output.columns));
  }
}

/// Over how many blocks the depth of each piece is split: enough to give every multiprocessor two,
/// but each a depth worth the second pass.
inline int splits_for(int pieces, int steps) {
  constexpr int kBlocksEach = 2, kLeastSteps = 8;
  const int blocks = context().properties.multiProcessorCount * kBlocksEach;
  return std::max(1, std::min(blocks / pieces, steps / kLeastSteps));
}

template <Math kMath, class Block, class Pass>
void multiply_in(const Pass& pass, Output<typename Pass::Element> output) {
  using T = typename Pass::Element;
  using Memory = BlockMemory<kMath, Block, Pass>;
  int rows = 0, depth = 0;
  for (int part = 0; part < pass.parts(); ++part) {
    rows = std::max(rows, pass.part(part).rows);
    depth = std::max(depth, pass.part(part).depth);
  }
  const int down = ceil_divide(rows, Block::kRows);
  const int pieces = pass.parts() * down * ceil_divide(output.columns, Block::kColumns);
  if (pieces == 0) return;

  output.splits = splits_for(pieces, ceil_divide(depth, Memory::kDepth));
  Tensor partial;
  if (output.splits > 1) {
    const TensorOptions options{.dtype = dtype_of<Accumulate<T>>, .device = Device::cuda};
    partial = Tensor::empty(Shape({output.splits, output.numel}), options);
    output.partial = partial.template data<Accumulate<T>>();
  }
  launch(product_kernel<kMath, Block, Pass>,
         {.blocks = dim3(static_cast<unsigned>(pieces), static_cast<unsigned>(output.splits)),
          .threads = dim3(Block::kThreads),
          .shared_bytes = sizeof(Memory)},
         pass, down, output);
  if (output.splits > 1) launch(add_splits_kernel<T>, grid_for(output.numel), output);
}

/// Pieces of 64 × 64 where speed is not looked for: float64, and bfloat16 without tensor cores.
template <Math kMath, class Pass>
void multiply(const Pass& pass, const Output<typename Pass::Element>& output) {
  if constexpr (kMath == Math::fma && !std::is_same_v<typename Pass::Element, float>)
    multiply_in<kMath, BlockShape<2, 2, 32, 32>>(pass, output);  // 64 × 64
  else if (output.columns <= 16)
    multiply_in<kMath, BlockShape<4, 1, 32, 16>>(pass, output);  // 128 × 16
  else if (output.columns <= 64)
    multiply_in<kMath, BlockShape<2, 2, 64, 32>>(pass, output);  // 128 × 64
  else
    multiply_in<kMath, BlockShape<2, 4, 64, 32>>(pass, output);  // 128 × 128
}

}  // namespace kintsugi::cuda::implicit
