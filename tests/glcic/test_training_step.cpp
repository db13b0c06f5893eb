// One training step of each phase. The cases named "fault:" are those that other implementations of
// GLCIC are known for.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/ops.h"
#include "glcic/training_step.h"
#include "layers/loss.h"
#include "tensor/io/safetensors.h"
#include "tests/glcic/small_model.h"
#include "tests/reference.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 32;

struct Setup {
  Model model =
      moved_to(test_device(), make_model(kSize, 4, 11, Tensor::from({0.5, 0.4, 0.3}, {3})));
  Adadelta completion{model.completion->state()};
  Adadelta discriminators{model.discriminators->state()};
  TrainingBatch batch;

  Setup() {
    Generator generator{.seed = 2};
    std::vector<Hole> holes{{2, 3, 12, 14}, {20, 18, 12, 14}};
    std::vector<Hole> real{{9, 1, 15, 12}, {0, 0, 12, 12}};
    Tensor images = uniform({2, kSize, kSize, 3}, 0, 1, generator);
    batch = make_training_batch(images, masks_from_holes(holes, kSize, kSize), holes, real,
                                {.device = test_device()});
  }
};

/// Names of the entries whose bytes differ.
std::vector<std::string> changed(const StateDict& before, const StateDict& after) {
  std::vector<std::string> names;
  for (const auto& [name, value] : before)
    if (after.at(name).to_vector() != value.to_vector()) names.push_back(name);
  return names;
}

StateDict copy_of(const Module& module) {
  StateDict copy = module.save();
  for (auto& [name, value] : copy) value = value.clone();
  return copy;
}

bool has_gradient(const Module& module) {
  for (const Variable& parameter : module.parameters())
    if (parameter.grad().defined()) return true;
  return false;
}

}  // namespace

TEST_CASE("phase 1 changes all of the completion network and nothing else") {
  Setup setup;
  StateDict before = copy_of(*setup.model.completion);
  StateDict judges = copy_of(*setup.model.discriminators);
  StepReport report = read(train_completion(setup.model, setup.batch, setup.completion));
  CHECK(std::isfinite(report.completion_loss));
  size_t moved = changed(before, copy_of(*setup.model.completion)).size();
  CHECK(moved >= before.size() - 16);  // biases in front of a batch norm have no gradient
  CHECK(changed(judges, copy_of(*setup.model.discriminators)).empty());
}

TEST_CASE("fault: a frozen generator that moves: phase 2 leaves every byte of it unchanged") {
  Setup setup;
  StateDict before = copy_of(*setup.model.completion);
  StateDict judges = copy_of(*setup.model.discriminators);
  train_discriminators(setup.model, setup.batch, setup.discriminators);
  CHECK(changed(before, copy_of(*setup.model.completion)).empty());
  CHECK_FALSE(has_gradient(*setup.model.completion));
  CHECK(changed(judges, copy_of(*setup.model.discriminators)).size() > judges.size() / 2);
}

TEST_CASE(
    "phase 2 judges real and completed pictures each by their own statistics, real ones first") {
  Setup setup, in_turn;
  const double got =
      read(train_discriminators(setup.model, setup.batch, setup.discriminators)).discriminator_loss;

  Model& model = in_turn.model;
  const TrainingBatch& batch = in_turn.batch;
  const auto judged = [&](const Tensor& images, const Tensor& corners) {
    const Variable pictures(images);
    return model.discriminators->judge(pictures,
                                       crop_patches(pictures, corners, kSize / 2, kSize / 2));
  };
  Tensor composites;
  {
    const NoGrad no_grad;
    const Variable seen(completion_input(batch.images, batch.masks, model.mean_pixel));
    composites = composite((*model.completion)(seen).value(), batch.images, batch.masks);
  }
  const Variable real = judged(batch.images, batch.real_corners);
  const Variable fake = judged(composites, batch.hole_corners);
  const Variable loss = bce_with_logits(real, 1) + bce_with_logits(fake, 0);
  loss.backward();
  in_turn.discriminators.step();
  CHECK(got == doctest::Approx(loss.item()).epsilon(1e-5));
  const StateDict after = setup.model.discriminators->save();
  for (const auto& [name, value] : model.discriminators->save()) {
    CAPTURE(name);
    CHECK(difference(after.at(name), value) < 1e-4);
    if (name.find("running") != std::string::npos) CHECK(difference(after.at(name), value) < 1e-6);
  }
}

TEST_CASE("phase 2 completes on batch statistics, as training does") {
  Setup one, other;
  for (StateEntry& entry : other.model.completion->state())
    if (entry.is_buffer)  // running statistics that would show if they were used
      entry.variable.set_value(
          Tensor::full(entry.variable.shape(), 3, entry.variable.value().options()));
  double loss =
      read(train_discriminators(one.model, one.batch, one.discriminators)).discriminator_loss;
  CHECK(read(train_discriminators(other.model, other.batch, other.discriminators))
            .discriminator_loss == loss);
}

TEST_CASE("fault: gradients that leak: a phase-3 step updates each network from its own loss") {
  // The discriminators' half of phase 3 is phase 2's step on the same composite: what C does
  // afterwards must not show in them.
  Setup joint, alone;
  train_jointly(joint.model, joint.batch, joint.completion, joint.discriminators, 0.0004);
  train_discriminators(alone.model, alone.batch, alone.discriminators);
  CHECK(
      changed(copy_of(*alone.model.discriminators), copy_of(*joint.model.discriminators)).empty());
  CHECK_FALSE(has_gradient(*joint.model.discriminators));
  CHECK_FALSE(has_gradient(*joint.model.completion));

  // With α = 0 the completion network's half is phase 1's step.
  Setup zero, plain;
  train_jointly(zero.model, zero.batch, zero.completion, zero.discriminators, 0);
  train_completion(plain.model, plain.batch, plain.completion);
  StateDict expected = copy_of(*plain.model.completion);
  StateDict got = copy_of(*zero.model.completion);
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    std::vector<double> a = value.to_vector(), b = got.at(name).to_vector();
    for (size_t i = 0; i < a.size(); ++i) REQUIRE(b[i] == doctest::Approx(a[i]).epsilon(1e-4));
  }
}

TEST_CASE("a phase-3 step moves the completion network's running statistics once") {
  Setup joint, plain;
  train_jointly(joint.model, joint.batch, joint.completion, joint.discriminators, 0.0004);
  train_completion(plain.model, plain.batch, plain.completion);
  StateDict a = joint.model.completion->save(), b = plain.model.completion->save();
  for (const auto& [name, value] : a)
    if (name.find("running") != std::string::npos)
      CHECK(value.to_vector() == b.at(name).to_vector());
}

TEST_CASE("fault: no path from discriminator to generator: the adversarial term alone moves it") {
  Setup with, without;
  train_jointly(with.model, with.batch, with.completion, with.discriminators, 10);
  train_jointly(without.model, without.batch, without.completion, without.discriminators, 0);
  std::vector<std::string> names =
      changed(copy_of(*with.model.completion), copy_of(*without.model.completion));
  CHECK(names.size() > 17);
  // Only the hole is D's to see of C's output: the adversarial gradient is zero outside of it.
  StepReport report =
      read(train_jointly(with.model, with.batch, with.completion, with.discriminators, 1));
  CHECK(report.adversarial_gradient > 0);
  CHECK(report.completion_gradient > 0);
}

TEST_CASE("fault: a sum of squares drowns the adversarial term: the loss is a mean") {
  Setup setup;
  Generator generator{.seed = 4};
  Variable completed(uniform({2, kSize, kSize, 3}, 0, 1, generator, {.device = test_device()}));
  double sum = 0;
  std::vector<double> c = completed.value().to_vector(), x = setup.batch.images.to_vector(),
                      m = setup.batch.masks.to_vector();
  for (size_t i = 0; i < c.size(); ++i) sum += m[i / 3] * (c[i] - x[i]) * (c[i] - x[i]);
  CHECK(completion_loss(completed, setup.batch).item() ==
        doctest::Approx(sum / static_cast<double>(c.size())).epsilon(1e-5));
}

TEST_CASE("fault: another library's rate for ADADELTA: here it is 1, with ρ 0.9 and ε 1e-6") {
  AdadeltaOptions defaults;
  CHECK(defaults.rate == 1);
  CHECK(defaults.rho == 0.9);
  CHECK(defaults.eps == 1e-6);
  Setup setup;
  Variable weight = setup.model.discriminators->parameters().back();
  weight.set_grad(Variable(Tensor::full(weight.shape(), 2, weight.value().options())));
  double before = weight.value().to_vector()[0];
  setup.discriminators.step();
  double delta = std::sqrt(1e-6) / std::sqrt(0.1 * 4 + 1e-6) * 2;
  CHECK(weight.value().to_vector()[0] == doctest::Approx(before - delta).epsilon(1e-6));
}

TEST_CASE("a step is the same to the bit when it is repeated") {
  Setup a, b;
  train_jointly(a.model, a.batch, a.completion, a.discriminators, 0.0004);
  train_jointly(b.model, b.batch, b.completion, b.discriminators, 0.0004);
  CHECK(changed(save_model(a.model), save_model(b.model)).empty());
}

TEST_CASE("the three phases' steps are PyTorch's, in float64") {
  StateDict input = read_safetensors("tests/reference/parity_in.safetensors").tensors;
  StateDict expected = read_safetensors("tests/reference/parity_out.safetensors").tensors;
  Tensor images = ops::permute(input.at("images"), {0, 2, 3, 1});
  int64_t size = images.size(1);
  std::vector<Hole> holes;
  std::vector<double> rows = input.at("holes").to_vector();
  for (size_t i = 0; i < rows.size(); i += 4)
    holes.push_back({std::lround(rows[i]), std::lround(rows[i + 1]), std::lround(rows[i + 2]),
                     std::lround(rows[i + 3])});
  TrainingBatch batch =
      make_training_batch(images, masks_from_holes(holes, size, size), holes, holes,
                          {.dtype = DType::float64, .device = test_device()});
  std::vector<double> corners = input.at("real_patches").to_vector();
  std::vector<ops::Corner> real;  // the file has x, y
  for (size_t n = 0; n < corners.size(); n += 2)
    real.push_back({std::lround(corners[n + 1]), std::lround(corners[n])});
  batch.real_corners =
      ops::patch_corners(real, images.shape(), size / 2, size / 2, batch.images.options());
  double alpha = input.at("alpha").item();
  StateDict weights = input;
  for (const char* name : {"images", "holes", "real_patches", "alpha"}) weights.erase(name);

  int compared = 0;
  for (int phase : {1, 2, 3}) {
    Model model = moved_to(test_device(), load_model(weights, "reference", size));
    Adadelta c(model.completion->state()), d(model.discriminators->state());
    StepReport report = read(phase == 1   ? train_completion(model, batch, c)
                             : phase == 2 ? train_discriminators(model, batch, d)
                                          : train_jointly(model, batch, c, d, alpha));
    if (phase == 1)
      CHECK(report.completion_loss == doctest::Approx(expected.at("phase1.loss").item()));
    else
      CHECK(report.discriminator_loss ==
            doctest::Approx(
                expected.at(phase == 2 ? "phase2.loss" : "phase3.loss_discriminator").item()));
    std::string prefix = fmt::format("phase{}.", phase);
    for (const auto& [name, value] : save_model(model)) {
      auto reference = expected.find(prefix + name);
      if (reference == expected.end()) continue;
      CAPTURE(prefix + name);
      std::vector<double> got = value.to_vector(), want = reference->second.to_vector();
      std::vector<double> before = weights.at(name).to_vector();
      double largest_change = 1e-6, worst = 0;
      for (size_t i = 0; i < got.size(); ++i) {
        largest_change = std::max(largest_change, std::abs(want[i] - before[i]));
        worst = std::max(worst, std::abs(got[i] - want[i]));
      }
      CHECK(worst <= 1e-6 * largest_change);
      ++compared;
    }
  }
  CHECK(compared > 20);
}
