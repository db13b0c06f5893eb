#include <fmt/core.h>

#include <cmath>

#include "autograd/ops.h"
#include "examples/support/example.h"
#include "examples/support/plot.h"
#include "layers/linear.h"
#include "layers/optimizer.h"

/// A line through points, found by gradient descent. docs/examples/linear_regression.md.
namespace {

using namespace kintsugi;

constexpr int64_t kPoints = 60;
constexpr double kSlope = 1.5, kIntercept = -1, kNoise = 0.5;

/// A line's two numbers, as they are now.
struct Line {
  double slope, intercept;
};

Line line_of(const Linear& model) {
  return {model.weight().value().item(), model.bias().value().item()};
}

/// The line with the smallest squared error, without any steps: slope = cov(x, y) / var(x).
Line least_squares(const Tensor& x, const Tensor& y) {
  const double mean_x = ops::mean(x).item(), mean_y = ops::mean(y).item();
  const Tensor away = ops::affine(x, 1, -mean_x);
  const double covariance = ops::mean(ops::multiply(away, y)).item();
  const double variance = ops::mean(ops::square(away)).item();
  const double slope = covariance / variance;
  return {slope, mean_y - slope * mean_x};
}

/// The loss of every line in a grid of slopes and intercepts, x and y [N, 1] → [rows, columns].
Tensor loss_surface(const Tensor& x, const Tensor& y, const Axis& slopes, const Axis& intercepts) {
  const int64_t cells = 60;
  const Tensor lines = cell_centres(slopes, intercepts, cells, cells);         // [cells², 2]
  const Tensor features = ops::concat({x, Tensor::full(x.shape(), 1)}, 1);     // [N, 2]
  const Tensor guesses = ops::matmul(lines, features, {.transpose_b = true});  // [cells², N]
  const Tensor errors = ops::subtract(guesses, y.reshape({1, kPoints}));
  return ops::mean(ops::square(errors), {1}).reshape({cells, cells});
}

void draw(const std::string& path, const Tensor& x, const Tensor& y,
          const std::vector<Line>& lines) {
  Plot data("points, and the line after 0, 3, 10 and all steps", {"x", -1, 3}, {"y", -4, 5});
  data.points(ops::concat({x, y}, 1), colours::slate);
  for (size_t step : {size_t{0}, size_t{3}, size_t{10}, lines.size() - 1}) {
    if (step >= lines.size()) continue;
    const Line& line = lines[step];
    const bool is_last = step + 1 == lines.size();
    data.line({-1, 3}, {line.intercept - line.slope, line.intercept + 3 * line.slope},
              is_last ? colours::gold : colours::soft, is_last ? 3 : 1);
  }

  const Axis slopes{"slope", -1, 3}, intercepts{"intercept", -3, 1};
  Plot descent("the way down; black: the line behind the points", slopes, intercepts);
  const Tensor loss = loss_surface(x, y, slopes, intercepts);
  const Tensor height = ops::affine(ops::log(loss), 0.2, 0.3);
  descent.surface(height, colours::paper, colours::slate);
  std::vector<double> way;
  for (const Line& line : lines) way.insert(way.end(), {line.slope, line.intercept});
  const Tensor steps = Tensor::from(way, {static_cast<int64_t>(lines.size()), 2});
  descent.points(steps, colours::gold)
      .points(Tensor::from({kSlope, kIntercept}, {1, 2}), colours::ink, 4);
  write_plots(path, {data, descent});
}

bool run(const ExampleOptions& options) {
  Generator generator{.seed = options.seed};
  const Tensor x = uniform({kPoints, 1}, -1, 3, generator);
  const Tensor noise = normal({kPoints, 1}, 0, kNoise, generator);
  const Tensor y = ops::add(ops::affine(x, kSlope, kIntercept), noise);

  Linear model({.in = 1, .out = 1}, generator);
  Sgd optimizer(model.state(), {.rate = 0.1});
  std::vector<Line> lines{line_of(model)};
  for (int64_t step = 1; step <= options.steps; ++step) {
    const Variable loss = mse_loss(model(Variable(x)), Variable(y));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    lines.push_back(line_of(model));
    if (step <= 3 || step % 20 == 0)
      fmt::print("step {:3}  loss {:.4f}  y = {:.3f} x {:+.3f}\n", step, loss.item(),
                 lines.back().slope, lines.back().intercept);
  }
  const Line best = least_squares(x, y);
  fmt::print("least squares          y = {:.3f} x {:+.3f}\n", best.slope, best.intercept);
  draw(options.out, x, y, lines);
  const double gap =
      std::hypot(lines.back().slope - best.slope, lines.back().intercept - best.intercept);
  return claim("distance from least squares", gap, {.at_most = 0.001});
}

}  // namespace

int main(int argc, char** argv) {
  return kintsugi::run_example(argc, argv,
                               {.name = "linear_regression",
                                .about = "Fits a line to points by gradient descent.",
                                .out = "linear_regression.svg",
                                .steps = 100,
                                .run = run});
}
