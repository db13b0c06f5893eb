#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "autograd/ops.h"
#include "examples/support/example.h"
#include "examples/support/plot.h"
#include "layers/activation.h"
#include "layers/linear.h"
#include "layers/optimizer.h"
#include "layers/sequential.h"

/// Wasserstein GAN with gradient penalty (Gulrajani et al. 2017) on eight Gaussians: a loss with a
/// gradient in it. docs/examples/wgan_gp.md.
namespace {

using namespace kintsugi;

constexpr int64_t kBatch = 256, kCriticSteps = 5, kHidden = 64, kNoise = 4;
constexpr double kLambda = 1, kRadius = 2, kDeviation = 0.1;

Sequential perceptron(int64_t in, int64_t out, Generator& random) {
  const auto linear = [&](int64_t from, int64_t to) {
    return std::make_shared<Linear>(LinearOptions{.in = from, .out = to}, random);
  };
  return Sequential({{"fc1", linear(in, kHidden)},
                     {"relu1", std::make_shared<Relu>()},
                     {"fc2", linear(kHidden, kHidden)},
                     {"relu2", std::make_shared<Relu>()},
                     {"fc3", linear(kHidden, out)}});
}

std::array<double, 2> centre(int64_t mode) {
  const double angle = 2 * std::numbers::pi * static_cast<double>(mode) / 8;
  return {kRadius * std::cos(angle), kRadius * std::sin(angle)};
}

/// Points of eight Gaussians on a circle: [N, 2].
Tensor real_points(int64_t count, Generator& random) {
  std::vector<double> points;
  for (int64_t i = 0; i < count; ++i)
    for (double place : centre(random.integer(0, 7)))
      points.push_back(place + kDeviation * random.normal());
  return Tensor::from(points, {count, 2});
}

/// ‖∂ critic / ∂ point‖ at random places on the lines between real and generated points: [N]. The
/// backward pass is recorded, so that this can be differentiated by the critic's weights.
Variable slopes(Module& critic, const Tensor& real, const Tensor& fake, Generator& random) {
  const Tensor t = uniform({real.size(0), 1}, 0, 1, random);
  const Tensor way = ops::subtract(fake, real);
  const Variable between(ops::add(real, ops::multiply(t, way)), /*requires_grad=*/true);
  const Variable gradient =
      grad({sum(critic(between))}, {between}, {}, {.create_graph = true})[0];  // [N, 2]
  return sqrt(sum(square(gradient), {1}) + 1e-12);
}

struct Curves {
  std::vector<double> steps, distances, norms;
};

/// The two players.
struct Game {
  Sequential generator, critic;
  Adam generator_steps{generator.state(), {.rate = 0.002, .beta1 = 0, .beta2 = 0.9}};
  Adam critic_steps{critic.state(), {.rate = 0.002, .beta1 = 0, .beta2 = 0.9}};

  explicit Game(Generator& random)
      : generator(perceptron(kNoise, 2, random)), critic(perceptron(2, 1, random)) {}

  Variable points(int64_t count, Generator& random) {
    return generator(Variable(normal({count, kNoise}, 0, 1, random)));
  }

  /// A step of the critic f on mean f(fake) − mean f(real) + λ·mean (slope − 1)². Returns the
  /// estimate of the Wasserstein distance, and the mean slope.
  std::array<double, 2> train_critic(Generator& random) {
    const Tensor real = real_points(kBatch, random);
    const Tensor fake = points(kBatch, random).value();
    const Variable gap = mean(critic(Variable(real))) - mean(critic(Variable(fake)));
    const Variable slope = slopes(critic, real, fake, random);
    const Variable loss = kLambda * mean(square(slope - 1)) - gap;
    critic_steps.zero_grad();
    loss.backward();
    critic_steps.step();
    return {gap.item(), mean(slope).item()};
  }
  /// A step of the generator on −mean f(fake).
  void train_generator(Generator& random) {
    critic.set_frozen(true);
    const Variable loss = -mean(critic(points(kBatch, random)));
    generator_steps.zero_grad();
    loss.backward();
    generator_steps.step();
    critic.set_frozen(false);
  }
};

Curves train(Game& game, int64_t steps, Generator& random) {
  Curves curves;
  for (int64_t step = 1; step <= steps; ++step) {
    std::array<double, 2> figures{};
    for (int64_t i = 0; i < kCriticSteps; ++i) figures = game.train_critic(random);
    game.train_generator(random);
    if (step == 1 || step % 5 == 0) {
      curves.steps.push_back(static_cast<double>(step));
      curves.distances.push_back(figures[0]);
      curves.norms.push_back(figures[1]);
    }
    if (step == 1 || step % 100 == 0)
      fmt::print("step {:4}  distance {:.3f}  mean slope {:.3f}\n", step, figures[0], figures[1]);
  }
  return curves;
}

/// Of points [N, 2]: the share within five deviations of a centre, for each centre.
std::array<double, 8> shares(const Tensor& points) {
  std::array<double, 8> shares{};
  const std::vector<double> xy = points.to_vector();
  for (size_t i = 0; i < xy.size(); i += 2)
    for (size_t mode = 0; mode < 8; ++mode) {
      const auto [x, y] = centre(static_cast<int64_t>(mode));
      if (std::hypot(xy[i] - x, xy[i + 1] - y) < 5 * kDeviation)
        shares[mode] += 2.0 / static_cast<double>(xy.size());
    }
  return shares;
}

bool run(const ExampleOptions& options) {
  Generator random{.seed = options.seed};
  Game game(random);
  const Curves curves = train(game, options.steps, random);

  const NoGrad no_grad;
  const Tensor made = game.points(1000, random).value();
  const Axis x{"x", -3, 3}, y{"y", -3, 3}, step{"step", 0, static_cast<double>(options.steps)};
  const Tensor grid = game.critic(Variable(cell_centres(x, y, 60, 60))).value().reshape({60, 60});
  const Tensor shown = ops::affine(ops::subtract(grid, ops::mean(grid)), 0.2, 0.6);
  Plot points("slate: real, gold: made, grey: the critic", x, y);
  points.surface(shown, colours::soft, colours::paper)
      .points(real_points(400, random), colours::slate, 1.5)
      .points(ops::slice(made, 0, 0, 400), colours::gold, 1.5);
  Plot norms("mean slope of the critic", step, {"slope", 0, 1.5});
  norms.line({0, step.high}, {1, 1}, colours::soft, 1)
      .line(curves.steps, curves.norms, colours::gold);
  Plot distance("estimate of the Wasserstein distance", step, {"distance", 0, 1});
  distance.line(curves.steps, curves.distances, colours::gold);
  write_plots(options.out, {points, norms, distance});

  const std::array<double, 8> near = shares(made);
  double all = 0;
  for (double share : near) all += share;
  const bool is_steep = claim("mean slope", curves.norms.back(), {.at_least = 0.9, .at_most = 1.1});
  const bool is_near = claim("share near a centre", all, {.at_least = 0.8});
  const bool is_whole = claim("share of the rarest centre",
                              *std::min_element(near.begin(), near.end()), {.at_least = 0.05});
  return is_steep && is_near && is_whole;
}

}  // namespace

int main(int argc, char** argv) {
  return kintsugi::run_example(argc, argv,
                               {.name = "wgan_gp",
                                .about = "Learns eight Gaussians with a Wasserstein GAN.",
                                .out = "wgan_gp.svg",
                                .steps = 1000,
                                .run = run});
}
