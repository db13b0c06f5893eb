#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"

/// Times the convolutions of GLCIC's completion network and of its global discriminator, layer by
/// layer: forward with bias and ReLU, input gradient, weight gradient.
///   conv_layers [SIZE = 256] [BATCH = 1] [WIDTH = 64] [THREADS = all] [REPEATS = 5]
namespace {

using namespace kintsugi;

struct Layer {
  int64_t kernel, dilation, stride, in, out;
  int64_t shrink;  ///< the input map is SIZE / shrink
  bool transposed = false;
};

/// Channels in units of WIDTH / 64 except the pictures' own.
const std::vector<Layer> kCompletion = {
    {5, 1, 1, 4, 64, 1},          {3, 1, 2, 64, 128, 1},  {3, 1, 1, 128, 128, 2},
    {3, 1, 2, 128, 256, 2},       {3, 1, 1, 256, 256, 4}, {3, 1, 1, 256, 256, 4},
    {3, 2, 1, 256, 256, 4},       {3, 4, 1, 256, 256, 4}, {3, 8, 1, 256, 256, 4},
    {3, 16, 1, 256, 256, 4},      {3, 1, 1, 256, 256, 4}, {3, 1, 1, 256, 256, 4},
    {4, 1, 2, 256, 128, 4, true}, {3, 1, 1, 128, 128, 2}, {4, 1, 2, 128, 64, 2, true},
    {3, 1, 1, 64, 32, 1},         {3, 1, 1, 32, 3, 1},
};
const std::vector<Layer> kDiscriminator = {
    {5, 1, 2, 3, 64, 1},    {5, 1, 2, 64, 128, 2},   {5, 1, 2, 128, 256, 4},
    {5, 1, 2, 256, 512, 8}, {5, 1, 2, 512, 512, 16}, {5, 1, 2, 512, 512, 32},
};

template <class Work>
double best_seconds(int repeats, Work&& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

struct Timing {
  double forward = 0, input_grad = 0, weight_grad = 0;  ///< milliseconds
};

void time_network(const char* name, const std::vector<Layer>& layers, int64_t size, int64_t batch,
                  int64_t width, int repeats) {
  Generator generator{.seed = 1};
  auto scaled = [&](int64_t channels) { return channels < 8 ? channels : channels * width / 64; };
  fmt::print("{}\n{:>3} {:>22} {:>7}{}\n", name, "#", "shape", "GFLOP",
             "   forward GF/s    input GF/s   weight GF/s");
  Timing total;
  double work = 0;
  for (size_t index = 0; index < layers.size(); ++index) {
    const Layer& layer = layers[index];
    const int64_t in = scaled(layer.in), out = scaled(layer.out), k = layer.kernel;
    const int64_t map = size / layer.shrink;
    const int64_t small = layer.transposed ? map : map / layer.stride;
    const int64_t large = layer.transposed ? map * layer.stride : map;
    if (small < 4) break;
    const Window window{k, k, layer.stride, (k - 1) / 2 * layer.dilation, layer.dilation};
    const int64_t large_channels = layer.transposed ? out : in;
    const int64_t small_channels = layer.transposed ? in : out;
    const Tensor x = uniform({batch, large, large, large_channels}, -1, 1, generator);
    const Tensor y = uniform({batch, small, small, small_channels}, -1, 1, generator);
    const Tensor w = uniform({k, k, large_channels, small_channels}, -1, 1, generator);
    const Epilogue epilogue{uniform({out}, -1, 1, generator), true};

    const double flops = 2e-9 * static_cast<double>(y.numel() * k * k * large_channels);
    auto conv = [&](const Epilogue& e) { ops::conv2d(x, w, window, e); };
    auto transposed = [&](const Epilogue& e) {
      ops::conv2d_input_grad(y, w, window, large, large, e);
    };
    double forward = best_seconds(repeats, [&] { conv(layer.transposed ? Epilogue{} : epilogue); });
    double input =
        best_seconds(repeats, [&] { transposed(layer.transposed ? epilogue : Epilogue{}); });
    if (layer.transposed) std::swap(forward, input);
    const double weight = best_seconds(repeats, [&] { ops::conv2d_weight_grad(x, y, window); });
    fmt::print("{:>3} {:>22} {:>7.2f}", index + 1,
               fmt::format("{}x{} {}{} {}->{} @{}", k, k, layer.transposed ? "t" : "s",
                           layer.stride, in, out, map),
               flops);
    for (const double seconds : {forward, input, weight})
      fmt::print(" {:>7.2f} {:>5.0f}", seconds * 1e3, flops / seconds);
    fmt::print("\n");
    total.forward += forward * 1e3;
    total.input_grad += input * 1e3;
    total.weight_grad += weight * 1e3;
    work += flops;
  }
  fmt::print("{:>26} {:>7.2f} {:>7.1f} {:>5.0f} {:>7.1f} {:>5.0f} {:>7.1f} {:>5.0f}\n\n",
             "all (ms)", work, total.forward, work / total.forward * 1e3, total.input_grad,
             work / total.input_grad * 1e3, total.weight_grad, work / total.weight_grad * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  auto argument = [&](int index, int preset) {
    return argc > index ? std::atoi(argv[index]) : preset;
  };
  const int size = argument(1, 256), batch = argument(2, 1), width = argument(3, 64);
  const int repeats = argument(5, 5);
  if (argc > 4) set_num_threads(argument(4, 1));
  fmt::print("{} px, batch {}, width {}, {} threads, best of {}\n", size, batch, width,
             num_threads(), repeats);
  time_network("completion network", kCompletion, size, batch, width, repeats);
  time_network("discriminator", kDiscriminator, size, batch, width, repeats);
}
