#pragma once
#include <algorithm>

#include "cuda/launch.h"
#include "tensor/tensor.h"

/// Work on the columns of x [outer, rows, columns]: reductions over the rows, and maps whose
/// constants differ from column to column.
namespace kintsugi::cuda {

/// Bounds of a ColumnGrid.
struct ColumnLimits {
  int rows_per_thread;  ///< rows are shared out so that each thread has at least that many
  int across = kWarp;   ///< most columns side by side in a block; a power of two
  int64_t blocks = 1;   ///< rows are cut into parts until there are that many blocks
};

/// How x is laid over blocks of kBlock threads: `across` columns side by side, `down` rows below
/// each other, `deep` matrices. Neighbouring threads take neighbouring elements, so that their
/// accesses join. The rows of a column are one block's, or cut into `splits` parts.
struct ColumnGrid {
  int64_t outer, rows, columns;
  int across, down, deep;  ///< powers of two; their product is kBlock
  int64_t tiles, splits;   ///< blocks side by side, and below each other
  int64_t split_rows;      ///< rows of a part

  ColumnGrid(int64_t outer, int64_t rows, int64_t columns, const ColumnLimits& limits);

  int64_t outputs() const { return outer * columns; }
  Grid grid(size_t shared_bytes = 0) const {
    const int64_t blocks = (outer + deep - 1) / deep * splits * tiles;
    return {.blocks = dim3(static_cast<unsigned>(blocks)), .shared_bytes = shared_bytes};
  }
};

/// Blocks that the device can run at once.
inline int64_t blocks_at_once() {
  constexpr int64_t kOfOneProcessor = 2048 / kBlock;
  return context().properties.multiProcessorCount * kOfOneProcessor;
}

/// The smallest power of two from `value` on, at most `most`.
inline int power_of_two(int64_t value, int most) {
  int power = 1;
  while (power < value && power < most) power *= 2;
  return power;
}

inline ColumnGrid::ColumnGrid(int64_t outer_, int64_t rows_, int64_t columns_,
                              const ColumnLimits& limits)
    : outer(outer_), rows(rows_), columns(columns_) {
  constexpr int64_t kJoined = 8;  // neighbours that make an access of 32 bytes
  across = power_of_two(columns, limits.across);
  const int64_t joined_rows = std::min(rows, kJoined / across);
  down = power_of_two(std::max(rows / limits.rows_per_thread, joined_rows), kBlock / across);
  deep = kBlock / across / down;
  tiles = (columns + across - 1) / across;
  const int64_t blocks = std::max<int64_t>(1, (outer + deep - 1) / deep * tiles);
  const int64_t worthwhile = rows / (static_cast<int64_t>(down) * limits.rows_per_thread);
  splits = std::max<int64_t>(1, std::min(limits.blocks / blocks, worthwhile));
  split_rows = (rows + splits - 1) / splits;
}

/// The place of a thread in a ColumnGrid. It walks on rows row, row + down, … below `end` of one
/// column; has none where it lies beside the matrix.
struct ColumnThread {
  int64_t outer, column;
  int64_t split;
  int lane;  ///< its row among the block's `down`
  int64_t row, end;

  __device__ explicit ColumnThread(const ColumnGrid& grid) {
    const int thread = static_cast<int>(threadIdx.x);
    const int64_t block = blockIdx.x;
    column = block % grid.tiles * grid.across + thread % grid.across;
    split = block / grid.tiles % grid.splits;
    outer = block / grid.tiles / grid.splits * grid.deep + thread / grid.across / grid.down;
    lane = thread / grid.across % grid.down;
    row = split * grid.split_rows + lane;
    end = (split + 1) * grid.split_rows;
    if (end > grid.rows) end = grid.rows;
    if (!inside(grid)) end = row;
  }

  __device__ bool inside(const ColumnGrid& grid) const {
    return outer < grid.outer && column < grid.columns;
  }
};

/// Room in shared memory for a value of each thread.
template <class Value>
struct BlockValues {
  Value values[kBlock];
};

/// Combines the values of `lanes` threads (a power of two) that are `distance` apart, in a fixed
/// order; lane 0 gets the result, at values[its thread] too. All threads of the block must call.
template <class Value, class Combine>
__device__ Value combine_lanes(Value* values, Value value, int lane, int lanes, int distance,
                               Combine combine) {
  const int thread = static_cast<int>(threadIdx.x);
  values[thread] = value;
  for (int half = lanes / 2; half > 0; half /= 2) {
    __syncthreads();
    if (lane >= half) continue;
    value = combine(value, values[thread + half * distance]);
    values[thread] = value;
  }
  return value;
}

/// Elements first, first + step, … of x, `count` of them, all of one column (numbered through,
/// outer·columns).
struct Run {
  int64_t first, step;
  int count;
  int64_t column;
};

/// At most so long, so that a run may be summed up in the numbers' own type.
constexpr int kLongestRun = 128;

/// Reduces the columns of a grid by R, a type with
///   Partial                                    what numbers are reduced to; Partial{} of none
///   Partial operator()(const Run&) const       of the elements of a run
///   static Partial combine(Partial, Partial)
///   void store(int64_t column, Partial) const  writes a column's result
/// Where the rows are in parts, the results go to partials [splits, outer·columns] instead.
template <class R, class Partial>
__global__ void reduce_kernel(R reduction, ColumnGrid grid, Partial* partials) {
  auto& shared = shared_memory<BlockValues<Partial>>();
  const ColumnThread at(grid);
  const int64_t column = at.outer * grid.columns + at.column;
  Partial partial{};
  for (int64_t row = at.row; row < at.end; row += kLongestRun * grid.down) {
    const int64_t rest = (at.end - row + grid.down - 1) / grid.down;
    const Run run{.first = (at.outer * grid.rows + row) * grid.columns + at.column,
                  .step = grid.down * grid.columns,
                  .count = static_cast<int>(rest < kLongestRun ? rest : kLongestRun),
                  .column = column};
    partial = R::combine(partial, reduction(run));
  }
  partial = combine_lanes(shared.values, partial, at.lane, grid.down, grid.across,
                          [](Partial a, Partial b) { return R::combine(a, b); });
  if (at.lane > 0 || !at.inside(grid)) return;
  if (grid.splits == 1)
    reduction.store(column, partial);
  else
    partials[at.split * grid.outer * grid.columns + column] = partial;
}

/// Reduces what reduce_kernel left of the parts, as a matrix [1, splits, outer·columns].
template <class R>
struct ReducePartials {
  using Partial = typename R::Partial;
  R reduction;
  const Partial* partials;

  __device__ Partial operator()(const Run& run) const {
    Partial all{};
#pragma unroll 4
    for (int k = 0; k < run.count; ++k) all = combine(all, partials[run.first + k * run.step]);
    return all;
  }
  __device__ static Partial combine(Partial a, Partial b) { return R::combine(a, b); }
  __device__ void store(int64_t column, Partial all) const { reduction.store(column, all); }
};

/// Reduces every column of x [outer, rows, columns]: in one pass, or in two where the columns alone
/// would leave the device idle. The same bits each time.
template <class R>
void reduce_columns(const R& reduction, int64_t outer, int64_t rows, int64_t columns) {
  using Partial = typename R::Partial;
  const size_t shared_bytes = sizeof(BlockValues<Partial>);
  const ColumnGrid grid(outer, rows, columns, {.rows_per_thread = 8, .blocks = blocks_at_once()});
  Tensor room;
  Partial* partials = nullptr;
  if (grid.splits > 1) {
    const int64_t bytes = grid.splits * grid.outputs() * static_cast<int64_t>(sizeof(Partial));
    room = Tensor::empty({(bytes + 7) / 8}, {.dtype = DType::float64, .device = Device::cuda});
    partials = static_cast<Partial*>(room.raw());
  }
  launch(reduce_kernel<R, Partial>, grid.grid(shared_bytes), reduction, grid, partials);
  if (grid.splits == 1) return;
  const ColumnGrid parts(1, grid.splits, grid.outputs(), {.rows_per_thread = 4, .across = 8});
  launch(reduce_kernel<ReducePartials<R>, Partial>, parts.grid(shared_bytes),
         ReducePartials<R>{reduction, partials}, parts, nullptr);
}

}  // namespace kintsugi::cuda
