#include <cmath>

#include "cuda/backend.h"
#include "cuda/columns.h"
#include "cuda/types.h"

namespace kintsugi {
namespace {

using namespace cuda;

/// The values of all lanes of a row combined, for each of them. All threads of the block must call.
template <class Value, class Combine>
__device__ Value combine_row(Value* values, Value value, const ColumnThread& at, int lanes,
                             Combine combine) {
  // lab 11: begin the row's values combined by halves, through shared memory
  // lab 11: instead return value;
  combine_lanes(values, value, at.lane, lanes, 1, combine);
  __syncthreads();
  const Value result = values[static_cast<int>(threadIdx.x) - at.lane];
  __syncthreads();  // before `values` is used again
  return result;
  // lab 11: end
}

/// y = softmax of the rows of x [outer, rows], or its logarithm. A row is walked on by `down`
/// threads, three times: for its maximum, for Σ exp(x − maximum), and for the results; a row that
/// fits in the cache comes out of the device's memory once.
template <class T>
__global__ void softmax_kernel(const T* __restrict__ x, ColumnGrid grid, bool logarithm,
                               T* __restrict__ y) {
  using A = Accumulate<T>;
  auto& shared = shared_memory<BlockValues<A>>();
  const ColumnThread at(grid);
  const int64_t first = at.outer * grid.rows;

  // lab 11: begin softmax or its logarithm; what stands here copies x
  // lab 11: instead for (int64_t i = at.row; i < at.end; i += grid.down)
  // lab 11: instead   y[first + i] = x[first + i];
  A highest = -INFINITY;
  for (int64_t i = at.row; i < at.end; i += grid.down) {
    const A value = static_cast<A>(x[first + i]);
    highest = value > highest ? value : highest;
  }
  highest =
      combine_row(shared.values, highest, at, grid.down, [](A a, A b) { return a > b ? a : b; });

  A sum = 0;
  for (int64_t i = at.row; i < at.end; i += grid.down)
    sum += ::exp(static_cast<A>(x[first + i]) - highest);
  sum = combine_row(shared.values, sum, at, grid.down, [](A a, A b) { return a + b; });

  const A scale = 1 / sum, logarithm_of_sum = ::log(sum);
  for (int64_t i = at.row; i < at.end; i += grid.down) {
    const A distance = static_cast<A>(x[first + i]) - highest;
    y[first + i] =
        static_cast<T>(logarithm ? distance - logarithm_of_sum : ::exp(distance) * scale);
  }
  // lab 11: end
}

}  // namespace

void CudaBackend::softmax(const Tensor& x, bool logarithm, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    const int64_t count = x.size(-1);
    if (count == 0) return;
    const ColumnGrid grid(x.numel() / count, count, 1, {.rows_per_thread = 4});
    // lab 11: begin the launch of softmax_kernel<T>, with room in shared memory
    launch(softmax_kernel<T>, grid.grid(sizeof(BlockValues<Accumulate<T>>)), x.data<T>(), grid,
           logarithm, y.data<T>());
    // lab 11: end
  });
}

}  // namespace kintsugi
