#pragma once
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

/// Maps, channels and kernels as pictures. One colour scale for all: 0 is black, what is positive
/// goes over orange to pale yellow, what is negative over blue to pale blue.
namespace kintsugi {

/// map [H, W] → [H, W, 3]; ±scale and beyond are the palest. A scale of 0 makes all black.
Tensor signed_colours(const Tensor& map, double scale);

/// The `count` channels of maps [H, W, C] with the largest standard deviation over the places of
/// the map, the largest first; fewer where there are fewer. On ties the lower number comes first.
std::vector<int64_t> liveliest_channels(const Tensor& maps, int64_t count);
/// Of maps [H, W, C], channel c: [H, W].
Tensor channel_of(const Tensor& maps, int64_t c);
double largest_magnitude(const Tensor& x);

enum class Scale {
  each,    ///< every channel by its own largest magnitude
  common,  ///< all by the largest magnitude of those that are shown
};
/// Channels of maps [H, W, C] as tiles, four a row. A map is drawn with a longer side of at most 64
/// pixels: larger ones as averages, smaller ones with each value as a square.
Tensor channel_sheet(const Tensor& maps, const std::vector<int64_t>& channels, Scale scale);

/// A picture [H, W, 3] with every pixel as a square, so that its longer side is at most `side`; one
/// that is larger is averaged down to it.
Tensor fitted(const Tensor& picture, int64_t side);

/// weight [kh, kw, 4, out] of a layer that sees RGB and the mask: for each of `filters` its RGB
/// part (grey is 0) and its mask part (signed_colours), each filter divided by its largest |weight|
/// of all four.
struct FirstFilters {
  Tensor rgb, mask;
};
FirstFilters first_filters(const Tensor& weight, const std::vector<int64_t>& filters);

}  // namespace kintsugi
