#pragma once
#include <string>
#include <vector>

#include "tensor/tensor.h"

/// Plots as SVG files that stand alone: a row of square panels, each with its axes.
namespace kintsugi {

namespace colours {
inline constexpr const char* gold = "#b5820f";
inline constexpr const char* slate = "#3f6189";
inline constexpr const char* soft = "#8a8478";
inline constexpr const char* paper = "#fbfaf7";
inline constexpr const char* ink = "#23211d";
}  // namespace colours

struct Axis {
  std::string label;
  double low = 0, high = 1;
  bool logarithmic = false;  ///< needs 0 < low
};

/// One panel. What is drawn last lies on top; what leaves the axes is cut off.
class Plot {
 public:
  Plot(std::string title, Axis x, Axis y);

  /// A line through (x[i], y[i]).
  Plot& line(const std::vector<double>& x, const std::vector<double>& y, const std::string& colour,
             double width = 2);
  /// A dot at each row of points [N, 2].
  Plot& points(const Tensor& points, const std::string& colour, double radius = 2.5);
  /// Colours from `low` (0) to `high` (1) over the whole panel: values [rows, columns], row 0 at
  /// the bottom; values beyond 0 and 1 count as these.
  Plot& surface(const Tensor& values, const std::string& low, const std::string& high);
  /// Words that begin at (x, y).
  Plot& label(double x, double y, const std::string& words, const std::string& colour);

  /// An SVG group, kPlotSize units wide and high.
  std::string svg() const;

 private:
  double across(double x) const;
  double up(double y) const;

  std::string title_;
  Axis x_, y_;
  std::string inside_;
};

inline constexpr double kPlotSize = 340;

/// Writes the panels side by side. Throws Error where the file cannot be written.
void write_plots(const std::string& path, const std::vector<Plot>& panels);

/// An SVG document of this size, in units, on its own background, light in dark surroundings too.
std::string svg_document(double width, double height, const std::string& contents);

/// `count` numbers from low to high, both included.
std::vector<double> spaced(double low, double high, int64_t count);
/// The centres of a grid of cells: [rows·columns, 2] of (x, y), row by row from low y to high.
Tensor cell_centres(const Axis& x, const Axis& y, int64_t rows, int64_t columns);

}  // namespace kintsugi
