#include "glcic/training_step.h"

#include <array>
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

/// Local patches of pictures [N, S, S, 3]: S/2 × S/2, round the holes.
Tensor corners_of(const std::vector<Hole>& holes, const Tensor& images, TensorOptions options) {
  const int64_t size = images.size(1);
  std::vector<ops::Corner> corners;
  for (const Hole& hole : holes) {
    Corner corner = local_patch_corner(hole, size);
    corners.push_back({.row = corner.y, .column = corner.x});
  }
  return ops::patch_corners(corners, images.shape(), size / 2, size / 2, options);
}

Variable judge(Model& model, const Variable& pictures, const Tensor& corners) {
  int64_t patch = pictures.size(1) / 2;
  return model.discriminators->judge(pictures, crop_patches(pictures, corners, patch, patch));
}

Tensor norm(const Variable& gradient) { return ops::sqrt(ops::sum(ops::square(gradient.value()))); }

Tensor mean_probability(const Variable& logits) { return ops::mean(ops::sigmoid(logits.value())); }

Variable complete_batch(Model& model, const TrainingBatch& batch) {
  return (*model.completion)(
      Variable(completion_input(batch.images, batch.masks, model.mean_pixel)));
}

/// The discriminators' half of phases 2 and 3; `composites` carry no graph.
void step_discriminators(Model& model, const TrainingBatch& batch, const Tensor& composites,
                         Optimizer& optimizer, StepTensors& figures) {
  Variable real = judge(model, Variable(batch.images), batch.real_corners);
  Variable fake = judge(model, Variable(composites), batch.hole_corners);
  Variable loss = bce_with_logits(real, 1) + bce_with_logits(fake, 0);
  optimizer.zero_grad();
  loss.backward();
  optimizer.step();
  optimizer.zero_grad();
  figures.discriminator_loss = loss.value();
  figures.real_mean = mean_probability(real);
  figures.fake_mean = mean_probability(fake);
}

}  // namespace

StepReport read(const StepTensors& figures) {
  const std::array<const Tensor*, 7> tensors{
      &figures.completion_loss,     &figures.discriminator_loss, &figures.adversarial_loss,
      &figures.real_mean,           &figures.fake_mean,          &figures.completion_gradient,
      &figures.adversarial_gradient};
  std::vector<Tensor> defined;  // read at once: each reading waits for the device
  for (const Tensor* tensor : tensors)
    if (tensor->defined()) defined.push_back(tensor->reshape({1}));
  const std::vector<double> numbers = ops::concat(defined, 0).to_vector();
  std::array<double, tensors.size()> all;
  for (size_t i = 0, next = 0; i < all.size(); ++i)
    all[i] = tensors[i]->defined() ? numbers[next++] : std::numeric_limits<double>::quiet_NaN();
  return {all[0], all[1], all[2], all[3], all[4], all[5], all[6]};
}

TrainingBatch make_training_batch(const Tensor& images, const Tensor& masks,
                                  const std::vector<Hole>& holes,
                                  const std::vector<Hole>& real_regions, TensorOptions options) {
  return {.images = images.to(options.dtype).to(options.device),
          .masks = masks.to(options.dtype).to(options.device),
          .hole_corners = corners_of(holes, images, options),
          .real_corners = corners_of(real_regions, images, options)};
}

Variable completion_loss(const Variable& completed, const TrainingBatch& batch) {
  return mean(square(Variable(batch.masks) * (completed - Variable(batch.images))));
}

StepTensors train_completion(Model& model, const TrainingBatch& batch, Optimizer& completion) {
  Variable loss = completion_loss(complete_batch(model, batch), batch);
  completion.zero_grad();
  loss.backward();
  completion.step();
  completion.zero_grad();
  StepTensors figures;
  figures.completion_loss = loss.value();
  return figures;
}

StepTensors train_discriminators(Model& model, const TrainingBatch& batch,
                                 Optimizer& discriminators) {
  Tensor completed;
  {
    Frozen frozen(*model.completion);
    NoGrad no_grad;
    completed = complete_batch(model, batch).value();
  }
  StepTensors figures;
  step_discriminators(model, batch, composite(completed, batch.images, batch.masks), discriminators,
                      figures);
  return figures;
}

StepTensors train_jointly(Model& model, const TrainingBatch& batch, Optimizer& completion,
                          Optimizer& discriminators, double alpha) {
  StepTensors figures;
  Variable output = complete_batch(model, batch);
  step_discriminators(model, batch, composite(output.value(), batch.images, batch.masks),
                      discriminators, figures);

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
  figures.completion_loss = loss.value();
  figures.adversarial_loss = adversarial.value();
  figures.completion_gradient = norm(loss_gradient);
  figures.adversarial_gradient = norm(adversarial_gradient);
  return figures;
}

}  // namespace kintsugi
