#include "glcic/training_step.h"

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "layers/loss.h"

namespace kintsugi {

namespace {

/// Freezes a module for as long as it lives.
class Frozen {
 public:
  explicit Frozen(Module& module) : module_(module) { module.set_frozen(true); }
  ~Frozen() { module_.set_frozen(false); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  Module& module_;
};

std::vector<ops::Corner> patch_corners(const std::vector<Hole>& holes, int64_t size) {
  std::vector<ops::Corner> corners;
  for (const Hole& hole : holes) {
    Corner corner = local_patch_corner(hole, size);
    corners.push_back({.row = corner.y, .column = corner.x});
  }
  return corners;
}

Variable judge(Model& model, const Variable& pictures, const std::vector<ops::Corner>& corners) {
  int64_t patch = pictures.size(1) / 2;
  return model.discriminators->judge(pictures, crop_patches(pictures, corners, patch, patch));
}

double norm(const Variable& gradient) {
  return std::sqrt(ops::sum(ops::square(gradient.value())).item());
}

double mean_probability(const Variable& logits) {
  return ops::mean(ops::sigmoid(logits.value())).item();
}

Variable complete_batch(Model& model, const TrainingBatch& batch) {
  return (*model.completion)(
      Variable(completion_input(batch.images, batch.masks, model.mean_pixel)));
}

/// The discriminators' half of phases 2 and 3; `composites` carry no graph.
void step_discriminators(Model& model, const TrainingBatch& batch, const Tensor& composites,
                         Optimizer& optimizer, StepReport& report) {
  Variable real = judge(model, Variable(batch.images), batch.real_corners);
  Variable fake = judge(model, Variable(composites), batch.hole_corners);
  Variable loss = bce_with_logits(real, 1) + bce_with_logits(fake, 0);
  optimizer.zero_grad();
  loss.backward();
  optimizer.step();
  optimizer.zero_grad();
  report.discriminator_loss = loss.item();
  report.real_mean = mean_probability(real);
  report.fake_mean = mean_probability(fake);
}

}  // namespace

StepReport::StepReport() {
  completion_loss = discriminator_loss = adversarial_loss = real_mean = fake_mean =
      completion_gradient = adversarial_gradient = std::numeric_limits<double>::quiet_NaN();
}

TrainingBatch make_training_batch(const Tensor& images, const Tensor& masks,
                                  const std::vector<Hole>& holes,
                                  const std::vector<Hole>& real_regions, TensorOptions options) {
  int64_t size = images.size(1);
  return {.images = images.to(options.dtype).to(options.device),
          .masks = masks.to(options.dtype).to(options.device),
          .hole_corners = patch_corners(holes, size),
          .real_corners = patch_corners(real_regions, size)};
}

Variable completion_loss(const Variable& completed, const TrainingBatch& batch) {
  return mean(square(Variable(batch.masks) * (completed - Variable(batch.images))));
}

StepReport train_completion(Model& model, const TrainingBatch& batch, Optimizer& completion) {
  Variable loss = completion_loss(complete_batch(model, batch), batch);
  completion.zero_grad();
  loss.backward();
  completion.step();
  completion.zero_grad();
  StepReport report;
  report.completion_loss = loss.item();
  return report;
}

StepReport train_discriminators(Model& model, const TrainingBatch& batch,
                                Optimizer& discriminators) {
  Tensor completed;
  {
    Frozen frozen(*model.completion);
    NoGrad no_grad;
    completed = complete_batch(model, batch).value();
  }
  StepReport report;
  step_discriminators(model, batch, composite(completed, batch.images, batch.masks), discriminators,
                      report);
  return report;
}

StepReport train_jointly(Model& model, const TrainingBatch& batch, Optimizer& completion,
                         Optimizer& discriminators, double alpha) {
  StepReport report;
  Variable output = complete_batch(model, batch);
  step_discriminators(model, batch, composite(output.value(), batch.images, batch.masks),
                      discriminators, report);

  // Both losses are functions of C's output alone, so their gradients meet there: each has its norm
  // taken, and one backward pass carries their sum on through C.
  Variable completed(output.value(), true);
  Variable loss = completion_loss(completed, batch);
  Variable loss_gradient = grad({loss}, {completed})[0];
  Frozen frozen(*model.discriminators);
  Variable fake = judge(model, composite(completed, batch.images, batch.masks), batch.hole_corners);
  Variable adversarial = bce_with_logits(fake, 1);
  Variable adversarial_gradient = grad({adversarial}, {completed})[0];

  completion.zero_grad();
  output.backward(loss_gradient + alpha * adversarial_gradient);
  completion.step();
  completion.zero_grad();
  report.completion_loss = loss.item();
  report.adversarial_loss = adversarial.item();
  report.completion_gradient = norm(loss_gradient);
  report.adversarial_gradient = norm(adversarial_gradient);
  return report;
}

}  // namespace kintsugi
