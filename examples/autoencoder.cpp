#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "autograd/ops.h"
#include "examples/support/digits.h"
#include "examples/support/example.h"
#include "examples/support/plot.h"
#include "glcic/image_ops.h"
#include "layers/activation.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "layers/optimizer.h"
#include "layers/sequential.h"
#include "tensor/io/image.h"

/// Digits squeezed through two numbers and unfolded again. docs/examples/autoencoder.md.
namespace {

using namespace kintsugi;

constexpr int64_t kBatch = 64, kPixels = kDigitSize * kDigitSize;
constexpr int64_t kMap = 320, kTiles = kMap / kDigitSize;  // pixels; decoded digits a row
constexpr int64_t kUnseen = 300;
/// A calm hand: a digit's kind, and little else, is what two numbers can tell.
constexpr Handwriting kHand{.turn = 0.1, .slant = 0.2, .shift = 0.05, .wobble = 0.03};

NamedModules perceptron(const std::vector<int64_t>& sizes, Generator& generator) {
  NamedModules layers;
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    if (i > 0) layers.emplace_back(fmt::format("relu{}", i), std::make_shared<Relu>());
    const LinearOptions linear{.in = sizes[i], .out = sizes[i + 1]};
    layers.emplace_back(fmt::format("fc{}", i + 1), std::make_shared<Linear>(linear, generator));
  }
  return layers;
}

/// σ(decoder(codes)) as pictures: codes [N, 2] in [−1, 1] → [N, 16, 16, 1].
Tensor decode(Module& decoder, const Tensor& codes) {
  const NoGrad no_grad;
  const Tensor pictures = sigmoid(decoder(Variable(codes))).value();
  return pictures.reshape({codes.size(0), kDigitSize, kDigitSize, 1});
}

double train(Module& encoder, Module& decoder, Optimizer& optimizer, int64_t steps,
             Generator& generator) {
  double average = 0;  // of the loss, over about a hundred steps
  for (int64_t step = 1; step <= steps; ++step) {
    const Tensor pictures =
        draw_digits(kBatch, generator, kHand).pictures.reshape({kBatch, kPixels});
    const Variable code = encoder(Variable(pictures));
    const Variable loss = bce_with_logits(decoder(code), Variable(pictures));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    average = step == 1 ? loss.item() : 0.99 * average + 0.01 * loss.item();
    if (step == 1 || step % 200 == 0) fmt::print("step {:4}  loss {:.4f}\n", step, average);
  }
  return average;
}

/// Every digit at the place of its code, in its kind's colour.
Tensor draw_codes(const DigitBatch& digits, const Tensor& codes) {
  Tensor map = Tensor::full({kMap, kMap, 3}, 1);
  const std::vector<double> places = codes.to_vector();
  const float* ink = digits.pictures.data<float>();
  for (size_t i = 0; i < digits.labels.size(); ++i)
    for (int64_t pixel = 0; pixel < kPixels; ++pixel, ++ink) {
      const auto corner = [&](double code) {
        return std::lround((code + 1) / 2 * (kMap - kDigitSize));
      };
      const int64_t column = corner(places[2 * i]) + pixel % kDigitSize;
      const int64_t row = corner(-places[2 * i + 1]) + pixel / kDigitSize;
      float* rgb = map.data<float>() + (row * kMap + column) * 3;
      for (int channel = 0; channel < 3; ++channel) {
        const double hue = double(digits.labels[i]) / 10 + channel / 3.0;
        const double colour = 0.4 + 0.4 * std::cos(2 * std::numbers::pi * hue);
        rgb[channel] += *ink * (float(colour) - rgb[channel]);
      }
    }
  return map;
}

/// What the decoder makes of every place of the square.
Tensor draw_decoded(Module& decoder) {
  const Tensor codes = cell_centres({"", -1, 1}, {"", 1, -1}, kTiles, kTiles);  // from the top
  const Tensor tiles = decode(decoder, codes);
  const Tensor sheet = contact_sheet(separate(ops::affine(tiles, -1, 1)), kTiles, 0);
  return ops::broadcast_to(sheet, {kMap, kMap, 3});
}

bool run(const ExampleOptions& options) {
  Generator generator{.seed = options.seed};
  NamedModules down = perceptron({kPixels, 256, 64, 2}, generator);
  // Without it all codes soon crowd into one corner, and learning ends.
  down.emplace_back("norm", std::make_shared<BatchNorm2d>(NormOptions{.channels = 2}));
  down.emplace_back("tanh", std::make_shared<Tanh>());
  const auto encoder = std::make_shared<Sequential>(down);
  const auto decoder = std::make_shared<Sequential>(perceptron({2, 64, 256, kPixels}, generator));
  Sequential both({{"encoder", encoder}, {"decoder", decoder}});
  Adam optimizer(both.state(), {.rate = 0.001});
  const double loss = train(*encoder, *decoder, optimizer, options.steps, generator);

  both.eval();
  const NoGrad no_grad;
  const DigitBatch unseen = draw_digits(kUnseen, generator, kHand);
  const Variable pictures(unseen.pictures.reshape({kUnseen, kPixels}));
  const Tensor codes = (*encoder)(pictures).value();
  write_png(options.out, contact_sheet({draw_codes(unseen, codes), draw_decoded(*decoder)}, 2, 8));
  return claim("loss", loss, {.at_most = 0.21});
}

}  // namespace

int main(int argc, char** argv) {
  return kintsugi::run_example(argc, argv,
                               {.name = "autoencoder",
                                .about = "Maps drawn digits to two numbers and back.",
                                .out = "autoencoder.png",
                                .steps = 2000,
                                .run = run});
}
