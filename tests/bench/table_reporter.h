#pragma once
#include <benchmark/benchmark.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kintsugi::bench {

/// Prints benchmarks called NETWORK/LAYER/…/COLUMN as a table of medians, a line for each name
/// without its COLUMN. Benchmarks of a line follow each other; their label describes the line. Each
/// has the counters "gflops" and "of_peak".
class TableReporter final : public benchmark::BenchmarkReporter {
 public:
  /// `columns` from left to right. A cell shows ms, GFLOP/s and the fraction of the peak, and a
  /// line the sums for each network; where `compares`, ms alone, with a star at the line's
  /// shortest.
  TableReporter(std::vector<std::string> columns, bool compares);

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  struct Cell {
    double milliseconds = 0, gflops = 0, of_peak = 0;
  };
  /// What has been measured of a line so far, by column.
  using Cells = std::map<std::string, Cell>;

  void finish_line();
  void finish_network();
  void print(const std::string& name, const std::string& description, const Cells& cells) const;
  std::string text(const std::optional<Cell>& cell, bool is_shortest) const;

  std::vector<std::string> columns_;
  bool compares_;
  int name_width_, description_width_, cell_width_;
  std::string line_, description_, network_;
  Cells cells_, sums_;
};

}  // namespace kintsugi::bench
