// Paths of the optimisers over an ill-conditioned bowl and through Rosenbrock's valley, and how
// fast they come down the bowl.
#include <functional>
#include <memory>
#include <numbers>

#include "autograd/ops.h"
#include "docs/figures/plot.h"
#include "layers/optimizer.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

using Landscape = std::function<Variable(const Variable& x, const Variable& y)>;
using MakeOptimizer = std::function<std::unique_ptr<Optimizer>(std::vector<StateEntry>)>;

struct Method {
  const char *name, *colour;
  MakeOptimizer make;
};

template <class Kind, class Options>
MakeOptimizer maker(Options options) {
  return [options](std::vector<StateEntry> parameters) {
    return std::make_unique<Kind>(std::move(parameters), options);
  };
}

/// ½(x² + 25·y²): 25 times as steep in one direction as in the other.
Variable bowl(const Variable& x, const Variable& y) { return 0.5 * (square(x) + 25 * square(y)); }

/// (1 − x)² + 100·(y − x²)²: a bent valley, lowest at (1, 1).
Variable rosenbrock(const Variable& x, const Variable& y) {
  return square(affine(x, -1, 1)) + 100 * square(y - square(x));
}

struct Path {
  std::vector<Point> places, heights;  ///< heights over steps
};

Path walk(const Landscape& landscape, const MakeOptimizer& make, Point start, int steps) {
  const TensorOptions options{.dtype = DType::float64};
  Variable x(Tensor::from({start.x}, {1}, options), true);
  Variable y(Tensor::from({start.y}, {1}, options), true);
  const std::unique_ptr<Optimizer> optimizer =
      make({{.name = "x", .variable = x}, {.name = "y", .variable = y}});
  Path path;
  for (int step = 0; step <= steps; ++step) {
    const Variable height = landscape(x, y);
    path.places.push_back({x.item(), y.item()});
    path.heights.push_back({static_cast<double>(step), height.item()});
    optimizer->zero_grad();
    height.backward();
    optimizer->step();
  }
  return path;
}

constexpr const char* kContour = "#c3c9d1";

void draw_path(Plot& plot, const Path& path, const Method& method) {
  plot.curve(path.places, {.colour = method.colour, .width = 1.4});
  for (size_t i = 0; i < path.places.size(); i += 10) plot.dot(path.places[i], 1.8, method.colour);
}

void bowl_figure(const std::string& folder) {
  const std::vector<Method> methods{
      {"SGD, rate 0.075", colour::kRed, maker<Sgd>(SgdOptions{.rate = 0.075})},
      {"momentum 0.8, rate 0.03", colour::kOrange,
       maker<Sgd>(SgdOptions{.rate = 0.03, .momentum = 0.8})},
      {"Adam, rate 0.1", colour::kBlue, maker<Adam>(AdamOptions{.rate = 0.1})},
      {"ADADELTA", colour::kGreen, maker<Adadelta>(AdadeltaOptions{})},
  };
  Drawing drawing(760, 400, "Four optimisers on an ill-conditioned bowl");
  Plot plot(drawing, {40, 34}, 400, 320, {-3.2, 1.2, {-3, -2, -1, 0, 1}}, {-1.4, 1.4, {-1, 0, 1}},
            "½(x² + 25y²), 100 steps; a dot every 10");
  for (const double level : {0.25, 1.0, 2.5, 5.0, 10.0, 15.0, 20.0}) {
    std::vector<Point> ellipse;
    for (int i = 0; i <= 120; ++i) {
      const double angle = 2 * std::numbers::pi * i / 120;
      ellipse.push_back(
          {std::sqrt(2 * level) * std::cos(angle), std::sqrt(2 * level / 25) * std::sin(angle)});
    }
    plot.curve(ellipse, {.colour = kContour});
  }
  Plot heights(drawing, {510, 34}, 234, 320, {0, 300, {0, 100, 200, 300}},
               {1e-9, 30, {1e-9, 1e-6, 1e-3, 1}, true}, "height");
  heights.x_label("steps");
  for (size_t i = 0; i < methods.size(); ++i) {
    const Method& method = methods[i];
    draw_path(plot, walk(bowl, method.make, {-3, 1}, 100), method);
    heights.curve(walk(bowl, method.make, {-3, 1}, 300).heights,
                  {.colour = method.colour, .width = 1.4});
    plot.name(static_cast<int>(i) + 15, method.name, method.colour);
  }
  drawing.save(folder, "optimisers_bowl");
}

void rosenbrock_figure(const std::string& folder) {
  const std::vector<Method> methods{
      {"SGD, rate 0.0012", colour::kRed, maker<Sgd>(SgdOptions{.rate = 0.0012})},
      {"momentum 0.9, rate 0.0005", colour::kOrange,
       maker<Sgd>(SgdOptions{.rate = 0.0005, .momentum = 0.9})},
      {"Adam, rate 0.02", colour::kBlue, maker<Adam>(AdamOptions{.rate = 0.02})},
      {"ADADELTA", colour::kGreen, maker<Adadelta>(AdadeltaOptions{})},
  };
  Drawing drawing(760, 400, "Four optimisers in Rosenbrock's valley");
  Plot plot(drawing, {40, 34}, 700, 330, {-1.6, 1.4, {-1, 0, 1}}, {-0.5, 1.8, {0, 1}},
            "Rosenbrock's valley (1 − x)² + 100(y − x²)², 600 steps; a dot every 10");
  for (const double level : {0.2, 1.0, 4.0, 20.0, 60.0, 150.0, 300.0})
    for (const double side : {-1.0, 1.0})
      plot.curve(sampled(1 - std::sqrt(level), 1 + std::sqrt(level), 200,
                         [=](double x) {
                           const double rest = std::fmax(level - (1 - x) * (1 - x), 0);
                           return x * x + side * std::sqrt(rest / 100);
                         }),
                 {.colour = kContour});
  plot.dot({1, 1}, 5, colour::kInk);
  for (size_t i = 0; i < methods.size(); ++i) {
    const Path path = walk(rosenbrock, methods[i].make, {-1.3, 1.2}, 600);
    draw_path(plot, path, methods[i]);
    plot.dot(path.places.back(), 4.5, methods[i].colour);
    plot.name(static_cast<int>(i), methods[i].name, methods[i].colour, 250);
  }
  drawing.save(folder, "optimisers_rosenbrock");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = folder_of(argc, argv);
  bowl_figure(folder);
  rosenbrock_figure(folder);
}
