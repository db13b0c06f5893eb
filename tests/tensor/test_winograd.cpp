// Winograd's tiles, and its kernels with either size of tile on any grid.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tensor/cpu/conv_rungs.h"
#include "tensor/cpu/winograd.h"
#include "tensor/cpu/winograd_matrices.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::cpu;
using namespace kintsugi::naive;

namespace {

int64_t between(int64_t low, int64_t high) { return *rc::gen::inRange(low, high + 1); }

std::vector<int64_t> evenly_spaced(int64_t first, int64_t count, int64_t dilation) {
  std::vector<int64_t> taps;
  for (int64_t i = 0; i < count; ++i) taps.push_back(first + i * dilation);
  return taps;
}

/// A convolution that Winograd can do, of taps that may lie anywhere about the map.
PatchGrid arbitrary_grid(int64_t step) {
  PatchGrid grid;
  grid.images = between(1, 2);
  grid.height = between(1, 20);
  grid.width = between(1, 20);
  grid.channels = between(1, 20);
  grid.rows = between(1, 20);
  grid.columns = between(1, 20);
  grid.step = step;
  const auto taps = [&] {
    const int64_t count = between(step + 1, 3 * step);
    const int64_t dilation = step > 1 ? 1 : *rc::gen::element(1, 1, 2, 3, 9);
    return evenly_spaced(between(-count * dilation, 2), count, dilation);
  };
  grid.tap_y = taps();
  grid.tap_x = taps();
  return grid;
}

Tensor random_numbers(const Shape& shape, Generator& generator) {
  return normal(shape, 0, 1, generator, {.dtype = DType::float64});
}

template <class T>
OutputMap<T> map_of(const Tensor& y) {
  return {y.data<std::remove_const_t<T>>(), y.size(1), y.size(2), y.size(3)};
}

/// Convolutions of one source, on these grids, with random numbers.
struct Workload {
  Workload(const std::vector<PatchGrid>& grids, int64_t out) {
    Generator generator{.seed = 1};
    const PatchGrid& source = grids[0];
    x = random_numbers({source.images, source.height, source.width, source.channels}, generator);
    bias = random_numbers({out}, generator);
    const auto count = static_cast<int64_t>(grids.size());
    const int64_t matrix = source.channels * out;
    w = random_numbers({count, kMostTaps * kMostTaps * matrix}, generator);
    for (const PatchGrid& grid : grids) {
      y.push_back(random_numbers({grid.images, grid.rows, grid.columns, out}, generator));
      const double* first = w.data<double>() + static_cast<int64_t>(parts.size()) * w.size(1);
      parts.push_back(
          {grid, {first, kMostTaps * matrix, matrix, out, 1}, map_of<double>(y.back())});
    }
  }
  static constexpr int64_t kMostTaps = 9;

  Tensor x, bias, w;
  std::vector<Tensor> y;
  std::vector<ConvPart<double>> parts;
};

/// Tiles of every size that there is, whichever of them costs less.
std::vector<int64_t> tile_sizes(const WinogradPlan& plan) {
  RC_ASSERT(plan.possible());
  return plan.tile_sizes();
}

/// Checks body(grid, plan) for tiles of every size on any grids.
template <class Body>
void for_arbitrary_plans(Body body) {
  CHECK(rc::check([&] {
    const PatchGrid grid = arbitrary_grid(between(1, 3));
    WinogradPlan plan(grid, 7);
    for (const int64_t outputs : tile_sizes(plan)) {
      plan.outputs = outputs;
      body(grid, plan);
    }
  }));
}

constexpr double kTolerance = 1e-11;

/// Whether Winograd with tiles of either size equals the definition in every part.
void check_against_definition(const std::vector<PatchGrid>& grids, int64_t out, bool relu) {
  const Workload work(grids, out);
  const Epilogue epilogue{work.bias, relu};
  const double* x = work.x.data<double>();
  std::vector<std::vector<double>> expected;
  for (size_t i = 0; i < work.parts.size(); ++i) {
    const auto& [grid, weights, y] = work.parts[i];
    convolve_naive(grid, x, weights, epilogue, y);
    expected.push_back(work.y[i].to_vector());
  }
  WinogradJob<double> job(work.parts);
  for (const int64_t outputs : tile_sizes(job.plan)) {
    job.plan.outputs = outputs;
    for (Tensor y : work.y) cpu_backend().fill(y, -1);
    winograd(job, x, work.w.data<double>(), epilogue, nullptr);
    RC_LOG() << "F(" << outputs << ", " << job.plan.taps << ")";
    for (size_t i = 0; i < work.y.size(); ++i)
      RC_ASSERT(difference(work.y[i], expected[i]) < kTolerance);
  }
}

}  // namespace

TEST_CASE("Winograd computes what the definition says with either tile on any grid") {
  CHECK(rc::check([] {
    const int64_t step = between(1, 3);
    check_against_definition({arbitrary_grid(step)}, between(1, 20), between(0, 1) == 1);
  }));
}

TEST_CASE(
    "convolutions of one source, computed from the same transforms, are what they are alone") {
  CHECK(rc::check([] {
    const PatchGrid grid = arbitrary_grid(1);
    std::vector<PatchGrid> parts{grid};
    for (int64_t more = between(0, 3); more > 0; --more) {
      PatchGrid& part = parts.emplace_back(grid);
      part.rows = between(1, 20);
      part.columns = between(1, 20);
      for (std::vector<int64_t>* taps : {&part.tap_y, &part.tap_x}) {
        const int64_t shift = between(-3, 3);
        for (int64_t& tap : *taps) tap += shift;
        taps->resize(static_cast<size_t>(between(1, static_cast<int64_t>(taps->size()))));
      }
    }
    check_against_definition(parts, between(1, 20), between(0, 1) == 1);
  }));
}

TEST_CASE("Winograd's weight gradient is what the definition says with either tile on any grid") {
  CHECK(rc::check([] {
    const PatchGrid grid = arbitrary_grid(between(1, 3));
    const int64_t out = between(1, 20);
    const Workload work({grid}, out);
    const double* x = work.x.data<double>();
    const auto dy = map_of<const double>(work.y[0]);
    std::vector<double> dw(static_cast<size_t>(grid.patch_size() * out)), expected = dw;
    weight_grad_naive(grid, x, dy, expected.data());
    WinogradPlan plan(grid, out);
    for (const int64_t outputs : tile_sizes(plan)) {
      plan.outputs = outputs;
      winograd_weight_grad(grid, plan, x, dy, dw.data());
      RC_ASSERT(difference(dw, expected) < kTolerance);
    }
  }));
}

TEST_CASE("products sum over the phases whose transformed weights are not zero, and no others") {
  for_arbitrary_plans([](const PatchGrid&, const WinogradPlan& plan) {
    const WinogradRuns runs = winograd_runs(plan.y, plan.x, plan.taps, plan.points());
    RC_ASSERT(static_cast<int64_t>(runs.size()) == plan.products());
    dispatch_plan(plan, [&]<int kOutputs, int kTaps>() {
      constexpr auto& kG = kWinograd<kOutputs, kTaps>.g;
      const auto transform = [&](int64_t point, int64_t taps) {  // of 1, 3, 9: zero by no chance
        double sum = 0, weight = 1;
        for (int64_t tap = 0; tap < taps; ++tap, weight *= 3) sum += kG[point][tap] * weight;
        return sum;
      };
      for (int64_t k = 0; k < plan.products(); ++k) {
        std::vector<bool> summed(static_cast<size_t>(plan.phases())), expected;
        for (const auto& [first, count] : runs[static_cast<size_t>(k)])
          std::fill_n(summed.begin() + first, count, true);
        for (const WinogradAxis::Phase& y : plan.y.phases)
          for (const WinogradAxis::Phase& x : plan.x.phases)
            expected.push_back(transform(k / plan.points(), y.taps) != 0 &&
                               transform(k % plan.points(), x.taps) != 0);
        RC_ASSERT(summed == expected);
      }
    });
  });
}

TEST_CASE("transformed weights that are kept are made once, and used as they are") {
  const PatchGrid grid{1, 12, 12, 20, 12, 12, 1, {-1, 0, 1}, {-1, 0, 1}};
  Workload work({grid}, 17);
  const WinogradJob<double> job(work.parts);
  const auto result = [&](KeptWeights* kept) {
    winograd(job, work.x.data<double>(), work.w.data<double>(), {}, kept);
    return work.y[0].clone();
  };
  const Tensor expected = result(nullptr);
  KeptWeights kept;
  CHECK(same_bits(result(&kept), expected));
  cpu_backend().fill(work.w, 0);
  CHECK(same_bits(result(&kept), expected));
  CHECK(result(nullptr).to_vector() == std::vector<double>(12 * 12 * 17, 0.0));
}

TEST_CASE("a plan's number of tiles is the number of tiles that there are") {
  for_arbitrary_plans([](const PatchGrid& grid, const WinogradPlan& plan) {
    const auto rows = winograd_tile_starts(grid.rows, plan.outputs, plan.y.dilation);
    const auto columns = winograd_tile_starts(grid.columns, plan.outputs, plan.x.dilation);
    RC_ASSERT(plan.tiles(grid) == grid.images * static_cast<int64_t>(rows.size() * columns.size()));
  });
}

TEST_CASE("tiles write every pixel of the output once, and nothing else") {
  for_arbitrary_plans([](const PatchGrid& grid, const WinogradPlan& plan) {
    dispatch_plan(plan, [&]<int kOutputs, int kTaps>() {
      const WinogradTiles<double, kOutputs, kTaps> tiles(grid, plan, nullptr);
      std::vector<int> writes(static_cast<size_t>(grid.pixels()));
      const OutputMap<int> map{writes.data(), grid.rows, grid.columns, 1};
      for (int64_t tile = 0; tile < tiles.count(); ++tile)
        for (int* pixel : tiles.outputs(tile, grid, map)) {
          if (pixel == nullptr) continue;
          RC_ASSERT(pixel >= writes.data() && pixel < writes.data() + writes.size());
          ++*pixel;
        }
      RC_ASSERT(writes == std::vector<int>(writes.size(), 1));
    });
  });
}
