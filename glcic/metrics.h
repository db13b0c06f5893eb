#pragma once
#include <string>
#include <vector>

#include "glcic/chart.h"

namespace kintsugi {

/// A run's metrics.csv, read back: numbers by column, an empty cell as NaN.
struct Metrics {
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;  ///< as many as names, all of one length

  /// Throws Error where there is no such column.
  const std::vector<double>& column(const std::string& name) const;
};

/// Throws Error, naming file and line, where a line has another number of cells than the header, or
/// a cell is no number.
Metrics read_metrics(const std::string& path);

/// Completion loss, and the losses of the discriminators and against them, over the minutes of
/// training, with the beginning of each phase marked. A chart without numbers is left out.
std::vector<Chart> loss_charts(const Metrics& metrics);

}  // namespace kintsugi
