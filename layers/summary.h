#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "layers/module.h"

namespace kintsugi {

/// One line of a network's table.
struct LayerSummary {
  std::string name;  ///< "layer07"
  std::string kind;  ///< describe(): "conv 3x3, dilation 2, 256 → 256"
  Shape output;
  int64_t parameters = 0;
  int64_t multiply_adds = 0;    ///< of one forward pass
  int64_t receptive_field = 1;  ///< pixels of the input, along one axis, that one output pixel sees
};

using NamedModules = std::vector<std::pair<std::string, std::shared_ptr<Module>>>;

std::vector<LayerSummary> summarise(const NamedModules& layers, const Shape& input);
/// As aligned text, with a line of totals.
std::string summary_table(const NamedModules& layers, const Shape& input);

/// Pixels first … last along one axis. They may lie outside the map, where the padding is.
struct Interval {
  int64_t first = 0, last = 0;

  int64_t length() const { return last - first + 1; }
  bool operator==(const Interval&) const = default;
};

/// The inputs of one step that the outputs in an interval look at.
Interval inputs_of(const Footprint& step, const Interval& outputs);

/// The widest interval of input pixels that one output pixel looks at through these steps: counted
/// backwards from the output, over all alignments to the strides.
int64_t receptive_field(const std::vector<Footprint>& footprints);

}  // namespace kintsugi
