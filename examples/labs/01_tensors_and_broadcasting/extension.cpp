// Lab 1, extension. `make lab-run LAB=1` builds this with your files and runs it.
//
// How many steps of the loop over axes a broadcast sum takes: the axes that are left after
// neighbours have been merged, for a bias and for a column on a batch of pictures.
#include <fmt/core.h>

#include "tensor/cpu/broadcast.h"

int main() {
  using namespace kintsugi;
  const Shape pictures{8, 64, 64, 3};
  for (const Shape& other : {Shape{3}, Shape{64, 1, 3}, Shape{8, 1, 1, 3}, Shape{64, 3}, Shape{}}) {
    const cpu::BroadcastAxes axes(pictures, other, pictures);
    fmt::print("{} and {}: ", pictures, other);
    for (int i = 0; i < axes.count; ++i) {
      const auto& axis = axes.axes[static_cast<size_t>(i)];
      fmt::print(" {} (strides {}, {})", axis.extent, axis.a, axis.b);
    }
    fmt::print("\n");
  }
}
