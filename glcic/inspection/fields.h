#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "glcic/mask.h"
#include "layers/summary.h"

/// Theoretical receptive fields, from the layers alone: which pixels of the input a unit of a map
/// can depend on. What lies outside changes nothing, whatever the weights are.
namespace kintsugi {

/// The input pixels that pixel `pixel` of the output looks at through these steps, first to last.
Interval field_of(const std::vector<Footprint>& steps, int64_t pixel);
/// The pixels that one step reads for a pixel of its output: dilation apart, or, where it is
/// transposed, those that reach it.
std::vector<int64_t> taps_of(const Footprint& step, int64_t pixel);

/// A unit of a layer's map, and what it sees.
struct FieldStep {
  std::string name, kind;  ///< of the layer (LayerSummary)
  int64_t side = 1;        ///< the widest field of the layer's units: LayerSummary::receptive_field
  Corner unit{};           ///< the place in the layer's map
  Hole field{};            ///< in pixels of the input
  /// Where the units lie that the layer's last step reads for this one, in pixels of the input:
  /// columns and rows of a grid.
  std::vector<double> tap_columns{}, tap_rows{};
};

/// For each layer, of the units that see the most, the one nearest to the hole's centre. input
/// [1, H, W, C]; layers that keep maps [1, h, w, c].
std::vector<FieldStep> walk_fields(const NamedModules& layers, const Shape& input,
                                   const Hole& hole);
/// The first layer whose unit sees all of the hole's box; none where there is none.
std::optional<size_t> first_spanning(const std::vector<FieldStep>& walk, const Hole& hole);

}  // namespace kintsugi
