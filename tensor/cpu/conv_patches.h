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

/// Where the results of a grid's pixels go: pixel (n, y, x) of the grid is pixel
/// (n, y·step + first_y, x·step + first_x) of a map [N, height, width, channels].
template <class T>
struct OutputMap {
  T* data = nullptr;
  int64_t height = 0, width = 0, channels = 0;
  int64_t step = 1, first_y = 0, first_x = 0;

  T* pixel(int64_t image, int64_t y, int64_t x) const {
    const int64_t row = image * height + y * step + first_y;
    return data + (row * width + x * step + first_x) * channels;
  }
  /// Of the grid's pixels, counted row by row.
  T* pixel(const PatchGrid& grid, int64_t index) const {
    return pixel(index / grid.columns / grid.rows, index / grid.columns % grid.rows,
                 index % grid.columns);
  }
};

/// The weights of a convolution, a matrix [channels, out] for every tap (i, j):
/// w(i, j, c, o) = first[i·tap_y_stride + j·tap_x_stride + c·row_stride + o·column_stride].
/// The matrices of all taps below one another are what patches are multiplied with.
template <class T>
struct TapMatrices {
  const T* first = nullptr;
  int64_t tap_y_stride = 0, tap_x_stride = 0, row_stride = 0, column_stride = 0;

  const T* at(int64_t i, int64_t j) const { return first + i * tap_y_stride + j * tap_x_stride; }
};

/// One convolution without its source: conv2d is one such part, its transpose one for each class of
/// output pixels, all of one source.
template <class T>
struct ConvPart {
  PatchGrid grid;
  TapMatrices<T> weights;
  OutputMap<T> y;
};

/// The grid of conv2d: the output pixels, whose patches lie in the input x.
PatchGrid forward_grid(const Shape& x, const Shape& y, const Window& window);

}  // namespace kintsugi::cpu
