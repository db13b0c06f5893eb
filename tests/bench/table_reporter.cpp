#include "tests/bench/table_reporter.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace kintsugi::bench {
namespace {

constexpr int kRatesWidth = 22, kTimeWidth = 10;

/// The median, or the only run where there were no repetitions.
const benchmark::BenchmarkReporter::Run& median_of(
    const std::vector<benchmark::BenchmarkReporter::Run>& runs) {
  const auto median = std::find_if(runs.begin(), runs.end(),
                                   [](const auto& run) { return run.aggregate_name == "median"; });
  return median == runs.end() ? runs.front() : *median;
}

/// Padded on the right to a width in characters, since "→" is three bytes long.
std::string padded(const std::string& text, int width) {
  const auto characters =
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return text + std::string(static_cast<size_t>(std::max<int64_t>(width - characters, 0)), ' ');
}

}  // namespace

TableReporter::TableReporter(std::vector<std::string> columns, bool compares)
    : columns_(std::move(columns)),
      compares_(compares),
      name_width_(compares ? 31 : 19),
      description_width_(compares ? 48 : 38),
      cell_width_(compares ? kTimeWidth : kRatesWidth) {}

bool TableReporter::ReportContext(const Context&) {
  const std::string margin = padded("layer", name_width_ + description_width_ + 1);
  fmt::print("{}", margin);
  for (const std::string& column : columns_) fmt::print(" {:>{}}", column, cell_width_);
  fmt::print("\n{:{}}", "", margin.size());
  for (size_t i = 0; i < columns_.size(); ++i)
    fmt::print(" {:>{}}", compares_ ? "ms " : "ms GFLOP/s  peak", cell_width_);
  fmt::print("\n");
  return true;
}

void TableReporter::ReportRuns(const std::vector<Run>& runs) {
  const Run& run = median_of(runs);
  const std::string& name = run.run_name.function_name;
  const std::string line = name.substr(0, name.rfind('/'));
  const std::string network = name.substr(0, name.find('/'));
  if (line != line_) finish_line();
  if (network != network_) finish_network();
  line_ = line;
  network_ = network;
  description_ = run.report_label;
  cells_[name.substr(name.rfind('/') + 1)] = {.milliseconds = run.GetAdjustedRealTime(),
                                              .gflops = run.counters.at("gflops"),
                                              .of_peak = run.counters.at("of_peak")};
}

void TableReporter::Finalize() {
  finish_line();
  finish_network();
}

void TableReporter::finish_line() {
  if (cells_.empty()) return;
  print(line_, description_, cells_);
  for (const auto& [column, cell] : cells_) {
    Cell& sum = sums_[column];
    const double milliseconds = sum.milliseconds + cell.milliseconds;
    // Rates are operations over time: their mean is weighted by time.
    sum.gflops = (sum.gflops * sum.milliseconds + cell.gflops * cell.milliseconds) / milliseconds;
    sum.of_peak =
        (sum.of_peak * sum.milliseconds + cell.of_peak * cell.milliseconds) / milliseconds;
    sum.milliseconds = milliseconds;
  }
  cells_.clear();
}

void TableReporter::finish_network() {
  if (sums_.empty()) return;
  if (!compares_) print(network_, "together", sums_);
  fmt::print("\n");
  sums_.clear();
}

void TableReporter::print(const std::string& name, const std::string& description,
                          const Cells& cells) const {
  const auto shortest = std::min_element(
      cells.begin(), cells.end(),
      [](const auto& a, const auto& b) { return a.second.milliseconds < b.second.milliseconds; });
  fmt::print("{} {}", padded(name, name_width_), padded(description, description_width_));
  for (const std::string& column : columns_) {
    const auto cell = cells.find(column);
    fmt::print(" {}", cell == cells.end() ? text(std::nullopt, false)
                                          : text(cell->second, cell == shortest));
  }
  fmt::print("\n");
  std::fflush(stdout);
}

std::string TableReporter::text(const std::optional<Cell>& cell, bool is_shortest) const {
  if (!cell) return padded("", cell_width_);
  if (compares_) return fmt::format("{:>9.3f}{}", cell->milliseconds, is_shortest ? '*' : ' ');
  return fmt::format("{:>8.3f} {:>7.1f} {:>5.2f}", cell->milliseconds, cell->gflops, cell->of_peak);
}

}  // namespace kintsugi::bench
