#include <fmt/core.h>

#include "autograd/ops.h"
#include "examples/support/example.h"
#include "examples/support/plot.h"
#include "layers/activation.h"
#include "layers/linear.h"
#include "layers/optimizer.h"
#include "layers/sequential.h"

/// Exclusive or, which no straight line can tell apart. docs/examples/xor.md.
namespace {

using namespace kintsugi;

constexpr int64_t kHidden = 4;

struct Training {
  std::vector<double> steps, losses;
};

Training train(Module& network, const Tensor& inputs, const Tensor& targets, int64_t steps) {
  Adam optimizer(network.state(), {.rate = 0.03});
  Training training;
  for (int64_t step = 1; step <= steps; ++step) {
    const Variable loss = bce_with_logits(network(Variable(inputs)), Variable(targets));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    training.steps.push_back(static_cast<double>(step));
    training.losses.push_back(loss.item());
    if (step % 50 == 0) fmt::print("step {:4}  loss {:.5f}\n", step, loss.item());
  }
  return training;
}

/// σ(network) at these points.
Tensor probabilities(Module& network, const Tensor& points) {
  const NoGrad no_grad;
  return sigmoid(network(Variable(points))).value();
}

/// The decision surface, with the line on which each hidden unit is 0: w₁·x + w₂·y + b = 0.
Plot decision_surface(Module& network, const Linear& hidden, const Tensor& inputs) {
  const Axis x{"first input", -0.5, 1.5}, y{"second input", -0.5, 1.5};
  Plot plot("σ(network): slate 0, gold 1", x, y);
  const int64_t cells = 60;
  const Tensor grid = probabilities(network, cell_centres(x, y, cells, cells));
  plot.surface(grid.reshape({cells, cells}), colours::slate, colours::gold);
  const std::vector<double> w = hidden.weight().value().to_vector();  // [2, kHidden]
  const std::vector<double> b = hidden.bias().value().to_vector();
  for (size_t unit = 0; unit < kHidden; ++unit) {
    const double w1 = w[unit], w2 = w[kHidden + unit];
    const auto height = [&](double at) { return -(b[unit] + w1 * at) / w2; };
    plot.line({x.low, x.high}, {height(x.low), height(x.high)}, colours::paper, 1);
  }
  return plot.points(inputs, colours::ink, 5);
}

bool run(const ExampleOptions& options) {
  const Tensor inputs = Tensor::from({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2});
  const Tensor targets = Tensor::from({0, 1, 1, 0}, {4, 1});

  Generator generator{.seed = options.seed};
  const auto hidden = std::make_shared<Linear>(LinearOptions{.in = 2, .out = kHidden}, generator);
  Sequential network(
      {{"hidden", hidden},
       {"tanh", std::make_shared<Tanh>()},
       {"output", std::make_shared<Linear>(LinearOptions{.in = kHidden, .out = 1}, generator)}});
  const Training training = train(network, inputs, targets, options.steps);

  const std::vector<double> answers = probabilities(network, inputs).to_vector();
  fmt::print("0 xor 0: {:.3f}   0 xor 1: {:.3f}   1 xor 0: {:.3f}   1 xor 1: {:.3f}\n", answers[0],
             answers[1], answers[2], answers[3]);
  Plot curve("cross entropy", {"step", 0, static_cast<double>(options.steps)},
             {"loss", 1e-3, 1, /*logarithmic=*/true});
  curve.line(training.steps, training.losses, colours::gold);
  write_plots(options.out, {decision_surface(network, *hidden, inputs), curve});

  const Tensor errors = ops::abs(ops::subtract(Tensor::from(answers, {4, 1}), targets));
  return claim("largest error", ops::max(errors).item(), {.at_most = 0.02});
}

}  // namespace

int main(int argc, char** argv) {
  return kintsugi::run_example(argc, argv,
                               {.name = "xor",
                                .about = "Learns exclusive or, and draws what it has learnt.",
                                .out = "xor.svg",
                                .steps = 500,
                                .run = run});
}
