#include "tensor/cpu/winograd_tiles.h"

namespace kintsugi::cpu {

WinogradAxis::WinogradAxis(const std::vector<int64_t>& kernel, int64_t stride) : step(stride) {
  const auto count = static_cast<int64_t>(kernel.size());
  if (count == 0) return;
  if (count > 1) dilation = kernel[1] - kernel[0];
  for (size_t i = 1; i < kernel.size(); ++i)
    if (kernel[i] - kernel[i - 1] != dilation) return;
  if (step > 1 && dilation > 1) return;
  for (int64_t first = 0; first < std::min(step, count); ++first) {
    phases.push_back(
        {kernel[static_cast<size_t>(first)], first, (count - first + step - 1) / step});
    taps = std::max(taps, phases.back().taps);
  }
}

std::vector<int64_t> winograd_tile_starts(int64_t size, int64_t outputs, int64_t dilation) {
  std::vector<int64_t> starts;
  for (int64_t first = 0; first < std::min(dilation, size); ++first)
    for (int64_t y = first; y < size; y += outputs * dilation) starts.push_back(y);
  return starts;
}

WinogradRuns winograd_runs(const WinogradAxis& y, const WinogradAxis& x, int64_t taps,
                           int64_t points) {
  const auto columns = static_cast<int64_t>(x.phases.size());
  // How many phases of an axis are summed at a point; those with all taps come first.
  const auto summed = [&](const WinogradAxis& axis, int64_t point) {
    int64_t count = 0;
    for (const WinogradAxis::Phase& phase : axis.phases)
      count += point + 1 < points || phase.taps == taps;
    return count;
  };
  WinogradRuns all;
  for (int64_t k = 0; k < points * points; ++k) {
    const int64_t rows = summed(y, k / points), in_row = summed(x, k % points);
    if (in_row == columns || rows == 0) {
      all.push_back({{0, rows * columns}});
      continue;
    }
    all.emplace_back();
    for (int64_t row = 0; row < rows; ++row) all.back().push_back({row * columns, in_row});
  }
  return all;
}

namespace {

/// Number of tiles along one axis, as winograd_tile_starts counts them.
int64_t tile_count(int64_t size, int64_t outputs, int64_t dilation) {
  const int64_t whole = size / dilation, longer = size % dilation;  // pixels in each residue class
  const auto tiles = [&](int64_t pixels) { return (pixels + outputs - 1) / outputs; };
  return longer * tiles(whole + 1) + (dilation - longer) * tiles(whole);
}

// Transforming one number takes the time of so many multiply-adds of a matrix product (measured);
// of the weights, with reading it for each block of tiles.
constexpr double kWeightTransform = 80, kMapTransform = 10;

/// Channels that could be transformed in the time that these take: a channel that does not fill a
/// vector takes as long as one.
double transformed_channels(int64_t channels) {
  constexpr int64_t kWidth = kLanes<float>;
  return static_cast<double>((channels / kWidth + channels % kWidth) * kWidth);
}

}  // namespace

WinogradPlan::WinogradPlan(const PatchGrid& grid, int64_t out,
                           const std::vector<std::array<WinogradAxis, 2>>& parts)
    : y(grid.tap_y, grid.step), x(grid.tap_x, grid.step) {
  if (y.phases.empty() || x.phases.empty() || grid.pixels() * grid.channels * out == 0) return;
  taps = std::max(y.taps, x.taps);
  if (taps < 2 || taps > 3) return;
  const auto axes = parts.empty() ? std::vector{std::array{y, x}} : parts;
  const double pairs =  // of channels
      static_cast<double>(grid.channels * out) / static_cast<double>(axes.size());
  const double transforms = static_cast<double>(phases()) * transformed_channels(grid.channels) +
                            transformed_channels(out);
  for (const int64_t candidate : tile_sizes()) {
    WinogradPlan plan = *this;
    plan.outputs = candidate;
    int64_t summed = 0;  // phases, in all products together
    for (const auto& [own_y, own_x] : axes)
      for (const auto& runs : winograd_runs(own_y, own_x, taps, plan.points()))
        for (const WinogradRun& run : runs) summed += run.count;
    const auto count = static_cast<double>(plan.tiles(grid));
    plan.cost = static_cast<double>(summed) * pairs * (count + kWeightTransform) +
                static_cast<double>(plan.products()) * transforms * count * kMapTransform;
    if (!possible() || plan.cost < cost) *this = plan;
  }
}

std::vector<int64_t> WinogradPlan::tile_sizes() const {
  // F(5, 2) would take fewer products than F(3, 2), but 2¼ times the memory for the weights'
  // transforms; it was slower for every deconvolution of GLCIC (docs/fast-convolution.md).
  return taps == 3 ? std::vector<int64_t>{4, 2} : std::vector<int64_t>{3};
}

int64_t WinogradPlan::tiles(const PatchGrid& grid) const {
  return grid.images * tile_count(grid.rows, outputs, y.dilation) *
         tile_count(grid.columns, outputs, x.dilation);
}

}  // namespace kintsugi::cpu
