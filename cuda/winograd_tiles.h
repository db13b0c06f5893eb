#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "cuda/conv_shape.h"

namespace kintsugi::cuda::winograd {

/// A convolution by 3x3 taps, a dilation apart and without stride, as Winograd computes it: from
/// `source` [batch, source_height, source_width, ·] to a target [batch, height, width, ·] whose
/// pixel (y, x) sees the source from (y + offset, x + offset) on. The target is cut into tiles of
/// outputs x outputs pixels. Pixels that lie a dilation apart are a convolution without dilation of
/// their own, a class; there are min(dilation, height) of them down and min(dilation, width)
/// across, and all get the same number of tiles.
struct Tiles {
  int batch, source_height, source_width, height, width;
  int outputs, dilation, offset;
  int classes_y = 0, classes_x = 0, tiles_y = 0, tiles_x = 0;

  /// `s`'s forward convolution, x → y, whose offset is −padding.
  static Tiles forward(const ConvShape& s, int outputs) {
    Tiles t{.batch = s.batch,
            .source_height = s.height,
            .source_width = s.width,
            .height = s.rows,
            .width = s.columns,
            .outputs = outputs,
            .dilation = s.dilation,
            .offset = -s.padding};
    t.cut();
    return t;
  }

  /// The gradient by its input, dy → dx: input pixel y is seen by the outputs y + padding −
  /// {0, 1, 2}·dilation, so it is a convolution by the taps in the reverse order.
  static Tiles input_grad(const ConvShape& s, int outputs) {
    Tiles t{.batch = s.batch,
            .source_height = s.rows,
            .source_width = s.columns,
            .height = s.height,
            .width = s.width,
            .outputs = outputs,
            .dilation = s.dilation,
            .offset = s.padding - 2 * s.dilation};
    t.cut();
    return t;
  }

  int64_t count() const { return int64_t{batch} * classes_y * classes_x * tiles_y * tiles_x; }

  /// The first pixel of a tile in the target.
  __device__ Pixel first_pixel(int tile) const {
    const int tile_x = tile % tiles_x, class_x = tile / tiles_x % classes_x;
    tile /= tiles_x * classes_x;
    const int tile_y = tile % tiles_y, class_y = tile / tiles_y % classes_y;
    return {tile / tiles_y / classes_y, class_y + tile_y * outputs * dilation,
            class_x + tile_x * outputs * dilation};
  }

 private:
  void cut() {
    const auto tiles = [&](int size, int classes) {
      const int pixels = (size + classes - 1) / classes;  // of the largest class
      return (pixels + outputs - 1) / outputs;
    };
    classes_y = std::max(1, std::min(dilation, height));
    classes_x = std::max(1, std::min(dilation, width));
    tiles_y = tiles(height, classes_y);
    tiles_x = tiles(width, classes_x);
  }
};

/// Tiles [first, first + count) of them: what is transformed and multiplied at a time.
struct TileBlock {
  int first, count;
};

}  // namespace kintsugi::cuda::winograd
