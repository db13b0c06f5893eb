// Times the whole completion network at inference: with one thread and with all, and for pictures
// from 64² to 1024², whose cost must be a straight line in their area. bench_scaling --help
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/backend.h"
#include "tensor/storage.h"
#include "tests/bench/network_work.h"

namespace kintsugi::bench {
namespace {

constexpr double kLeastSeconds = 0.5;  // a measurement lasts

struct Options {
  int64_t width = 64, largest = 1024;
  int threads = num_threads();
  int rounds = 3;
};

Options parse(int count, char** arguments) {
  Options options;
  CLI::App program{"Times the completion network against threads and picture area"};
  program.add_option("--width", options.width, "base width of the network")
      ->check(CLI::Range(2, 4096))
      ->capture_default_str();
  program.add_option("--largest", options.largest, "side of the largest picture, from 64 doubling")
      ->check(CLI::Range(128, 8192))
      ->capture_default_str();
  program.add_option("--threads", options.threads, "CPU threads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  program.add_option("--rounds", options.rounds, "measurements with each number of threads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(program.exit(error) == 0 ? 0 : 2);
  }
  return options;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double seconds_with(int threads, const Work& work) {
  set_num_threads(threads);
  return median_seconds(work, kLeastSeconds);
}

/// One thread and all of them take turns.
void print_threads(const Options& options) {
  constexpr int64_t kSize = 256;
  const Work work = completion_work(kSize, 1, options.width);
  std::vector<double> one, all;
  for (int round = 0; round < options.rounds; ++round) {
    one.push_back(seconds_with(1, work));
    all.push_back(seconds_with(options.threads, work));
  }
  fmt::print(
      "completion network, {0} x {0} px, width {1}: {2:.4f} s with 1 thread, {3:.4f} s with "
      "{4}, {5:.2f} times as fast\n\n",
      kSize, options.width, median(one), median(all), options.threads, median(one) / median(all));
}

/// y ≈ intercept + slope·x, the least sum of squares; fit = 1 − Σ residual² / Σ (y − mean)².
struct Line {
  double intercept, slope, fit;
};
Line fit_line(const std::vector<double>& x, const std::vector<double>& y) {
  const auto count = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0, residual = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / count;
    mean_y += y[i] / count;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  const double slope = xy / xx, intercept = mean_y - slope * mean_x;
  for (size_t i = 0; i < x.size(); ++i) residual += std::pow(y[i] - intercept - slope * x[i], 2);
  return {intercept, slope, 1 - residual / yy};
}

void print_areas(const Options& options) {
  fmt::print("{:>11} {:>9} {:>13} {:>12}\n", "px", "seconds", "s/megapixel", "memory, MiB");
  std::vector<double> megapixels, seconds;
  for (int64_t size = 64; size <= options.largest; size *= 2) {
    release_cached_memory(Device::cpu);
    reset_peak_memory(Device::cpu);
    megapixels.push_back(static_cast<double>(size * size) * 1e-6);
    seconds.push_back(seconds_with(options.threads, completion_work(size, 1, options.width)));
    fmt::print("{:>11} {:>9.4f} {:>13.3f} {:>12.1f}\n", fmt::format("{0} x {0}", size),
               seconds.back(), seconds.back() / megapixels.back(),
               static_cast<double>(memory_statistics(Device::cpu).peak) / (1 << 20));
  }
  const Line line = fit_line(megapixels, seconds);
  fmt::print(
      "straight line: {:.4f} s + {:.3f} s a megapixel, coefficient of determination {:.5f}\n",
      line.intercept, line.slope, line.fit);
}

}  // namespace
}  // namespace kintsugi::bench

int main(int count, char** arguments) {
  try {
    const kintsugi::bench::Options options = kintsugi::bench::parse(count, arguments);
    kintsugi::bench::print_threads(options);
    kintsugi::bench::print_areas(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
