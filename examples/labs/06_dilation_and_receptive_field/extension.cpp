// Lab 6, extension. `make lab-run LAB=6` builds this with your files and runs it.
//
// Four 3x3 convolutions with these dilations: how wide is what one output pixel sees, how many of
// these pixels does it see, and what would GLCIC's network see with these four in its middle?
#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "autograd/ops.h"
#include "layers/summary.h"

namespace {

using namespace kintsugi;

/// Pixels of a row that the gradient of its middle pixel reaches: some may be left out.
int64_t pixels_seen(const std::vector<Footprint>& layers) {
  Variable x(Tensor::zeros({1, 1, 801, 1}), true), y = x;
  const Variable ones(Tensor::full({3, 3, 1, 1}, 1));
  for (const Footprint& layer : layers)
    y = conv2d(y, ones, {}, {.padding = layer.padding, .dilation = layer.dilation});
  slice(y, 2, 400, 1).backward();
  const std::vector<double> gradient = x.grad().value().to_vector();
  return std::count_if(gradient.begin(), gradient.end(), [](double g) { return g != 0; });
}

/// Layers 1 to 17 of the completion network around these.
int64_t field_in_glcic(const std::vector<Footprint>& middle) {
  const Footprint plain{3, 1, 1, 1}, halving{3, 2, 1, 1}, doubling{4, 2, 1, 1, true};
  std::vector<Footprint> layers{{5, 1, 2, 1}, halving, plain, halving, plain, plain};
  layers.insert(layers.end(), middle.begin(), middle.end());
  layers.insert(layers.end(), {plain, plain, doubling, plain, doubling, plain, plain});
  return receptive_field(layers);
}

}  // namespace

int main() {
  for (const std::vector<int64_t>& dilations : std::vector<std::vector<int64_t>>{
           {1, 1, 1, 1}, {1, 2, 4, 8}, {2, 4, 8, 16}, {1, 2, 6, 12}}) {
    std::vector<Footprint> layers;
    for (const int64_t d : dilations) layers.push_back({3, 1, d, d});
    fmt::print("dilations {}: {} pixels wide, sees {} of them; GLCIC: {}\n", Shape(dilations),
               receptive_field(layers), pixels_seen(layers), field_in_glcic(layers));
  }
}
