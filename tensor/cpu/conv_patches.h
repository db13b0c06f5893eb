#pragma once
#include <cstdint>
#include <vector>

#include "tensor/backend.h"

namespace kintsugi::cpu {

/// Which numbers of a map [images, height, width, channels] a convolution multiplies with its
/// weights: the patch of grid pixel (n, y, x) is the row of the source pixels
///   (n, y·step + tap_y[i], x·step + tap_x[j], all channels)    for every i, then every j,
/// zeros where that is outside the map. Patches are the rows of a matrix
/// [images·rows·columns, |tap_y|·|tap_x|·channels] that is never made as a whole.
struct PatchGrid {
  int64_t images = 0, height = 0, width = 0, channels = 0;  ///< the source
  int64_t rows = 0, columns = 0;                            ///< the grid
  int64_t step = 1;
  std::vector<int64_t> tap_y, tap_x;

  int64_t pixels() const { return images * rows * columns; }
  int64_t patch_size() const {
    return static_cast<int64_t>(tap_y.size() * tap_x.size()) * channels;
  }
  /// The patches are the map itself: a 1x1 convolution.
  bool is_identity() const;
};

/// Entries [first_entry, first_entry + entries) of the patches of `pixels` grid pixels, one row a
/// patch, rows `pitch` apart.
template <class T>
void gather_patches(const PatchGrid& grid, const T* source, int64_t first_pixel, int64_t pixels,
                    int64_t first_entry, int64_t entries, T* patches, int64_t pitch);

/// The weights of a convolution, a matrix [channels, out] for every tap (i, j):
/// w(i, j, c, o) = first[i·tap_y_stride + j·tap_x_stride + c·row_stride + o·column_stride].
/// The matrices of all taps below one another are what patches are multiplied with.
template <class T>
struct TapMatrices {
  const T* first = nullptr;
  int64_t tap_y_stride = 0, tap_x_stride = 0, row_stride = 0, column_stride = 0;

  const T* at(int64_t i, int64_t j) const { return first + i * tap_y_stride + j * tap_x_stride; }
};

/// The grid of conv2d: the output pixels, whose patches lie in the input x.
PatchGrid forward_grid(const Shape& x, const Shape& y, const Window& window);

}  // namespace kintsugi::cpu
