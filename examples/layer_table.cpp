#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "examples/support/example.h"
#include "examples/support/plot.h"
#include "glcic/html.h"
#include "layers/activation.h"
#include "layers/conv2d.h"
#include "layers/sequential.h"
#include "tensor/io/file.h"

/// A network of one's own as a table and as a picture; and its receptive field, measured.
/// docs/examples/layer_table.md.
namespace {

using namespace kintsugi;

constexpr int64_t kSize = 96;  // of the input, pixels

/// Two halvings, two dilations, and back to a map of the input's size.
NamedModules layers_of(Generator& generator) {
  const auto conv = [&](const ConvolutionOptions& options) {
    return std::make_shared<Conv2d>(options, generator);
  };
  const auto double_size = [&](const ConvolutionOptions& options) {
    return std::make_shared<ConvTranspose2d>(options, generator);
  };
  return {{"edges", conv({.in = 3, .out = 16, .kernel = 5, .padding = 2})},
          {"relu1", std::make_shared<Relu>()},
          {"halve1", conv({.in = 16, .out = 32, .stride = 2, .padding = 1})},
          {"relu2", std::make_shared<Relu>()},
          {"halve2", conv({.in = 32, .out = 64, .stride = 2, .padding = 1})},
          {"relu3", std::make_shared<Relu>()},
          {"dilated2", conv({.in = 64, .out = 64, .padding = 2, .dilation = 2})},
          {"relu4", std::make_shared<Relu>()},
          {"dilated4", conv({.in = 64, .out = 64, .padding = 4, .dilation = 4})},
          {"relu5", std::make_shared<Relu>()},
          {"double1", double_size({.in = 64, .out = 32, .kernel = 4, .stride = 2, .padding = 1})},
          {"relu6", std::make_shared<Relu>()},
          {"double2", double_size({.in = 32, .out = 16, .kernel = 4, .stride = 2, .padding = 1})},
          {"relu7", std::make_shared<Relu>()},
          {"output", conv({.in = 16, .out = 1, .kernel = 1})}};
}

/// |∂ output pixel / ∂ input|, summed over rows and channels, for each column of the input: where
/// it is not 0, the pixel looks. In float64, so that rounding is far below every influence.
std::vector<double> influence(Module& network, int64_t row, int64_t column) {
  const Tensor grey = Tensor::full({1, kSize, kSize, 3}, 0.5, {.dtype = DType::float64});
  const Variable input(grey, /*requires_grad=*/true);
  const Variable pixel = slice(slice(network(input), 1, row, 1), 2, column, 1);
  const Variable gradient = grad({sum(pixel)}, {input})[0];
  return ops::sum(ops::abs(gradient.value()), {0, 1, 3}).to_vector();
}

/// Columns from the first to the last that counts.
int64_t width_of(const std::vector<double>& influence) {
  const double least = 1e-9 * *std::max_element(influence.begin(), influence.end());
  const auto counts = [least](double value) { return value > least; };
  const auto first = std::find_if(influence.begin(), influence.end(), counts);
  const auto last = std::find_if(influence.rbegin(), influence.rend(), counts);
  return std::max<int64_t>(0, last.base() - first);
}

std::string box(double x, double y, double width, double height, const std::string& style) {
  return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" {}/>\n", x,
                     y, width, height, style);
}

std::string words(double x, double y, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{}</text>\n", x, y, colours::ink,
                     html_text(text));
}

/// A line a layer: what it is, its output as a block (edge: the map's, width: its channels), bars
/// for parameters and multiply-adds, and a square as wide as the receptive field.
std::string picture(const std::vector<LayerSummary>& rows) {
  const double line = 36, block_x = 270, bars_x = 360, seen_x = 680, size = 32;
  const auto filled = [](const char* colour) { return fmt::format("fill=\"{}\"", colour); };
  const std::string outline = fmt::format("fill=\"none\" stroke=\"{}\"", colours::soft);
  int64_t parameters = 1, multiply_adds = 1;
  for (const LayerSummary& row : rows) {
    parameters = std::max(parameters, row.parameters);
    multiply_adds = std::max(multiply_adds, row.multiply_adds);
  }
  std::string svg = words(12, 22, "layer") + words(block_x, 22, "output") +
                    words(bars_x, 22, "parameters (gold), multiply-adds (slate)") +
                    words(seen_x - 30, 22, "receptive field");
  double y = 34;
  for (const LayerSummary& row : rows) {
    const double edge = size * double(row.output[1]) / kSize,
                 seen = size * double(row.receptive_field) / kSize;
    svg += words(12, y + 20, row.name) + words(80, y + 20, row.kind);
    svg += box(block_x, y + (size - edge) / 2, double(row.output[3]), edge, filled(colours::soft));
    svg += box(bars_x, y + 5, 260 * double(row.parameters) / double(parameters), 10,
               filled(colours::gold));
    svg += box(bars_x, y + 17, 260 * double(row.multiply_adds) / double(multiply_adds), 10,
               filled(colours::slate));
    svg += box(seen_x, y, size, size, outline);
    svg +=
        box(seen_x + (size - seen) / 2, y + (size - seen) / 2, seen, seen, filled(colours::gold));
    svg += words(seen_x - 30, y + 20, std::to_string(row.receptive_field));
    y += line;
  }
  return svg_document(seen_x + size + 40, y + 8, svg);
}

bool run(const ExampleOptions& options) {
  Generator generator{.seed = options.seed};
  const NamedModules layers = layers_of(generator);
  Sequential network(layers);
  const Shape input{1, kSize, kSize, 3};
  fmt::print("{}", network.table(input));

  const std::vector<LayerSummary> rows = summarise(layers, input);
  write_file_atomically(options.out, picture(rows));
  network.to(DType::float64);
  int64_t widest = 0;  // how far a pixel sees depends on its place among the four that one becomes
  for (int64_t column = kSize / 2; column < kSize / 2 + 4; ++column)
    widest = std::max(widest, width_of(influence(network, kSize / 2, column)));
  fmt::print("receptive field, measured by gradients: {}\n", widest);
  return claim("table less measurement", double(rows.back().receptive_field - widest),
               {.at_least = 0, .at_most = 0});
}

}  // namespace

int main(int argc, char** argv) {
  return kintsugi::run_example(argc, argv,
                               {.name = "layer_table",
                                .about = "Prints a network's layer table and draws it.",
                                .out = "layer_table.svg",
                                .run = run});
}
