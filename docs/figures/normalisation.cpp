// What a stack of layers does to its signals, forwards and backwards, without and with batch
// normalisation; and the gradient through one normalisation as what is left of dy.
#include <array>
#include <memory>

#include "autograd/ops.h"
#include "docs/figures/plot.h"
#include "layers/linear.h"
#include "layers/norm.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr int kDepth = 8;
constexpr int64_t kWidth = 64, kBatch = 256;

/// The numbers before each ReLU of a stack of linear layers, and the deviations of the loss's
/// gradients there.
struct Signals {
  std::vector<std::vector<double>> values;
  std::vector<double> gradients;
};

double deviation(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / n - sum / n * sum / n);
}

Signals signals(bool normalised) {
  Generator generator{.seed = 6};
  const TensorOptions options{.dtype = DType::float64};
  Variable x(normal({kBatch, kWidth}, 0, 1, generator, options));
  std::vector<Variable> before;
  for (int layer = 0; layer < kDepth; ++layer) {
    Linear linear({.in = kWidth, .out = kWidth}, generator);
    linear.to(DType::float64);
    Variable y = linear(x);
    if (normalised) {
      BatchNorm2d norm({.channels = kWidth});
      norm.to(DType::float64);
      y = norm(y);
    }
    y.retain_grad();
    before.push_back(y);
    x = relu(y);
  }
  const Variable target(normal({kBatch, kWidth}, 0, 1, generator, options));
  mse_loss(x, target).backward();
  Signals all;
  for (const Variable& y : before) {
    all.values.push_back(y.value().to_vector());
    all.gradients.push_back(deviation(y.grad().value().to_vector()));
  }
  return all;
}

void draw_histogram(Plot& plot, const std::vector<double>& values, const char* colour) {
  constexpr int kBins = 40;
  constexpr double kEdge = 3;
  std::array<double, kBins> counts{};
  for (const double value : values) {
    const double place = (value + kEdge) / (2 * kEdge) * kBins;
    if (place >= 0 && place < kBins) ++counts[static_cast<size_t>(place)];
  }
  const double width = 2 * kEdge / kBins;
  for (int bin = 0; bin < kBins; ++bin) {
    const double density =
        counts[static_cast<size_t>(bin)] / (static_cast<double>(values.size()) * width);
    const double left = -kEdge + width * bin;
    plot.bar(left, left + width, std::fmin(density, 1.25), colour);
  }
}

void stack_figure(const std::string& folder) {
  const Signals plain = signals(false), normed = signals(true);
  Drawing drawing(760, 420, "Signals in a stack of layers, without and with batch normalisation");
  const std::array<int, 3> shown{0, 3, 7};
  for (size_t i = 0; i < shown.size(); ++i)
    for (const bool normalised : {false, true}) {
      const Signals& from = normalised ? normed : plain;
      const char* fill = normalised ? colour::kBlue : colour::kOrange;
      const auto layer = static_cast<size_t>(shown[i]);
      Plot plot(drawing, {36.0 + 150 * static_cast<double>(i), normalised ? 230.0 : 40.0}, 130, 140,
                {-3, 3, {-2, 0, 2}}, {0, 1.25, {}}, fmt::format("layer {}", layer + 1));
      draw_histogram(plot, from.values[layer], fill);
      plot.name(0, fmt::format("{:.2f}", deviation(from.values[layer])), fill);
    }
  drawing.text({36, 18}, "plain", {.colour = colour::kOrange, .bold = true});
  drawing.text({36, 408}, "with batch norm; the number is the deviation",
               {.colour = colour::kBlue, .bold = true});

  Plot gradients(drawing, {530, 40}, 210, 330, {1, kDepth, {1, 2, 3, 4, 5, 6, 7, 8}},
                 {1e-8, 1e-3, {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3}, true},
                 "deviation of the gradient");
  gradients.x_label("layer");
  const auto over_layers = [](const Signals& from) {
    std::vector<Point> points;
    for (size_t i = 0; i < from.gradients.size(); ++i)
      points.push_back({static_cast<double>(i + 1), from.gradients[i]});
    return points;
  };
  for (const auto& [from, stroke] :
       {std::pair{&plain, colour::kOrange}, std::pair{&normed, colour::kBlue}}) {
    gradients.curve(over_layers(*from), {.colour = stroke, .width = 2});
    for (const Point& p : over_layers(*from)) gradients.dot(p, 3, stroke);
  }
  drawing.save(folder, "normalisation_stack");
}

/// Eight numbers of one channel, a gradient dy that arrives, and what of it goes on.
void gradient_figure(const std::string& folder) {
  constexpr int64_t kCount = 8;
  const TensorOptions options{.dtype = DType::float64};
  const Tensor values =
      Tensor::from({-1.5, -1.2, -0.4, -0.1, 0.2, 0.6, 0.9, 1.5}, {kCount, 1}, options);
  const Tensor arriving =
      Tensor::from({-0.2, 0.1, 0.9, 0.2, 0.6, 0.7, 0.4, 1.3}, {kCount, 1}, options);
  Variable x(values, true);
  const Variable gamma(Tensor::full({1}, 1, options)), beta(Tensor::zeros({1}, options));
  const Normalised normalised = batch_norm(x, gamma, beta);
  const std::vector<double> x_hat = normalised.y.value().to_vector();
  normalised.y.backward(Variable(arriving));
  const std::vector<double> dy = arriving.to_vector(), dx = x.grad().value().to_vector();

  double mean = 0, along = 0;
  for (size_t i = 0; i < dy.size(); ++i) {
    mean += dy[i] / kCount;
    along += dy[i] * x_hat[i] / kCount;
  }
  std::vector<double> means(dy.size(), mean), parts, rest;
  for (size_t i = 0; i < dy.size(); ++i) {
    parts.push_back(along * x_hat[i]);
    rest.push_back(dy[i] - mean - parts.back());
  }
  const double slope = 1 / std::sqrt(normalised.variance.item() + 1e-5);
  for (size_t i = 0; i < dx.size(); ++i)
    if (std::abs(dx[i] - slope * rest[i]) > 1e-12) std::exit(1);  // the picture would lie

  Drawing drawing(760, 190, "A gradient less its mean and its part along the normalised input");
  const std::array<std::pair<const char*, const std::vector<double>*>, 4> panels{
      {{"dy", &dy}, {"its mean", &means}, {"its part along x̂", &parts}, {"the rest: dx·σ", &rest}}};
  for (size_t i = 0; i < panels.size(); ++i) {
    const double left = 34 + 186 * static_cast<double>(i);
    Plot plot(drawing, {left, 34}, 150, 130, {0, kCount, {}}, {-1, 1.4, {-1, 0, 1}},
              panels[i].first);
    for (size_t k = 0; k < dy.size(); ++k)
      plot.bar(static_cast<double>(k) + 0.15, static_cast<double>(k) + 0.85, (*panels[i].second)[k],
               i == 0   ? colour::kInk
               : i == 3 ? colour::kBlue
                        : colour::kGrey);
    if (i > 0) drawing.text({left - 28, 76}, i == 3 ? "=" : "−", {.size = 18, .anchor = "middle"});
  }
  drawing.save(folder, "normalisation_gradient");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = folder_of(argc, argv);
  stack_figure(folder);
  gradient_figure(folder);
}
