#include <fmt/core.h>

#include "autograd/ops.h"
#include "examples/support/digits.h"
#include "examples/support/example.h"
#include "glcic/image_ops.h"
#include "layers/activation.h"
#include "layers/conv2d.h"
#include "layers/init.h"
#include "layers/norm.h"
#include "layers/optimizer.h"
#include "layers/sequential.h"
#include "tensor/io/image.h"

/// DCGAN (Radford, Metz & Chintala 2016) on digits that the program draws. docs/examples/dcgan.md.
namespace {

using namespace kintsugi;

constexpr int64_t kBatch = 64, kNoise = 32, kShown = 12;
constexpr Handwriting kHand{.turn = 0.1, .slant = 0.2, .shift = 0.05, .wobble = 0.03};

/// The paper's first weights: normal, deviation 0.02.
void initialise(const Module& network, Generator& generator) {
  for (StateEntry& entry : network.state())
    if (entry.variable.shape().rank() == 4)
      entry.variable.set_value(init::gaussian(entry.variable.shape(), 0.02, generator));
}

/// Noise [N, 1, 1, 32] → pictures [N, 16, 16, 1] in (−1, 1).
Sequential make_generator(Generator& random) {
  const auto up = [&](const ConvolutionOptions& options) {
    return std::make_shared<ConvTranspose2d>(options, random);
  };
  const auto norm = [](int64_t channels) {
    return std::make_shared<BatchNorm2d>(NormOptions{.channels = channels, .relu = true});
  };
  return Sequential(
      {{"project", up({.in = kNoise, .out = 128, .kernel = 4, .bias = false})},
       {"norm1", norm(128)},
       {"up1", up({.in = 128, .out = 64, .kernel = 4, .stride = 2, .padding = 1, .bias = false})},
       {"norm2", norm(64)},
       {"up2", up({.in = 64, .out = 1, .kernel = 4, .stride = 2, .padding = 1})},
       {"tanh", std::make_shared<Tanh>()}});
}

/// Pictures → logits [N, 1, 1, 1].
Sequential make_discriminator(Generator& random) {
  const auto down = [&](const ConvolutionOptions& options) {
    return std::make_shared<Conv2d>(options, random);
  };
  return Sequential(
      {{"down1", down({.in = 1, .out = 32, .kernel = 4, .stride = 2, .padding = 1})},
       {"leaky1", std::make_shared<LeakyRelu>(0.2)},
       {"down2",
        down({.in = 32, .out = 64, .kernel = 4, .stride = 2, .padding = 1, .bias = false})},
       {"norm2", std::make_shared<BatchNorm2d>(NormOptions{.channels = 64})},
       {"leaky2", std::make_shared<LeakyRelu>(0.2)},
       {"judge", down({.in = 64, .out = 1, .kernel = 4})}});
}

Variable noise(int64_t count, Generator& random) {
  return Variable(normal({count, 1, 1, kNoise}, 0, 1, random));
}

/// As the networks see them, in [−1, 1].
Variable real_pictures(int64_t count, Generator& random) {
  return Variable(ops::affine(draw_digits(count, random, kHand).pictures, 2, -1));
}

/// The two players, and a step of each.
struct Game {
  Sequential generator, discriminator;
  Adam generator_steps{generator.state(), {.rate = 0.0005, .beta1 = 0.5}};
  Adam discriminator_steps{discriminator.state(), {.rate = 0.0005, .beta1 = 0.5}};

  explicit Game(Generator& random)
      : generator(make_generator(random)), discriminator(make_discriminator(random)) {
    initialise(generator, random);
    initialise(discriminator, random);
  }

  /// Minimises −log D(x) − log(1 − D(G(z))) over D.
  double train_discriminator(const Variable& real, const Variable& fake) {
    const Variable loss =
        bce_with_logits(discriminator(real), 1) + bce_with_logits(discriminator(fake.detach()), 0);
    discriminator_steps.zero_grad();
    loss.backward();
    discriminator_steps.step();
    return loss.item();
  }
  /// Minimises −log D(G(z)) over G; D is frozen, so that no gradient is computed for it.
  double train_generator(const Variable& fake) {
    discriminator.set_frozen(true);
    const Variable loss = bce_with_logits(discriminator(fake), 1);
    generator_steps.zero_grad();
    loss.backward();
    generator_steps.step();
    discriminator.set_frozen(false);
    return loss.item();
  }
};

/// Mean over pixels of |deviation over pictures of a − that of b|: large where a game has
/// collapsed onto a few pictures.
double deviation_gap(const Tensor& a, const Tensor& b) {
  const auto deviation = [](const Tensor& x) {
    const Tensor away = ops::subtract(x, ops::mean(x, {0}, true));
    return ops::sqrt(ops::mean(ops::square(away), {0}));
  };
  return ops::mean(ops::abs(ops::subtract(deviation(a), deviation(b)))).item();
}

bool run(const ExampleOptions& options) {
  Generator random{.seed = options.seed};
  Game game(random);
  const Variable same_noise = noise(kShown, random);
  std::vector<Tensor> rows;
  const auto paint = [&](const Variable& z) {
    const NoGrad no_grad;
    return game.generator(z).value();
  };
  for (int64_t step = 1; step <= options.steps; ++step) {
    const Variable fake = game.generator(noise(kBatch, random));
    const double judge = game.train_discriminator(real_pictures(kBatch, random), fake);
    const double painter = game.train_generator(fake);
    if (step == 1 || step % 25 == 0)
      fmt::print("step {:4}  discriminator {:.3f}  generator {:.3f}\n", step, judge, painter);
    for (int64_t part : {32, 16, 8, 4, 2, 1})
      if (step == options.steps / part) rows.push_back(paint(same_noise));
  }

  const Tensor real = real_pictures(1000, random).value();
  const double gap = deviation_gap(paint(noise(1000, random)), real);
  rows.push_back(ops::slice(real, 0, 0, kShown));
  const Tensor shown = ops::affine(ops::concat(rows, 0), -0.5, 0.5);  // ink is black
  write_png(options.out, contact_sheet(separate(shown, 3), kShown, 2));
  return claim("gap between pixels' deviations", gap, {.at_most = 0.15});
}

}  // namespace

int main(int argc, char** argv) {
  return kintsugi::run_example(argc, argv,
                               {.name = "dcgan",
                                .about = "Learns to draw digits by a game of two networks.",
                                .out = "dcgan.png",
                                .steps = 400,
                                .run = run});
}
