// gradient_checks.svg: the error of numerical derivatives against their step h, measured with the
// library in float32 and float64, and the lines that Taylor's series and the unit roundoff predict.
//
// f(x) = 1/(1 + x²) is made of single sums, products and quotients, which every machine rounds
// alike. Its derivatives of any order come from backward, taken again and again.
#include <cmath>
#include <cstdio>

#include "autograd/ops.h"
#include "docs/figures/svg.h"
#include "tensor/error.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr int64_t kPoints = 400;

Variable f(const Variable& x) { return reciprocal(square(x) + 1); }

double root_mean_square(const std::vector<double>& values) {
  double total = 0;
  for (double value : values) total += value * value;
  return std::sqrt(total / static_cast<double>(values.size()));
}

/// f, f′, f″, … at many places at once: Σ f′(xᵢ) has the gradient f″(xᵢ), and so on.
std::vector<std::vector<double>> derivatives(const std::vector<double>& places, int orders) {
  Variable x(Tensor::from(places, {kPoints}, {.dtype = DType::float64}), true), y = f(x);
  std::vector<std::vector<double>> result{y.value().to_vector()};
  for (int order = 0; order < orders; ++order) {
    y = grad({sum(y)}, {x}, {}, {.create_graph = true})[0];
    result.push_back(y.value().to_vector());
  }
  return result;
}

std::vector<double> values_at(const std::vector<double>& places, double offset, DType dtype) {
  const Tensor x = Tensor::from(places, {kPoints}, {.dtype = dtype});
  return f(Variable(ops::affine(x, 1, offset))).value().to_vector();
}

/// The root mean square of what a stencil with step h errs by.
double error_of(bool five_points, const std::vector<double>& places,
                const std::vector<double>& exact, double h, DType dtype) {
  const auto up = values_at(places, h, dtype), down = values_at(places, -h, dtype);
  const auto far_up = values_at(places, 2 * h, dtype), far_down = values_at(places, -2 * h, dtype);
  std::vector<double> errors;
  for (size_t i = 0; i < places.size(); ++i) {
    const double near = up[i] - down[i], far = far_up[i] - far_down[i];
    errors.push_back((five_points ? (8 * near - far) / (12 * h) : near / (2 * h)) - exact[i]);
  }
  return root_mean_square(errors);
}

/// Powers of ten from 1e-11 to 1 along h, 1e-14 to 1 along the error.
Point on_paper(double h, double error) {
  return {70 + 50 * (std::log10(h) + 11), 30 + 24 * -std::log10(error)};
}

void draw_axes(Drawing& drawing) {
  const Point origin = on_paper(1e-11, 1e-14), far = on_paper(1, 1);
  drawing.rectangle({origin.x, far.y}, far.x - origin.x, origin.y - far.y, "#ffffff", colour::kInk);
  for (int power = -10; power <= 0; power += 2) {
    const Point at = on_paper(std::pow(10, power), 1e-14);
    drawing.line(at, {at.x, far.y}, {.colour = colour::kPale});
    drawing.text({at.x, at.y + 18}, fmt::format("1e{}", power), {.size = 12, .anchor = "middle"});
  }
  for (int power = -14; power <= 0; power += 2) {
    const Point at = on_paper(1e-11, std::pow(10, power));
    drawing.line(at, {far.x, at.y}, {.colour = colour::kPale});
    drawing.text({at.x - 8, at.y + 4}, fmt::format("1e{}", power), {.size = 12, .anchor = "end"});
  }
  drawing.text({(origin.x + far.x) / 2, origin.y + 38}, "step h", {.anchor = "middle"});
  drawing.text({origin.x, far.y - 10}, "error of the derivative");
}

/// error = factor·h^slope, where it lies on the paper.
void draw_prediction(Drawing& drawing, double factor, double slope) {
  std::vector<Point> points;
  for (double power = -11; power <= 0; power += 0.05) {
    const double h = std::pow(10, power), error = factor * std::pow(h, slope);
    if (error > 1e-14 && error < 1) points.push_back(on_paper(h, error));
  }
  drawing.path({points.front(), points.back()},
               {.colour = colour::kGrey, .width = 1.2, .dashes = "5 4"});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return std::fputs("figure_gradient_checks: give the folder to write to\n", stderr), 2;
  try {
    std::vector<double> places;
    for (int64_t i = 0; i < kPoints; ++i)
      places.push_back((static_cast<double>(i) - kPoints / 2 + 0.5) / 128);  // exact in float32
    const auto exact = derivatives(places, 5);

    Drawing drawing(700, 430, "Error of numerical derivatives against the step");
    draw_axes(drawing);
    draw_prediction(drawing, root_mean_square(exact[3]) / 6, 2);
    draw_prediction(drawing, root_mean_square(exact[5]) / 30, 4);
    for (double roundoff : {0x1p-53, 0x1p-24})
      draw_prediction(drawing, roundoff * root_mean_square(exact[0]), -1);
    for (const bool five_points : {false, true})
      for (const DType dtype : {DType::float32, DType::float64}) {
        std::vector<Point> curve;
        for (int step = -72; step <= 0; ++step) {  // 1, 1½, 2, 3, 4, … times 2⁻³⁶
          const double h = std::ldexp(step % 2 == 0 ? 1.0 : 1.5, (step - (step % 2 != 0)) / 2);
          const double error = error_of(five_points, places, exact[1], h, dtype);
          if (h > 1e-11 && error > 1e-14 && error < 1) curve.push_back(on_paper(h, error));
        }
        drawing.path(curve, {.colour = five_points ? colour::kBlue : colour::kOrange,
                             .width = dtype == DType::float64 ? 2.2 : 1.2});
      }
    drawing.text({130, 72}, "float32 (thin)", {.size = 12});
    drawing.text({180, 330}, "float64 (thick)", {.size = 12});
    drawing.text({370, 240}, "two points", {.colour = colour::kOrange, .anchor = "end"});
    drawing.text({482, 322}, "five points", {.colour = colour::kBlue});
    drawing.text({612, 356}, "dashed: predicted",
                 {.size = 12, .colour = colour::kGrey, .anchor = "end"});
    drawing.save(argv[1], "gradient_checks");
  } catch (const Error& error) {
    return fmt::print(stderr, "figure_gradient_checks: {}\n", error.what()), 2;
  }
}
