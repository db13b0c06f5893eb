// Lab 10. Parts 1 and 2 stand in glcic/mask.cpp, parts 3 to 6 in glcic/training_step.cpp. The
// networks are GLCIC's own, narrow and for pictures of 16 x 16, in float64.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/gradient.h"
#include "glcic/training_step.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 16;
constexpr double kAlpha = 0.3;  // large, so that both terms show
const double kLog2 = std::log(2.0);

Model small_model() {
  StateDict weights = save_model(make_model(kSize, 4, 11, Tensor::from({0.5, 0.4, 0.3}, {3})));
  for (auto& [name, value] : weights) value = value.to(DType::float64);
  return load_model(weights, "lab 10", kSize);
}

Tensor corners(const std::vector<ops::Corner>& of) {
  return ops::patch_corners(of, {2, kSize, kSize, 3}, kSize / 2, kSize / 2,
                            {.dtype = DType::float64});
}

/// Two pictures with holes of 6 x 7, rows 3 to 8 and 8 to 13. Needs no part of the lab.
TrainingBatch small_batch(uint64_t seed = 1) {
  std::vector<double> mask(2 * kSize * kSize, 0.0);
  const auto dig = [&](int64_t picture, int64_t top, int64_t left) {
    for (int64_t row = top; row < top + 6; ++row)
      for (int64_t column = left; column < left + 7; ++column)
        mask[static_cast<size_t>((picture * kSize + row) * kSize + column)] = 1;
  };
  dig(0, 3, 2);
  dig(1, 8, 7);
  const Tensor images = ops::affine(lab::random_tensor({2, kSize, kSize, 3}, seed), 0.5, 0.5);
  return {.images = images,
          .masks = Tensor::from(mask, {2, kSize, kSize, 1}, images.options()),
          .hole_corners = corners({{.row = 2, .column = 1}, {.row = 7, .column = 6}}),
          .real_corners = corners({{.row = 8, .column = 5}, {.row = 0, .column = 3}})};
}

/// An optimiser that keeps the gradients that it gets and changes nothing.
class Recorder final : public Optimizer {
 public:
  explicit Recorder(Module& module) : Optimizer(module.state(), 0), state_(module.state()) {
    make_slots({});
  }
  /// Gradients by name; empty where a parameter had none.
  StateDict gradients;

 private:
  void update(std::span<const ParameterStep> parameters) override {
    for (const StateEntry& entry : state_)
      for (const ParameterStep& step : parameters)
        if (!entry.is_buffer && step.weight.raw() == entry.variable.value().raw())
          gradients[entry.name] = step.grad.clone();
  }
  std::vector<StateEntry> state_;
};

/// A model whose steps are recorded, and taken by nobody.
struct Observed {
  Model model = small_model();
  Recorder completion{*model.completion};
  Recorder judges{*model.discriminators};
};

StateDict copy_of(const Module& module) {
  StateDict copy = module.save();
  for (auto& [name, value] : copy) value = value.clone();
  return copy;
}

/// The gradients that a step got, one element of every second parameter of `module`, against
/// differences of loss(): each element is moved a little.
template <class Loss>
void expect_gradients(const std::string& what, Module& module, const StateDict& gradients,
                      const Loss& loss) {
  constexpr double kStep = 1e-6;
  std::vector<double> got, slopes;
  int number = 0;
  for (StateEntry& entry : module.state()) {
    if (entry.is_buffer || number++ % 2 > 0) continue;
    if (!gradients.contains(entry.name)) {
      FAIL_CHECK(what << ": " << entry.name << " gets no gradient at all");
      return;
    }
    const int64_t element = entry.variable.value().numel() / 2;
    const Tensor before = entry.variable.value();
    const auto moved = [&](double by) {
      const Tensor value = before.clone();
      value.data<double>()[element] += by;
      entry.variable.set_value(value);
      return loss();
    };
    slopes.push_back((moved(kStep) - moved(-kStep)) / (2 * kStep));
    entry.variable.set_value(before);
    got.push_back(gradients.at(entry.name).data<double>()[element]);
  }
  const Shape shape{static_cast<int64_t>(got.size())};
  const TensorOptions options{.dtype = DType::float64};
  lab::expect_equal(what + ", an element of every second parameter",
                    Tensor::from(got, shape, options), Tensor::from(slopes, shape, options), 1e-5);
}

void expect_mask(const Hole& hole) {
  const Tensor mask = mask_from_holes(std::vector{hole}, 5, 6);
  std::vector<double> expected;
  for (int64_t row = 0; row < 5; ++row)
    for (int64_t column = 0; column < 6; ++column)
      expected.push_back(row >= hole.y && row < hole.y + hole.height && column >= hole.x &&
                         column < hole.x + hole.width);
  lab::expect_equal(fmt::format("a hole of {} x {} (width x height) at column {}, row {}",
                                hole.width, hole.height, hole.x, hole.y),
                    mask, Tensor::from(expected, {5, 6, 1}));
}

void expect_corner(const Hole& hole, int64_t size, Corner expected) {
  const Corner got = local_patch_corner(hole, size);
  if (got == expected) return;
  FAIL_CHECK(fmt::format(
      "picture {0} x {0}, hole of {1} x {2} (width x height) at column {3}, row "
      "{4}: the patch is at column {5}, row {6}, but must be at column {7}, row "
      "{8}",
      size, hole.width, hole.height, hole.x, hole.y, got.x, got.y, expected.x, expected.y));
}

}  // namespace

TEST_CASE("a mask is 1 in its hole and 0 elsewhere") {
  for (const Hole& hole : {Hole{1, 2, 3, 2}, Hole{0, 0, 1, 4}, Hole{5, 4, 1, 1}, Hole{0, 0, 6, 5}})
    expect_mask(hole);
}

TEST_CASE("a hole that leaves the picture is refused") {
  for (const Hole& hole : {Hole{4, 0, 3, 2}, Hole{0, 4, 2, 3}, Hole{-1, 0, 2, 2}, Hole{0, -1, 2, 2},
                           Hole{1, 1, 0, 2}, Hole{1, 1, 2, 0}}) {
    std::string sentence = "nothing was thrown";
    try {
      mask_from_holes(std::vector{hole}, 5, 6);
    } catch (const Error& error) {
      sentence = error.what();
    }
    for (const int64_t number : {hole.width, hole.height, int64_t{6}, int64_t{5}})
      if (sentence.find(std::to_string(number)) == std::string::npos)
        FAIL_CHECK(
            fmt::format("a hole of {} x {} at column {}, row {} of 6 x 5 pixels: an Error "
                        "must name {}; it says: {}",
                        hole.width, hole.height, hole.x, hole.y, number, sentence));
  }
}

TEST_CASE("the local patch is centred on the hole") {
  expect_corner({12, 14, 8, 4}, 32, {8, 8});  // centre (16, 16), patch 16
  expect_corner({10, 3, 4, 20}, 32, {4, 5});  // centre (12, 13)
  expect_corner({12, 12, 7, 9}, 32, {7, 8});  // centre (15.5, 16.5)
  expect_corner({50, 20, 10, 11}, 80, {35, 5});
}

TEST_CASE("the local patch stays inside the picture") {
  expect_corner({0, 0, 4, 4}, 32, {0, 0});
  expect_corner({28, 1, 4, 5}, 32, {16, 0});
  expect_corner({2, 25, 6, 7}, 32, {0, 16});
}

TEST_CASE("phase 2 keeps every byte of the completion network") {
  Observed o;
  const StateDict before = copy_of(*o.model.completion);
  train_discriminators(o.model, small_batch(), o.judges);
  for (const auto& [name, value] : o.model.completion->save())
    lab::expect_equal(name + " after phase 2", value, before.at(name), 0);
  for (const Variable& parameter : o.model.completion->parameters()) {
    if (parameter.grad().defined())
      FAIL_CHECK("a parameter of C has a gradient after phase 2, which C's next step would take");
    if (!parameter.requires_grad()) FAIL_CHECK("C stays frozen after phase 2");
  }
}

TEST_CASE("phase 2 completes by the batch's statistics") {
  Observed plain, other;
  for (StateEntry& entry : other.model.completion->state())
    if (entry.is_buffer)  // running statistics that would show if they were used
      entry.variable.set_value(
          Tensor::full(entry.variable.shape(), 3, entry.variable.value().options()));
  const TrainingBatch batch = small_batch();
  lab::expect_equal("the judges' loss, where C has other running statistics",
                    read(train_discriminators(other.model, batch, other.judges)).discriminator_loss,
                    read(train_discriminators(plain.model, batch, plain.judges)).discriminator_loss,
                    1e-12);
  if (!other.model.completion->is_training()) FAIL_CHECK("C is left in eval mode");
}

TEST_CASE("the losses of judges that know nothing") {
  Observed o;
  for (StateEntry& entry : o.model.discriminators->state())
    if (!entry.is_buffer && entry.name.starts_with("fc."))  // the last layer: all logits are 0
      entry.variable.set_value(Tensor::zeros(entry.variable.shape(), {.dtype = DType::float64}));
  const StepReport report =
      read(train_jointly(o.model, small_batch(), o.completion, o.judges, kAlpha));
  lab::expect_equal("discriminator_loss where all logits are 0", report.discriminator_loss,
                    2 * kLog2);
  lab::expect_equal("adversarial_loss where all logits are 0", report.adversarial_loss, kLog2);
  lab::expect_equal("real_mean where all logits are 0", report.real_mean, 0.5);
  lab::expect_equal("fake_mean where all logits are 0", report.fake_mean, 0.5);
}

TEST_CASE("the gradient of the judges' loss") {
  Observed o;
  const TrainingBatch batch = small_batch();
  train_discriminators(o.model, batch, o.judges);
  Recorder unused(*o.model.discriminators);
  expect_gradients(
      "the gradient of discriminator_loss by D", *o.model.discriminators, o.judges.gradients,
      [&] { return read(train_discriminators(o.model, batch, unused)).discriminator_loss; });
}

TEST_CASE("the judges learn to tell real from completed") {
  Model model = small_model();
  Adadelta optimizer(model.discriminators->state());
  const TrainingBatch batch = small_batch();
  StepReport report{};
  for (int step = 0; step < 20; ++step)
    report = read(train_discriminators(model, batch, optimizer));
  if (!(report.real_mean > report.fake_mean + 0.1))
    FAIL_CHECK(
        fmt::format("after 20 steps D gives real pictures {:.3f} and completed ones {:.3f}: "
                    "are the labels exchanged?",
                    report.real_mean, report.fake_mean));
}

TEST_CASE("real patches lie elsewhere, and pictures are kept outside of the hole") {
  const TrainingBatch batch = small_batch();
  TrainingBatch moved = batch;
  moved.real_corners = corners({{.row = 1, .column = 0}, {.row = 5, .column = 8}});
  Observed one, two, three;
  const StepReport a = read(train_discriminators(one.model, batch, one.judges));
  const StepReport b = read(train_discriminators(two.model, moved, two.judges));
  if (a.real_mean == b.real_mean)
    FAIL_CHECK("real_mean does not depend on the corners of M_d, where real patches lie");
  lab::expect_equal("fake_mean where the real patches lie elsewhere", b.fake_mean, a.fake_mean,
                    1e-12);

  TrainingBatch whole = batch;  // nothing to complete, and both see the same patches
  whole.masks = Tensor::zeros(batch.masks.shape(), batch.masks.options());
  whole.hole_corners = whole.real_corners;
  const StepReport c = read(train_discriminators(three.model, whole, three.judges));
  lab::expect_equal("fake_mean where there is no hole, so that composites are the pictures",
                    c.fake_mean, c.real_mean, 1e-12);
}

TEST_CASE("the gradient of phase 3 by the completion network") {
  Observed o;
  const TrainingBatch batch = small_batch();
  train_jointly(o.model, batch, o.completion, o.judges, kAlpha);
  Recorder unused(*o.model.completion);
  expect_gradients("the gradient of completion_loss + 0.3·adversarial_loss by C",
                   *o.model.completion, o.completion.gradients, [&] {
                     const StepReport report =
                         read(train_jointly(o.model, batch, unused, o.judges, kAlpha));
                     return report.completion_loss + kAlpha * report.adversarial_loss;
                   });
}

TEST_CASE("the norms of both gradients") {
  const TrainingBatch batch = small_batch();
  Observed o, other;
  const Tensor output = [&] {
    const NoGrad no_grad;
    return (*o.model.completion)(
               Variable(completion_input(batch.images, batch.masks, o.model.mean_pixel)))
        .value();
  }();
  const StepReport report = read(train_jointly(o.model, batch, o.completion, o.judges, kAlpha));
  double squares = 0;
  for (int64_t i = 0; i < output.numel(); ++i)
    if (batch.masks.data<double>()[i / 3] > 0) {
      const double slope = 2 * (output.data<double>()[i] - batch.images.data<double>()[i]) /
                           static_cast<double>(output.numel());
      squares += slope * slope;
    }
  lab::expect_equal("completion_gradient", report.completion_gradient, std::sqrt(squares));
  if (!(report.adversarial_gradient > 0))
    FAIL_CHECK("adversarial_gradient is " << report.adversarial_gradient);
  lab::expect_equal("adversarial_gradient with alpha 0",
                    read(train_jointly(other.model, batch, other.completion, other.judges, 0))
                        .adversarial_gradient,
                    report.adversarial_gradient, 1e-9);
}

TEST_CASE("the completion network learns to pass for real") {
  Model model = small_model();
  Adadelta completion(model.completion->state());
  Recorder judges(*model.discriminators);
  const TrainingBatch batch = small_batch();
  const double before = read(train_jointly(model, batch, completion, judges, 100)).fake_mean;
  double after = before;
  for (int step = 0; step < 20; ++step)
    after = read(train_jointly(model, batch, completion, judges, 100)).fake_mean;
  if (!(after > before + 0.002))
    FAIL_CHECK(
        fmt::format("after 20 steps with alpha 100 completed pictures get {:.4f}, before "
                    "{:.4f}: is the adversarial loss that of the label real?",
                    after, before));
}

TEST_CASE("two equal batches are as one") {
  Observed one, two;
  const TrainingBatch batch = small_batch();
  train_jointly(one.model, batch, one.completion, one.judges, kAlpha);
  train_jointly(two.model, std::vector{batch, batch}, two.completion, two.judges, kAlpha);
  for (const auto& [of, gradients] :
       {std::pair{&one.judges.gradients, &two.judges.gradients},
        std::pair{&one.completion.gradients, &two.completion.gradients}})
    for (const auto& [name, value] : *of)
      lab::expect_equal("the gradient of " + name + ", of two equal batches", gradients->at(name),
                        value, 1e-9);
}

TEST_CASE("the completion loss is a mean over all numbers") {
  const TrainingBatch batch = small_batch();
  const Tensor completed = lab::random_tensor(batch.images.shape(), 5);
  double sum = 0;
  for (int64_t i = 0; i < completed.numel(); ++i) {
    const double error = completed.data<double>()[i] - batch.images.data<double>()[i];
    if (batch.masks.data<double>()[i / 3] > 0) sum += error * error;
  }
  const double mean = sum / static_cast<double>(completed.numel());
  const double loss = completion_loss(Variable(completed), batch).item();
  lab::expect_equal(fmt::format("the loss, {:.4g} times of what it should be", loss / mean), loss,
                    mean);
}

TEST_CASE("the gradient of the completion loss") {
  const TrainingBatch batch = small_batch();
  const Tensor completed = lab::random_tensor(batch.images.shape(), 6);
  const Variable x(completed, true);
  const Tensor gradient = grad({completion_loss(x, batch)}, {x})[0].value();
  for (int64_t i = 0; i < completed.numel(); ++i)
    if (batch.masks.data<double>()[i / 3] == 0 && gradient.data<double>()[i] != 0) {
      FAIL_CHECK("the gradient is not 0 at element " << i << ", outside of the hole");
      break;
    }
  TrainingBatch small = batch;  // a corner of the first picture, with a piece of its hole
  small.images = ops::slice(ops::slice(ops::slice(batch.images, 0, 0, 1), 1, 2, 3), 2, 1, 3);
  small.masks = ops::slice(ops::slice(ops::slice(batch.masks, 0, 0, 1), 1, 2, 3), 2, 1, 3);
  lab::expect_gradient(
      "completion_loss", [&](const Variables& in) { return completion_loss(in[0], small); },
      {{.shape = {1, 3, 3, 3}}}, 0, "the completed picture");
}
