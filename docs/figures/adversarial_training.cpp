// A GAN in one dimension, and the two losses that a generator can have.
#include <array>
#include <memory>
#include <numbers>

#include "autograd/ops.h"
#include "docs/figures/plot.h"
#include "layers/activation.h"
#include "layers/linear.h"
#include "layers/optimizer.h"
#include "layers/sequential.h"

namespace {

using namespace kintsugi;
using namespace kintsugi::figures;

constexpr TensorOptions kDouble{.dtype = DType::float64};
constexpr double kMean = 1.5, kDeviation = 0.5;  // of the real numbers

/// 1 → 32 → 1 numbers, with a tanh between.
std::shared_ptr<Sequential> small_network(Generator& generator) {
  auto network = std::make_shared<Sequential>(NamedModules{
      {"first", std::make_shared<Linear>(LinearOptions{.in = 1, .out = 32}, generator)},
      {"tanh", std::make_shared<Tanh>()},
      {"last", std::make_shared<Linear>(LinearOptions{.in = 32, .out = 1}, generator)}});
  network->to(DType::float64);
  return network;
}

/// A generator of numbers and its discriminator.
class Contest {
 public:
  Contest()
      : generator_(small_network(random_)),
        discriminator_(small_network(random_)),
        generator_steps_(generator_->state(), {.rate = 0.0005, .beta1 = 0.5}),
        discriminator_steps_(discriminator_->state(), {.rate = 0.002, .beta1 = 0.5}) {}

  void step() {
    constexpr int64_t kBatch = 128;
    const Variable fakes = made(kBatch);
    discriminator_steps_.zero_grad();
    (bce_with_logits((*discriminator_)(Variable(real(kBatch))), 1) +
     bce_with_logits((*discriminator_)(fakes.detach()), 0))
        .backward();
    discriminator_steps_.step();

    discriminator_->set_frozen(true);
    generator_steps_.zero_grad();
    bce_with_logits((*discriminator_)(fakes), 1).backward();
    generator_steps_.step();
    discriminator_->set_frozen(false);
  }

  Tensor real(int64_t count) { return normal({count, 1}, kMean, kDeviation, random_, kDouble); }
  Variable made(int64_t count) {
    return (*generator_)(Variable(normal({count, 1}, 0, 1, random_, kDouble)));
  }
  /// The discriminator's probability that x is real.
  std::vector<Point> opinion() {
    const NoGrad no_grad;
    return sampled(-3, 4, 141, [this](double x) {
      const Variable logit = (*discriminator_)(Variable(Tensor::from({x}, {1, 1}, kDouble)));
      return sigmoid(logit).item();
    });
  }

 private:
  Generator random_{.seed = 3};
  std::shared_ptr<Sequential> generator_, discriminator_;
  Adam generator_steps_, discriminator_steps_;
};

void draw_moment(Drawing& drawing, Point corner, Contest& contest, int step) {
  Plot plot(drawing, corner, 220, 130, {-3, 4, {-2, 0, 2, 4}}, {0, 1.2, {0, 0.5, 1}},
            fmt::format("step {}", step));
  constexpr int kBins = 70;
  std::array<double, kBins> counts{};
  const NoGrad no_grad;
  const std::vector<double> numbers = contest.made(4096).value().to_vector();
  for (const double number : numbers) {
    const double place = (number + 3) * 10;
    if (place >= 0 && place < kBins) ++counts[static_cast<size_t>(place)];
  }
  for (int bin = 0; bin < kBins; ++bin) {
    const double density =
        counts[static_cast<size_t>(bin)] / (static_cast<double>(numbers.size()) * 0.1);
    plot.bar(-3 + 0.1 * bin, -2.9 + 0.1 * bin, std::fmin(density, 1.2), "#f0b48c");
  }
  plot.curve(sampled(-3, 4, 141,
                     [](double x) {
                       const double z = (x - kMean) / kDeviation;
                       return std::exp(-z * z / 2) / (kDeviation * std::sqrt(2 * std::numbers::pi));
                     }),
             {.colour = colour::kInk, .width = 1.6});
  plot.curve(contest.opinion(), {.colour = colour::kBlue, .width = 2});
}

void contest_figure(const std::string& folder) {
  Drawing drawing(760, 410, "A one-dimensional GAN at six moments of its training");
  Contest contest;
  const std::array<int, 6> moments{0, 100, 200, 400, 800, 1600};
  int step = 0;
  for (size_t i = 0; i < moments.size(); ++i) {
    for (; step < moments[i]; ++step) contest.step();
    draw_moment(drawing, {32 + 243.0 * static_cast<double>(i % 3), i < 3 ? 34.0 : 216.0}, contest,
                step);
  }
  drawing.text({32, 395}, "real numbers: density");
  drawing.text({230, 395}, "made by the generator: density", {.colour = colour::kOrange});
  drawing.text({480, 395}, "D(x), the discriminator's probability", {.colour = colour::kBlue});
  drawing.save(folder, "adversarial_training_contest");
}

/// Both losses over the logit of a made picture, and their slopes.
void losses_figure(const std::string& folder) {
  const auto over_logits = [](auto loss) {
    std::vector<Point> heights, slopes;
    for (int i = -80; i <= 80; ++i) {
      const double at = i / 10.0;
      Variable logit(Tensor::from({at}, {1}, kDouble), true);
      const Variable value = loss(logit);
      value.backward();
      heights.push_back({at, value.item()});
      slopes.push_back({at, logit.grad().item()});
    }
    return std::pair{heights, slopes};
  };
  // log(1 − σ(s)) is minus the cross entropy with target 0.
  const auto saturating = over_logits([](const Variable& s) { return -bce_with_logits(s, 0); });
  const auto useful = over_logits([](const Variable& s) { return bce_with_logits(s, 1); });

  Drawing drawing(760, 270, "The generator's two losses and their slopes");
  const Axis logits{-8, 8, {-8, -4, 0, 4, 8}};
  Plot heights(drawing, {34, 34}, 330, 190, logits, {-8, 8, {-8, -4, 0, 4, 8}}, "loss");
  Plot slopes(drawing, {414, 34}, 330, 190, logits, {-1.2, 0.5, {-1, -0.5, 0}}, "slope");
  for (Plot* plot : {&heights, &slopes}) plot->x_label("logit s of a made picture");
  heights.curve(saturating.first, {.colour = colour::kRed, .width = 2});
  heights.curve(useful.first, {.colour = colour::kGreen, .width = 2});
  slopes.curve(saturating.second, {.colour = colour::kRed, .width = 2});
  slopes.curve(useful.second, {.colour = colour::kGreen, .width = 2});
  heights.name(0, "−log σ(s)", colour::kGreen);
  heights.name(1, "log(1 − σ(s))", colour::kRed);
  slopes.name(0, "σ(s) − 1", colour::kGreen);
  slopes.name(1, "−σ(s)", colour::kRed);
  drawing.save(folder, "adversarial_training_losses");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = folder_of(argc, argv);
  contest_figure(folder);
  losses_figure(folder);
}
