// How far float32 convolutions are from float64, plain and by Winograd, for each layer of the
// completion network and for the network as a whole, as a Markdown table: conv_error --help.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "glcic/networks.h"
#include "tensor/backend.h"
#include "tensor/ops.h"
#include "tests/bench/layer_table.h"

namespace kintsugi::bench {
namespace {

struct Options {
  int64_t size = 256, batch = 1, width = 64;
};

Options parse(int count, char** arguments) {
  Options options;
  CLI::App program{"Errors of float32 convolutions against float64, by layer, as a Markdown table"};
  program.add_option("--size", options.size, "pictures are SIZE x SIZE, a multiple of 4")
      ->check(CLI::Range(16, 8192))
      ->capture_default_str();
  program.add_option("--batch", options.batch, "pictures")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  program.add_option("--width", options.width, "base width of the network")
      ->check(CLI::Range(2, 4096))
      ->capture_default_str();
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(program.exit(error) == 0 ? 0 : 2);
  }
  return options;
}

/// ‖x − exact‖ / ‖exact‖, Euclidean.
double relative_error(const Tensor& x, const Tensor& exact) {
  const std::vector<double> a = x.to_vector(), b = exact.to_vector();
  double error = 0, norm = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(error / norm);
}

double largest_error(const Tensor& x, const Tensor& exact) {
  return ops::max(ops::abs(ops::subtract(x.to(DType::float64), exact))).item();
}

/// What a layer meets in training: an input that a ReLU has clamped, weights and a gradient of the
/// output around zero. A transposed convolution is one run backwards, from `small` to `large`.
struct Operands {
  Tensor large, small, w, d_large, d_small;
};

Operands operands_of(const Layer& layer) {
  Generator generator{.seed = 1};
  const auto values = [&](const Shape& shape) { return normal(shape, 0, 1, generator); };
  const bool transposed = layer.kind == Layer::Kind::deconv;
  const Shape& large = transposed ? layer.output : layer.input;
  const Shape& small = transposed ? layer.input : layer.output;
  const int64_t kernel = layer.options.kernel;
  return {ops::relu(values(large)), ops::relu(values(small)),
          values({kernel, kernel, large[3], small[3]}), values(large), values(small)};
}

Operands to_float64(const Operands& o) {
  const auto wide = [](const Tensor& t) { return t.to(DType::float64); };
  return {wide(o.large), wide(o.small), wide(o.w), wide(o.d_large), wide(o.d_small)};
}

/// Forward pass, input gradient, weight gradient.
std::array<Tensor, 3> passes(const Layer& layer, const Operands& o, ConvAlgorithm algorithm) {
  set_conv_algorithm(algorithm);
  const ConvolutionOptions& options = layer.options;
  const Window window{options.kernel, options.kernel, options.stride, options.padding,
                      options.dilation};
  const auto transpose = [&](const Tensor& small) {
    return ops::conv2d_input_grad(small, o.w, window, o.large.size(1), o.large.size(2));
  };
  if (layer.kind == Layer::Kind::deconv)
    return {transpose(o.small), ops::conv2d(o.d_large, o.w, window),
            ops::conv2d_weight_grad(o.d_large, o.small, window)};
  return {ops::conv2d(o.large, o.w, window), transpose(o.d_small),
          ops::conv2d_weight_grad(o.large, o.d_small, window)};
}

/// " | blocked | winograd" for each pass; a dash where Winograd cannot do it.
std::string errors_of(const Layer& layer) {
  const Operands operands = operands_of(layer);
  const auto exact = passes(layer, to_float64(operands), ConvAlgorithm::blocked);
  const auto blocked = passes(layer, operands, ConvAlgorithm::blocked);
  const auto winograd = passes(layer, operands, ConvAlgorithm::winograd);
  std::string cells;
  for (size_t pass = 0; pass < exact.size(); ++pass) {
    const double plain = relative_error(blocked[pass], exact[pass]);
    const double fast = relative_error(winograd[pass], exact[pass]);
    cells += fmt::format(" | {:.1e} | {}", plain,
                         fast == plain ? std::string("–") : fmt::format("{:.1e}", fast));
  }
  return cells;
}

bool same_work(const Layer& a, const Layer& b) {
  return a.description == b.description && a.input == b.input;
}

void print_layers(const Options& options) {
  fmt::print(
      "| layer | | forward: blocked | Winograd | input gradient: blocked | Winograd "
      "| weight gradient: blocked | Winograd |\n|---|---|---|---|---|---|---|---|\n");
  std::vector<Layer> layers = glcic_layers(options.size, options.batch, options.width);
  std::erase_if(layers, [](const Layer& l) { return !l.name.starts_with("completion/"); });
  for (auto layer = layers.begin(); layer != layers.end(); ++layer) {
    const auto same = [&](const Layer& other) { return same_work(*layer, other); };
    if (std::any_of(layers.begin(), layer, same)) continue;
    fmt::print("| {} | {} @ {}{} |\n", layer->name.substr(layer->name.find("layer") + 5),
               layer->description, layer->input[1], errors_of(*layer));
    std::fflush(stdout);
  }
}

/// The completion network in training mode: its output, and for a random gradient of that the
/// gradients of its last and first weights.
std::vector<Tensor> run_network(CompletionNetwork& network, const Tensor& x, const Tensor& dy,
                                ConvAlgorithm algorithm) {
  set_conv_algorithm(algorithm);
  network.zero_grad();
  const Variable y = network.forward(Variable(x));
  y.backward(Variable(dy));
  std::vector<Variable> weights = network.parameters();
  std::erase_if(weights, [](const Variable& w) { return w.shape().rank() != 4; });
  return {y.value(), weights.back().grad().value(), weights.front().grad().value()};
}

void print_network(const Options& options) {
  Generator generator{.seed = 1};
  CompletionNetwork network(options.width, generator);
  const Tensor x = uniform({options.batch, options.size, options.size, 4}, 0, 1, generator);
  const Tensor dy = normal({options.batch, options.size, options.size, 3}, 0, 1, generator);
  const auto blocked = run_network(network, x, dy, ConvAlgorithm::blocked);
  const auto automatic = run_network(network, x, dy, ConvAlgorithm::automatic);
  network.to(DType::float64);
  const auto exact =
      run_network(network, x.to(DType::float64), dy.to(DType::float64), ConvAlgorithm::blocked);

  fmt::print("\n| the whole network | blocked | automatic |\n|---|---|---|\n");
  const auto print_row = [&](const char* what, size_t result, auto error) {
    fmt::print("| {} | {:.1e} | {:.1e} |\n", what, error(blocked[result], exact[result]),
               error(automatic[result], exact[result]));
  };
  print_row("output", 0, relative_error);
  print_row("output, the largest error of a number in [0, 1]", 0, largest_error);
  print_row("gradient of the last layer's weights", 1, relative_error);
  print_row("gradient of the first layer's weights", 2, relative_error);
}

}  // namespace
}  // namespace kintsugi::bench

int main(int count, char** arguments) {
  try {
    const auto options = kintsugi::bench::parse(count, arguments);
    kintsugi::bench::print_layers(options);
    kintsugi::bench::print_network(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
